// Widths come from a table of ours: wcwidth() would answer by the locale of the process, which in a CI job is C.
#include "source/cells.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "source/utf8.hpp"

namespace tidelab::source {

namespace {

struct Range {
  std::uint32_t first, last;
};

// Marks that stand on the character before them, and characters that are not shown at all. Sorted.
constexpr std::array<Range, 42> no_cell = {{
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05c7}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670},
    {0x06d6, 0x06dc}, {0x06df, 0x06e4}, {0x06e7, 0x06e8}, {0x06ea, 0x06ed}, {0x0730, 0x074a}, {0x0816, 0x082d}, {0x08ca, 0x0902},
    {0x093a, 0x093a}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0951, 0x0957}, {0x09bc, 0x09bc}, {0x09c1, 0x09c4},
    {0x09cd, 0x09cd}, {0x0a3c, 0x0a51}, {0x0acd, 0x0acd}, {0x0bcd, 0x0bcd}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x0eb1, 0x0eb1}, {0x0eb4, 0x0ebc}, {0x0ec8, 0x0ecd}, {0x135d, 0x135f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
    {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
}};

// East Asian Width W and F, with the gaps of characters that do not exist closed. Sorted.
constexpr std::array<Range, 43> two_cells = {{
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},
    {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f5},   {0x26fa, 0x26fd},
    {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274e},   {0x2753, 0x2757},   {0x2795, 0x2797},
    {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4cf},
    {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6b},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
    {0x16fe0, 0x1b2fb}, {0x1f18e, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f90c, 0x1faff},
    {0x20000, 0x3fffd},
}};

template <std::size_t Size>
bool is_in(const std::array<Range, Size>& table, std::uint32_t c) {
  const auto at = std::lower_bound(table.begin(), table.end(), c, [](const Range& range, std::uint32_t x) { return range.last < x; });
  return at != table.end() && at->first <= c;
}

bool is_control(std::uint32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// Characters that turn the direction of writing: with them a line can look like another one.
bool turns(std::uint32_t c) {
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

constexpr std::string_view unknown = "\xef\xbf\xbd";
constexpr int tab_width = 4;

struct Shown {
  std::string_view text;
  int width = 1;
};

// The character at `at` as it is shown in an excerpt, and the next one's place.
Shown take(std::string_view line, std::size_t& at) {
  const auto [value, length] = decode(line, at);
  const auto text = line.substr(at, std::max<std::size_t>(length, 1));
  at += text.size();
  if (length == 0 || turns(value)) return {unknown, 1};
  if (value == '\t') return {"    ", tab_width};
  if (is_control(value)) return {" ", 1};
  return {text, cells_of(value)};
}

std::size_t sum(const std::vector<Shown>& shown, std::size_t from, std::size_t to) {
  std::size_t out = 0;
  for (auto i = from; i < std::min(to, shown.size()); ++i) out += static_cast<std::size_t>(shown[i].width);
  return out;
}

}  // namespace

bool moves_text(std::uint32_t character) { return is_control(character) || turns(character); }

int cells_of(std::uint32_t character) {
  if (character < 0x300) return 1;
  return is_in(no_cell, character) ? 0 : is_in(two_cells, character) ? 2 : 1;
}

Excerpt make_excerpt(std::string_view line, int column, int length, std::size_t most) {
  const auto word = static_cast<std::size_t>(std::max(1, column)) - 1;
  const auto word_end = word + static_cast<std::size_t>(std::max(1, length));
  // Only the neighbourhood of the word is looked at closely.
  const std::size_t first = word > most ? word - most : 0;
  std::size_t at = 0, index = 0;
  for (; index < first && at < line.size(); ++index)
    for (++at; at < line.size() && !starts_character(line[at]);) ++at;
  std::vector<Shown> shown;
  for (; at < line.size() && shown.size() < 3 * most; ++index) shown.push_back(take(line, at));
  const auto begin = word - first;  // of the word, in `shown`
  std::size_t from = 0, to = shown.size();
  const bool whole = first == 0 && at == line.size() && sum(shown, 0, to) <= most;
  if (!whole) {
    // A third of the room before the word, and what the word and the rest of the line leave unused before it, too.
    const auto room = most - 2;
    from = std::min(begin, to);
    while (from > 0 && sum(shown, from - 1, begin) <= room / 3) --from;
    while (to > begin + 1 && sum(shown, from, to) > room) --to;
    while (from > 0 && sum(shown, from - 1, to) <= room) --from;
  }
  Excerpt out;
  const bool cut_before = first + from > 0, cut_after = at < line.size() || to < shown.size();
  out.text = cut_before ? "…" : "";
  for (auto i = from; i < to; ++i) out.text += shown[i].text;
  if (cut_after) out.text += "…";
  while (out.text.ends_with(' ')) out.text.pop_back();
  out.indent = (cut_before ? 1 : 0) + sum(shown, from, begin) + (begin > shown.size() ? begin - shown.size() : 0);
  out.width = std::max<std::size_t>(1, sum(shown, begin, std::min(to, word_end - first)));
  return out;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    if (count == most) return out + "…";
    const auto [value, length] = decode(text, at);
    if (length == 0)
      out += unknown;
    else if (value == '\n')
      out += "\\n";
    else if (value == '\t')
      out += "\\t";
    else if (is_control(value))
      out += fmt::format("\\x{:02x}", value);
    else if (turns(value))
      out += fmt::format("\\u{:04x}", value);
    else
      out += text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace tidelab::source
