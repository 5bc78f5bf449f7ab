// Small looks at raw YAML text.
#include "yaml/token.hpp"

#include <algorithm>
#include <array>

namespace tidelab::yaml {

namespace {

bool is_space(char c) { return is_blank(c) || c == '\n' || c == '\r'; }

std::size_t line_end(std::string_view text, std::size_t at) { return std::min(text.find('\n', at), text.size()); }

// Past blanks, line ends and comments.
std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
    } else if (text[at] == '#' && (at == 0 || is_space(text[at - 1]))) {
      at = line_end(text, at);
    } else {
      break;
    }
  }
  return at;
}

std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (auto i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return none;
}

}  // namespace

std::size_t skip_properties(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    const bool verbatim = text.substr(at, 2) == "!<";
    while (at < text.size() && !is_space(text[at]) && (verbatim || std::string_view(",[]{}").find(text[at]) == none)) ++at;
    at = skip_space(text, at);
  }
  return at;
}

Extent read_extent(std::string_view text, std::size_t at, std::string_view value) {
  Extent out{at, at, false, true};
  if (at >= text.size()) return out;
  if (text[at] == '"' || text[at] == '\'') {
    const auto end = end_of_quoted(text, at);
    return {at, end == none ? text.size() : end, true, end != none};
  }
  if (text[at] == '|' || text[at] == '>') return {at, at + 1, false, true};
  // A plain scalar holds no escapes: as long as it stays on its line, it is its own text.
  while (out.end < text.size() && out.end - at < value.size() && text[out.end] == value[out.end - at] && text[out.end] != '\n') ++out.end;
  while (out.end > at && is_space(text[out.end - 1])) --out.end;
  return out;
}

std::size_t end_of_alias(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_space(text[at]) && std::string_view(",[]{}").find(text[at]) == none) ++at;
  return at;
}

std::size_t null_length(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 4> words = {"~", "null", "Null", "NULL"};
  for (const auto word : words) {
    if (text.substr(std::min(at, text.size()), word.size()) != word) continue;
    const auto end = at + word.size();
    if (end >= text.size() || is_space(text[end]) || std::string_view(",]}").find(text[end]) != none) return word.size();
  }
  return 0;
}

std::size_t behind_colon(std::string_view text, std::size_t key_end) {
  const auto at = skip_space(text, key_end);
  return at < text.size() && text[at] == ':' ? at + 1 : key_end;
}

std::size_t behind_dash(std::string_view text, std::size_t next) {
  auto end = std::min(next, text.size());
  while (true) {
    const auto start = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;  // npos + 1 is 0
    auto line = text.substr(start, end - start);
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '#' && (i == 0 || is_space(line[i - 1]))) line = line.substr(0, i);
    }
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    if (!line.empty()) return line.back() == '-' ? start + line.size() : next;
    if (start == 0) return next;
    end = start - 1;
  }
}

std::size_t find_open_quote(std::string_view text, std::size_t from) {
  for (auto at = from; at < text.size(); ++at) {
    const bool starts = at == 0 || is_space(text[at - 1]) || std::string_view(",[]{}:").find(text[at - 1]) != none;
    if (!starts) continue;
    if (text[at] == '#') {
      at = line_end(text, at);
    } else if (text[at] == '"' || text[at] == '\'') {
      const auto end = end_of_quoted(text, at);
      if (end == none) return at;
      at = end - 1;
    }
  }
  return none;
}

std::size_t tab_before(std::string_view text, std::size_t at) {
  auto tab = none;
  for (at = std::min(at, text.size()); at > 0 && text[at - 1] != '\n'; --at) {
    if (!is_blank(text[at - 1])) return none;
    if (text[at - 1] == '\t') tab = at - 1;
  }
  return tab;
}

}  // namespace tidelab::yaml
