// Texts of files on this machine, whose kind and size are not relied on.
#pragma once

#include <cstddef>

#include "disk/trouble.hpp"

namespace tidelab::disk {

/// All of a regular file. `most`: bytes; of a larger one nothing is given. What is no regular file (a directory, a pipe, a
/// device) is refused, and never waited for. /dev/null is an empty file: configurations say so where there shall be none.
Outcome<std::string> read_text(const std::string& path, std::size_t most);

/// The same of a descriptor that is open for reading. `path` is for what is told.
Outcome<std::string> read_open_text(int fd, const std::string& path, std::size_t most);

}  // namespace tidelab::disk
