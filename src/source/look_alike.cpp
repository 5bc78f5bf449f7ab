#include "source/look_alike.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "source/utf8.hpp"

namespace tidelab::source {

namespace {

using Is = LookAlike::Is;

struct Row {
  std::uint32_t character;
  Is is;
  const char* name;
  char meant;
};

constexpr std::array<Row, 42> rows = {{
    {0x85, Is::line_end, "next line", '\n'},
    {0xa0, Is::blank, "no-break space", ' '},
    {0xad, Is::invisible, "soft hyphen", 0},
    {0x1680, Is::blank, "Ogham space", ' '},
    {0x2000, Is::blank, "en quad", ' '},
    {0x2001, Is::blank, "em quad", ' '},
    {0x2002, Is::blank, "en space", ' '},
    {0x2003, Is::blank, "em space", ' '},
    {0x2004, Is::blank, "three-per-em space", ' '},
    {0x2005, Is::blank, "four-per-em space", ' '},
    {0x2006, Is::blank, "six-per-em space", ' '},
    {0x2007, Is::blank, "figure space", ' '},
    {0x2008, Is::blank, "punctuation space", ' '},
    {0x2009, Is::blank, "thin space", ' '},
    {0x200a, Is::blank, "hair space", ' '},
    {0x200b, Is::invisible, "zero width space", 0},
    {0x200c, Is::invisible, "zero width non-joiner", 0},
    {0x200d, Is::invisible, "zero width joiner", 0},
    {0x200e, Is::invisible, "left-to-right mark", 0},
    {0x200f, Is::invisible, "right-to-left mark", 0},
    {0x2010, Is::sign, "hyphen of typography", '-'},
    {0x2011, Is::sign, "no-break hyphen", '-'},
    {0x2012, Is::sign, "figure dash", '-'},
    {0x2013, Is::sign, "en dash", '-'},
    {0x2014, Is::sign, "em dash", '-'},
    {0x2018, Is::sign, "left single quotation mark", '\''},
    {0x2019, Is::sign, "right single quotation mark", '\''},
    {0x201a, Is::sign, "low single quotation mark", '\''},
    {0x201c, Is::sign, "left double quotation mark", '"'},
    {0x201d, Is::sign, "right double quotation mark", '"'},
    {0x201e, Is::sign, "low double quotation mark", '"'},
    {0x2028, Is::line_end, "line separator", '\n'},
    {0x2029, Is::line_end, "paragraph separator", '\n'},
    {0x202f, Is::blank, "narrow no-break space", ' '},
    {0x205f, Is::blank, "mathematical space", ' '},
    {0x2060, Is::invisible, "word joiner", 0},
    {0x2212, Is::sign, "minus sign", '-'},
    {0x3000, Is::blank, "ideographic space", ' '},
    {0x3001, Is::sign, "ideographic comma", ','},
    {0x3002, Is::sign, "ideographic full stop", '.'},
    {0xfe63, Is::sign, "small hyphen", '-'},
    {0xfeff, Is::invisible, "byte order mark", 0},
}};

bool is_plain(std::uint32_t c) { return c < 0x80; }

}  // namespace

std::optional<LookAlike> look_alike(std::uint32_t character) {
  constexpr std::uint32_t full_width = 0xff00, ascii = 0x20;  // U+FF01 is the wide form of U+0021, and so on
  if (character > full_width && character <= 0xff5e) {
    const auto meant = static_cast<char>(character - full_width + ascii);
    return LookAlike{Is::sign, fmt::format("a full-width `{}`", meant), meant};
  }
  const auto row = std::lower_bound(rows.begin(), rows.end(), character, [](const Row& r, std::uint32_t c) { return r.character < c; });
  if (row == rows.end() || row->character != character) return std::nullopt;
  constexpr std::string_view vowels = "aeioAEIO";
  const auto* article = vowels.find(row->name[0]) == std::string_view::npos ? "a" : "an";
  return LookAlike{row->is, fmt::format("{} {}", article, row->name), row->meant};
}

std::string code_point(std::uint32_t character) { return fmt::format("U+{:04X}", character); }

std::string help_for_look_alikes(std::string_view word) {
  int place = 0;
  bool plain = false;
  std::uint32_t strange = 0;
  int strange_at = 0;
  for (std::size_t at = 0; at < word.size();) {
    const auto [character, length] = decode(word, at);
    if (length == 0) return "";
    ++place;
    if (const auto found = look_alike(character)) {
      const auto what = fmt::format("character {} is {} ({})", place, found->name, code_point(character));
      return found->is == Is::sign ? fmt::format("{}: write `{}`", what, found->meant) : what + ": remove it";
    }
    plain = plain || is_plain(character);
    if (!is_plain(character) && strange == 0) strange = character, strange_at = place;
    at += length;
  }
  // A word of another alphabet altogether is no slip.
  if (!plain || strange == 0) return "";
  return fmt::format("character {} is {}, which is no letter of the Latin alphabet, whatever it looks like", strange_at,
                     code_point(strange));
}

}  // namespace tidelab::source
