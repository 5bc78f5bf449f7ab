// The parser's complaints, translated. It reports where it could not go on; the text around that
// place often shows what was really meant, and then the help says so.
#include "yaml/syntax.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "yaml/token.hpp"

namespace tidelab::yaml {

namespace {

struct Row {
  std::string_view cause;  ///< how the parser's message begins
  std::string_view message;
  std::string_view help;
};

constexpr std::array<Row, 21> rows = {{
    {"illegal tab", "a tab in the indentation", "indent with blanks"},
    {"end of sequence flow", "this list is not closed, or an item is not followed by a comma",
     "look for a missing `]` or `,`, or quote the text"},
    {"end of map flow", "this mapping is not closed, or a value is not followed by a comma",
     "look for a missing `}` or `,`, or quote the text"},
    {"end of sequence", "expected another list item here", "put `-` under the dashes of the items above"},
    {"illegal map value", "a colon where no value can begin", ""},
    {"illegal map key", "a key where none can be", "check the indentation"},
    {"illegal block entry", "a list item where none can be", "begin a list on the line below its key"},
    {"illegal flow end", "a closing bracket that nothing opened", "remove it, or quote the text"},
    {"illegal EOF in scalar", "a quote is opened and never closed", "close it, or quote a text that holds a quote with the other kind"},
    {"illegal document indicator", "a quote is opened and never closed",
     "close it, or quote a text that holds a quote with the other kind"},
    {"unknown escape", "an escape that double quotes do not know", R"(write `\\` for a backslash, or use single quotes)"},
    {"bad character found while scanning hex", "an escape with too few hexadecimal digits",
     R"(write `\\` for a backslash, or use single quotes)"},
    {"invalid unicode", "an escape for a character that does not exist", R"(write `\\` for a backslash, or use single quotes)"},
    {"the referenced anchor", "an alias to a name that was not given before",
     "name a value with `&` above it, or quote a text that begins with `*`"},
    {"alias not found", "an alias without a name", "quote a text that begins with `*`"},
    {"anchor not found", "an anchor without a name", "quote a text that begins with `&`"},
    {"illegal character found while scanning a", "a character that the name of an anchor cannot have",
     "quote a text that begins with `*` or `&`"},
    {"unknown token", "a text cannot begin with this character", "quote the text"},
    {"cannot set zero", "the indentation of a block text is at least 1", ""},
    {"unexpected character in block", "a text behind the sign that begins a block text", "begin the text on the line below"},
    {"cannot assign", "a value has one anchor and one tag at most", ""},
}};

std::string_view line_at(std::string_view text, std::size_t at) {
  const auto before = at == 0 ? none : text.rfind('\n', at - 1);
  const auto start = before == none ? 0 : before + 1;
  return text.substr(start, std::min(text.find('\n', at), text.size()) - start);
}

std::size_t line_start(std::string_view text, std::size_t at) {
  const auto before = at == 0 ? none : text.rfind('\n', at - 1);
  return before == none ? 0 : before + 1;
}

// The last line above `at` that has something on it; empty if there is none.
std::string_view line_above(std::string_view text, std::size_t at) {
  for (auto start = line_start(text, at); start > 0;) {
    const auto line = line_at(text, start - 1);
    const auto first = line.find_first_not_of(" \t\r");
    if (first != none && line[first] != '#') return line;
    start = line_start(text, start - 1);
  }
  return {};
}

// `port:1`: reads as one text, and the complaint comes a line later.
bool lacks_blank(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == none || colon + 1 >= line.size()) return false;
  const auto next = line[colon + 1];
  return next != ' ' && next != '\r' && next != '\t' && line.find(": ") == none;
}

std::string help_for_colon(std::string_view text, std::size_t at) {
  const auto line = line_at(text, at);
  const auto above = line_above(text, at);
  const auto before = line.substr(0, std::min(at - line_start(text, at), line.size()));
  constexpr std::size_t most = 1024;  // YAML's own limit of a key on one line; a parser looks for the colon no further
  if (before.size() > most) return "shorten the key: YAML takes 1,024 characters before a colon";
  if (before.find(": ") != none) return "quote a text that contains a colon and a blank";
  if (lacks_blank(above)) return "write a space after the colon in the line above";
  if (lacks_blank(line)) return "write a space after the colon";
  return "indent the key like the keys that it belongs with";
}

// `key = value`, behind blanks and a dash: where its sign is in the line.
std::size_t equals_sign_of(std::string_view line) {
  auto at = std::min(line.find_first_not_of(" \t-"), line.size());
  const auto key = at;
  while (at < line.size() && (std::isalnum(static_cast<unsigned char>(line[at])) != 0 || std::string_view("_.-").find(line[at]) != none))
    ++at;
  if (at == key) return none;
  at = std::min(line.find_first_not_of(" \t", at), line.size());
  return at < line.size() && line[at] == '=' && line.substr(at + 1, 1) != "=" ? at : none;
}

// Of lines like that, a parser makes one text and complains behind them: the first of them is to blame.
std::size_t first_equals_sign(std::string_view text, std::size_t at) {
  auto start = line_start(text, at);
  auto sign = equals_sign_of(line_at(text, start));
  if (sign == none && start > 0) {
    start = line_start(text, start - 1);
    sign = equals_sign_of(line_at(text, start));
  }
  if (sign == none) return none;
  auto out = start + sign;
  while (start > 0) {
    start = line_start(text, start - 1);
    sign = equals_sign_of(line_at(text, start));
    if (sign == none) break;
    out = start + sign;
  }
  return out;
}

// The same line as YAML has it.
std::string as_entry(std::string_view line) {
  const auto sign = equals_sign_of(line);
  const auto trimmed = [](std::string_view each) {
    const auto first = each.find_first_not_of(" \t-"), last = each.find_last_not_of(" \t\r");
    return first == none ? std::string_view() : each.substr(first, last + 1 - first);
  };
  return fmt::format("{}: {}", trimmed(line.substr(0, sign)), trimmed(line.substr(sign + 1)));
}

// Two slips end in the same complaint of the parser: where a mapping should go on, something else stands.
Fault make_fault_in_mapping(std::string_view text, std::size_t at) {
  const auto line = line_at(text, at);
  const auto before = line.substr(0, std::min(at - line_start(text, at), line.size()));
  const auto last = before.find_last_not_of(" \t");
  if (last != none && (before[last] == '"' || before[last] == '\'')) {
    return {at, "a text goes on behind its closing quote", "put the whole text into quotes"};
  }
  if (text.substr(at, 1) == "-")
    return {at, "a list item among the keys of a mapping", "put all items of a list under each other, below its key"};
  return {at, "expected another key here", "indent the line like the keys above it"};
}

}  // namespace

