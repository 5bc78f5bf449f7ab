#include "topology/foreign.hpp"

#include <algorithm>
#include <optional>
#include <regex>

#include <fmt/format.h>

namespace tidelab::topology {

namespace {

using playbook::Foreign;
using source::Text;
using yaml::Node;

struct Line {
  std::string text;
  source::Span span;
};

// The first line that has something on it.
std::optional<Line> first_line(const source::File& file) {
  std::string_view rest = file.text;
  for (int number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#' && line[first] != ';' && line[first] != '!') {
      const auto last = line.find_last_not_of(" \t\r");
      constexpr std::size_t most = 200;  // a regular expression on a line of megabytes could overflow the stack
      const auto text = line.substr(first, std::min(last + 1 - first, most));
      return Line{std::string(text), {&file, number, static_cast<int>(first) + 1, static_cast<int>(std::max<std::size_t>(1, text.size()))}};
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

const Text* key_among(const Node& mapping, const step::Texts& keys) {
  for (const auto& [key, value] : mapping.entries)
    if (std::any_of(keys.begin(), keys.end(), [&, &name = key](const auto& each) { return each.value == name.value; })) return &key;
  return nullptr;
}

const Text* shown_by(const Node& root, const Foreign& foreign) {
  if (root.is_sequence() && !root.items.empty() && root.items.front().is_mapping()) return key_among(root.items.front(), foreign.items);
  if (!root.is_mapping()) return nullptr;
  if (const auto* found = key_among(root, foreign.any)) return found;
  const auto there = [&](const Text& each) { return root.find(each.value) != nullptr; };
  const bool all = !foreign.all.empty() && std::all_of(foreign.all.begin(), foreign.all.end(), there);
  return all ? key_among(root, foreign.all) : nullptr;
}

bool tell(const Foreign& foreign, const source::Span& span, source::Diagnostics& diagnostics) {
  diagnostics.error("T024", fmt::format("this is {}, which tidelab does not read", foreign.what.value), span).help = foreign.help.value;
  return true;
}

// Sections that no other program has: what else stands there is then a mistake in a topology.
bool has_own_section(const Node& root, const playbook::Library& library) {
  return std::any_of(root.entries.begin(), root.entries.end(), [&](const auto& entry) {
    const auto* playbook = library.find(entry.key.value);
    return playbook != nullptr && playbook->provisioned;
  });
}

bool has_nothing_of_a_topology(const Node& root, const playbook::Library& library) {
  const Meanings meanings(library);
  const auto is_of_one = [&](const std::string& key) {
    const auto& top = top_level_keys();
    const auto& global = library.common.global;
    return library.find(key) != nullptr || std::find(top.begin(), top.end(), key) != top.end() || !meanings.sections(key).empty() ||
           std::any_of(global.begin(), global.end(), [&](const auto& each) { return each.name.value == key; });
  };
  const auto& entries = root.entries;
  return entries.size() > 1 && std::none_of(entries.begin(), entries.end(), [&](const auto& entry) { return is_of_one(entry.key.value); });
}

}  // namespace

bool is_foreign(const source::File& file, const Node& root, bool broken, const playbook::Library& library,
                source::Diagnostics& diagnostics) {
  if (root.is_mapping() && has_own_section(root, library)) return false;
  for (const auto& foreign : library.common.foreign)
    if (const auto* key = shown_by(root, foreign)) return tell(foreign, key->span, diagnostics);
  if (root.is_scalar() || broken) {
    const auto line = first_line(file);
    for (const auto& foreign : library.common.foreign)
      for (const auto& pattern : foreign.lines)
        if (line && std::regex_match(line->text, std::regex(pattern.value))) return tell(foreign, line->span, diagnostics);
  }
  if (!root.is_mapping() || !has_nothing_of_a_topology(root, library)) return false;
  diagnostics
      .error("T024", fmt::format("this is no topology: none of its {} keys is one of a topology", root.entries.size()),
             root.entries.front().key.span)
      .help = "a topology lists hosts by role; `tidelab template` prints one to start from, `tidelab playbooks` lists the sections";
  return true;
}

}  // namespace tidelab::topology
