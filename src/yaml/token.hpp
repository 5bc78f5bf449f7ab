// Private to yaml: looks at the raw text where yaml-cpp's events say too little: they give the place
// where a value starts, but neither where it ends nor, for a value left out, where it would have been.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidelab::yaml {

/// What `find` says when there is nothing.
inline constexpr auto none = std::string_view::npos;

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Where a scalar stands in the text.
struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;  ///< behind its last byte; of a plain or block scalar over several lines: of its first line
  bool quoted = false;  ///< in single or double quotes
  bool closed = true;   ///< false: the closing quote is missing, which yaml-cpp accepts at the end of the file
};

/// The first byte behind tags and anchors (`!!str &name value`): events are marked at these.
std::size_t skip_properties(std::string_view text, std::size_t at);

Extent read_extent(std::string_view text, std::size_t at, std::string_view value);

/// The end of `*name`.
std::size_t end_of_alias(std::string_view text, std::size_t at);

/// Whether a plain `null` or `~` stands here as a value; its length, or 0.
std::size_t null_length(std::string_view text, std::size_t at);

/// The first byte behind the colon of a key that ends at `key_end`; `key_end` when there is no colon.
std::size_t behind_colon(std::string_view text, std::size_t key_end);

/// The first byte behind the dash of the empty list item that ends before the token at `next`; `next` when there is none.
std::size_t behind_dash(std::string_view text, std::size_t next);

/// The first quote at or behind `from` that nothing closes; npos when all are closed.
std::size_t find_open_quote(std::string_view text, std::size_t from);

/// The tab among the blanks between the start of the line and `at`; npos when there is none, or when something else stands before `at`.
std::size_t tab_before(std::string_view text, std::size_t at);

}  // namespace tidelab::yaml