Fault make_fault(std::string_view text, std::size_t at, std::string_view cause) {
  at = std::min(at, text.size());
  if (const auto sign = first_equals_sign(text, at); sign != none)
    return {sign, "`=` between a key and its value, as in TOML or a .properties file",
            fmt::format("write `{}`", as_entry(line_at(text, sign)))};
  const auto start = line_start(text, at);
  const auto first = std::min(text.find_first_not_of(" \t", start), text.size());
  if (const auto tab = tab_before(text, first); tab != none) return {tab, "a tab in the indentation", "indent with blanks"};
  if (cause == "end of map not found") return make_fault_in_mapping(text, at);
  if (cause.starts_with("unknown escape") && at >= 2) at -= 2;  // the parser stands behind it
  for (const auto& row : rows) {
    if (!cause.starts_with(row.cause)) continue;
    auto help = row.help.empty() && cause.starts_with("illegal map value") ? help_for_colon(text, at) : std::string(row.help);
    return {at, std::string(row.message), std::move(help)};
  }
  if (cause.find("directive") != none || cause.find("YAML version") != none) {
    return {at, "a directive that is not understood", "remove the line that begins with `%`"};
  }
  if (cause.find("tag") != none) return {at, "a tag that is not understood", "quote a text that begins with `!`"};
  return {at, "this is not YAML", ""};
}

}  // namespace tidelab::yaml
