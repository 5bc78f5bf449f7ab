// How text sits in the cells of a terminal, and how text of others is made safe to print.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidelab::source {

/// Cells that a terminal gives a character: 2 for East Asian wide ones and emoji, 0 for combining marks.
/// A terminal may differ for sequences (flags, joined emoji); nobody can know which font it has.
int cells_of(std::uint32_t character);

/// Control characters, and those that turn the direction of writing: with them a line can look like another one.
bool moves_text(std::uint32_t character);

/// A part of a line that fits a terminal, with the place of a word in it.
struct Excerpt {
  std::string text;        ///< safe to print; cut at an end where it has "…"
  std::size_t indent = 0;  ///< cells before the word
  std::size_t width = 1;   ///< cells of the word, as far as they are in `text`; at least 1
};

/// At most `most` cells of `line` around the word at character `column` (from 1), `length` characters long.
/// Takes time and memory for what it shows, also on a line of megabytes.
Excerpt make_excerpt(std::string_view line, int column, int length, std::size_t most);

/// One line that moves no cursor and hides nothing: control and direction characters as escapes (`\n`, `\x1b`),
/// bytes that are no UTF-8 as U+FFFD; cut to `most` characters.
std::string printable(std::string_view text, std::size_t most);

}  // namespace tidelab::source
