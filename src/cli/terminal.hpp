// What is known of the terminal that somebody reads on.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace tidelab::cli {

/// Cells of a line of `stream`: what COLUMNS says, else the terminal; 0 where it is none, and lines may be of any length.
std::size_t columns_of(int stream);

/// The whole of it, past signals; what can no longer be written, a terminal that is gone, needs nobody to be told.
void write_all(int fd, std::string_view text);

/// What somebody asked of others byte for byte, as a command's output: so it goes to a file or a pipe. On a terminal control
/// characters are shown, as in all that is printed (source/screen.hpp).
void print_bytes(std::ostream& to, std::string_view bytes);

/// Cells that a text takes.
std::size_t cells(std::string_view text);

/// At most `most` cells of it, the last one then being "…".
std::string cut(std::string_view text, std::size_t most);

/// Broken at spaces into lines of at most `most` cells; a word that is longer stands whole on a line of its own.
std::vector<std::string> wrap(std::string_view text, std::size_t most);

}  // namespace tidelab::cli
