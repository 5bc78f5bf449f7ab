// Walks the raw text with just enough of YAML to know what is a quote, a comment or a block text: whatever stands there is
// the author's own.
#include "yaml/look_alikes.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "source/look_alike.hpp"
#include "source/utf8.hpp"
#include "yaml/token.hpp"

namespace tidelab::yaml {

namespace {

using source::LookAlike;
using Is = LookAlike::Is;

struct Found {
  std::size_t at = 0, end = 0;  ///< a run of equal ones
  std::uint32_t character = 0;
  LookAlike what;
  bool indents = false;
};

bool in_key(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-'; }

class Walk {
public:
  Walk(std::string_view text, std::size_t begin) : text_(text), at_(begin) {}

  std::vector<Found> find() {
    while (at_ < text_.size()) walk_line();
    return std::move(found_);
  }

private:
  std::string_view text_;
  std::size_t at_;
  std::vector<Found> found_;
  int depth_ = 0;                               // of brackets
  bool starts_ = false;                         // a token may begin here
  bool may_be_key_ = false;                     // … and what began last may be a key
  std::size_t token_ = 0;                       // where it began
  std::size_t block_ = std::string_view::npos;  // the indentation that a block text is deeper than

  char here() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\n'; }
  std::size_t line_end() const { return std::min(text_.find('\n', at_), text_.size()); }

  void begin_token(bool may_be_key) {
    starts_ = true;
    may_be_key_ = may_be_key;
    token_ = at_;
  }

  void walk_line() {
    const auto start = at_;
    while (is_blank(here())) ++at_;
    if (block_ != std::string_view::npos) {
      const bool empty = here() == '\n' || here() == '\r';
      if (empty || at_ - start > block_) {
        at_ = line_end() + 1;
        return;
      }
      block_ = std::string_view::npos;
    }
    begin_token(true);
    bool indents = depth_ == 0;
    while (at_ < text_.size() && here() != '\n') {
      if (here() == '#' && (at_ == start || is_blank(text_[at_ - 1]))) break;
      if (static_cast<unsigned char>(here()) >= 0x80) {
        walk_other(indents);
        continue;
      }
      if (!is_blank(here())) indents = false;
      walk_plain(start);
    }
    at_ = std::max(at_, line_end()) + 1;
  }

  void walk_plain(std::size_t line) {
    const char c = here();
    if (starts_ && (c == '"' || c == '\'')) return skip_quoted(c);
    if (starts_ && depth_ == 0 && (c == '|' || c == '>')) return begin_block(line);
    const bool ends = is_blank(next()) || next() == '\n' || next() == '\r' || static_cast<unsigned char>(next()) >= 0x80;
    if (starts_ && (c == '[' || c == '{')) {
      ++depth_, ++at_;
      return begin_token(true);
    }
    if (depth_ > 0 && (c == ']' || c == '}')) --depth_;
    ++at_;
    if ((depth_ > 0 && c == ',') || (starts_ && c == '-' && ends)) return begin_token(true);
    if (c == ':' && ends) return begin_token(false);
    if (!is_blank(c)) starts_ = false;
    if (is_blank(c) && starts_) token_ = at_;
  }

  void skip_quoted(char quote) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (quote == '"' && here() == '\\')
        ++at_;
      else if (here() == quote && (quote == '"' || next() != quote))
        break;
      else if (here() == quote)
        ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
    starts_ = false;
  }

  void begin_block(std::size_t line) {
    auto rest = text_.substr(at_ + 1, line_end() - at_ - 1);
    while (!rest.empty() && (std::isdigit(static_cast<unsigned char>(rest.front())) != 0 || rest.front() == '+' || rest.front() == '-'))
      rest.remove_prefix(1);
    const auto first = rest.find_first_not_of(" \t\r");
    starts_ = false;
    ++at_;
    if (first != std::string_view::npos && rest[first] != '#') return;
    block_ = std::min(text_.find_first_not_of(' ', line), text_.size()) - line;
    at_ = line_end();
  }

  // A character beyond ASCII.
  void walk_other(bool indents) {
    const auto [character, length] = source::decode(text_, at_);
    const auto end = at_ + std::max<std::size_t>(length, 1);
    const auto what = source::look_alike(character);
    if (!what || (what->is == Is::sign && !in_place_of_a_sign(*what, end))) {
      at_ = end;
      starts_ = false;
      return;
    }
    auto run = end;
    while (what->is != Is::sign && run < text_.size() && text_.substr(run, length) == text_.substr(at_, length)) run += length;
    found_.push_back({at_, run, character, *what, indents && what->is != Is::sign});
    const auto opened = *what;
    at_ = run;
    if (opened.is != Is::sign) return;
    if (opened.meant == '"' || opened.meant == '\'') skip_to_partner(opened);
    if (opened.meant == ',' || opened.meant == '[' || opened.meant == '{' || opened.meant == '-') return begin_token(true);
    if (opened.meant == ':') return begin_token(false);
    starts_ = false;
  }

  void skip_to_partner(const LookAlike& opened) {
    for (const auto end = line_end(); at_ < end;) {
      const auto [character, length] = source::decode(text_, at_);
      const auto what = source::look_alike(character);
      at_ += std::max<std::size_t>(length, 1);
      if ((what && what->is == Is::sign && what->meant == opened.meant) || character == static_cast<std::uint32_t>(opened.meant)) return;
    }
  }

  // Whether the sign stands where YAML's own would mean something: elsewhere it is a letter of a text.
  bool in_place_of_a_sign(const LookAlike& what, std::size_t end) const {
    const auto token = text_.substr(token_, at_ - token_);
    switch (what.meant) {
      case '"':
      case '\'':
      case '[':
      case '{':
      case '#': return starts_;
      case '-':
        return starts_ && may_be_key_ && end < text_.size() && (is_blank(text_[end]) || static_cast<unsigned char>(text_[end]) >= 0x80);
      case ':': return may_be_key_ && !token.empty() && std::all_of(token.begin(), token.end(), in_key);
      case ',':
      case ']':
      case '}': return depth_ > 0 && !token.empty() && static_cast<unsigned char>(text_[at_ - 1]) < 0x80;
      default: return false;
    }
  }
};

std::string help_for(const LookAlike& what) {
  switch (what.is) {
    case Is::blank: return "write a blank in its place; it looks like one, and is another character";
    case Is::invisible: return "remove it; it cannot be seen";
    case Is::line_end: return "end the line with a line feed";
    case Is::sign: break;
  }
  if (what.meant == ':') return "write `:` and a blank";
  return fmt::format("write `{}`", what.meant);
}

// One paste brings many of a kind: they are one mistake.
void complain(const std::vector<const Found*>& all, const Places& places, source::Diagnostics& diagnostics) {
  const auto& first = *all.front();
  const auto what = fmt::format("{} ({})", first.what.name, source::code_point(first.character));
  auto& d =
      diagnostics.error("Y007", fmt::format("{}{}", what, first.indents ? " in the indentation" : ""), places.span(first.at, first.end));
  d.help = help_for(first.what);
  if (all.size() == 1) return;
  std::string lines;
  int last = 0, shown = 0;
  for (const auto* each : all) {
    const auto line = places.at(each->at).line;
    if (line == last || each == all.front()) continue;
    last = line;
    if (++shown <= 8) lines += (lines.empty() ? "" : ", ") + std::to_string(line);
  }
  if (shown > 8) lines += ", …";
  d.notes.push_back({fmt::format("and {} more of it{}", all.size() - 1, lines.empty() ? "" : ", in line " + lines), {}});
}

}  // namespace

std::optional<std::string> replace_look_alikes(const source::File& file, const Places& places, source::Diagnostics& diagnostics) {
  const std::string_view text = file.text;
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return std::string();
  const auto found = Walk(text, places.begin()).find();
  std::map<std::uint32_t, std::vector<const Found*>> by_character;
  std::vector<std::uint32_t> order;
  for (const auto& each : found) {
    auto& all = by_character[each.character];
    if (all.empty()) order.push_back(each.character);
    all.push_back(&each);
  }
  for (const auto character : order) complain(by_character[character], places, diagnostics);
  if (found.empty()) return std::string();
  std::string out;
  std::size_t done = 0;
  for (const auto& each : found) {
    if (each.what.is != Is::blank) return std::nullopt;
    out += text.substr(done, each.at - done);
    const auto one = source::decode(text, each.at).length;
    out.append((each.end - each.at) / std::max<std::size_t>(one, 1), ' ');
    done = each.end;
  }
  return out + std::string(text.substr(done));
}

}  // namespace tidelab::yaml
