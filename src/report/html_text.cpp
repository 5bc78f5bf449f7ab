#include "report/html_text.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "report/layout.hpp"
#include "source/utf8.hpp"

namespace tidelab::report {

namespace {

constexpr std::size_t long_word = 28, longest_part = 56;

std::string escape_one(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {c};
  }
}

// `<wbr>` behind what ends a part of an address, a path or a list; within a part only where it is longer than any line.
std::string with_breaks(std::string_view word) {
  constexpr std::string_view ends = "/,;&=?_:|";
  std::string out;
  std::size_t part = 0;
  for (std::size_t at = 0; at < word.size(); ++at) {
    if (part >= longest_part && source::starts_character(word[at])) out += "<wbr>", part = 0;
    out += escape_one(word[at]);
    ++part;
    const bool last = at + 1 == word.size();
    if (!last && word.size() > long_word && ends.find(word[at]) != std::string_view::npos &&
        ends.find(word[at + 1]) == std::string_view::npos)
      out += "<wbr>", part = 0;
  }
  return out;
}

// An address ends before what only closes the sentence around it.
std::size_t length_of_address(std::string_view word) {
  auto end = std::min(word.find_first_of("<>\"'`"), word.size());
  while (end > 0 && std::string_view(".,;:!?)]}").find(word[end - 1]) != std::string_view::npos) --end;
  return end;
}

std::string render_word(std::string_view word) {
  auto at = std::min(word.find("http://"), word.find("https://"));
  if (at == std::string_view::npos) return with_breaks(word);
  const auto address = word.substr(at, length_of_address(word.substr(at)));
  return fmt::format("{}<a href=\"{}\">{}</a>{}", with_breaks(word.substr(0, at)), escape_html(std::string(address)), with_breaks(address),
                     with_breaks(word.substr(at + address.size())));
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) out += escape_one(c);
  return out;
}

std::string rich_html(const std::string& text) {
  const auto safe = printable(text);
  std::string out;
  for (std::string_view rest = safe; !rest.empty();) {
    const auto end = rest.find_first_of(" \n\t");
    out += render_word(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    out += rest[end];
    rest.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace tidelab::report
