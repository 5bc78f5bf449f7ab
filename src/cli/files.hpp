// Files of this machine, as commands read and write them.
#pragma once

#include <optional>
#include <string>

#include "disk/trouble.hpp"

namespace tidelab::cli {

/// A file of the installation (a playbook, a page, a template): at most as large as a topology may be. nullopt: there is none, or
/// it is none of these.
std::optional<std::string> read_file(const std::string& path);

/// The same place from every directory. A directory that was deleted under us is an error, and only where `path` is relative.
disk::Outcome<std::string> absolute_path(const std::string& path);

/// Puts `text` in place of what is at `path`, whole or not at all, with the rights that a new file has; a link there is replaced,
/// not followed. False after saying why.
bool write_file(const std::string& path, const std::string& text);

}  // namespace tidelab::cli
