// Settings of a configuration file: nested mappings as dotted keys, as TiUP flattens them.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "step/describe.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::step {

namespace {

using source::Diagnostics;
using yaml::Node;

// For people: what a list holds, in one line.
std::string in_one_line(const Node& node) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (node.is_scalar()) return node.quoted ? json_string(node.text) : node.text;
  if (node.is_null()) return "~";
  for (const auto& item : node.items) add(in_one_line(item));
  for (const auto& [key, value] : node.entries) add(key.value + ": " + in_one_line(value));
  return node.is_sequence() ? "[" + out + "]" : "{" + out + "}";
}

// Neither toml nor those who read it know a null.
bool holds_null(const std::vector<Node>& items) {
  return std::any_of(items.begin(), items.end(), [](const Node& node) {
    const auto null_below = [](const yaml::Entry& entry) { return holds_null({entry.value}); };
    return node.is_null() || holds_null(node.items) || std::any_of(node.entries.begin(), node.entries.end(), null_below);
  });
}

// Where each key was set before: files have tens of thousands of them.
using Places = std::unordered_map<std::string, std::vector<source::Span>>;

void flatten(const Node& node, const std::string& prefix, Settings& out, Places& places, Diagnostics& diagnostics, Nested nested) {
  for (const auto& [key, value] : node.entries) {
    const auto dotted = prefix.empty() ? key.value : prefix + "." + key.value;
    if (value.is_mapping()) {
      flatten(value, dotted, out, places, diagnostics, nested);
      continue;
    }
    Setting setting{{dotted, key.span}, {}, value.is_sequence(), value.quoted};
    const bool flat = std::all_of(value.items.begin(), value.items.end(), [](const Node& item) { return item.is_scalar(); });
    if (value.is_sequence() && !flat && nested == Nested::kept && !holds_null(value.items)) {
      setting.nested = value.items;
      setting.values.push_back({in_one_line(value), value.span});
    } else if (value.is_sequence()) {
      // A list has one type: quotes around all of its items make them texts.
      setting.quoted =
          !value.items.empty() && std::all_of(value.items.begin(), value.items.end(), [](const auto& item) { return item.quoted; });
      setting.values = yaml::read_texts(value, "`" + dotted + "`", diagnostics);
    } else {
      setting.values.push_back(value.as_text());
    }
    auto& others = places[dotted];
    for (const auto& other : others) {
      auto& d = diagnostics.error("S007", fmt::format("`{}` is set twice", dotted), key.span);
      d.notes.push_back({"the other one", other});
    }
    others.push_back(key.span);
    out.push_back(std::move(setting));
  }
}

}  // namespace

Settings read_settings(const yaml::Node& node, Diagnostics& diagnostics, Nested nested) {
  Settings out;
  if (node.is_null()) return out;
  Places places;
  if (yaml::read_mapping(node, "settings", diagnostics)) flatten(node, "", out, places, diagnostics, nested);
  return out;
}

Settings read_setting_groups(const yaml::Node& node, Diagnostics& diagnostics) {
  if (!node.is_sequence()) return read_settings(node, diagnostics);
  Settings out;
  for (const auto& item : node.items) {
    const auto* group = item.is_mapping() && item.entries.size() == 2 ? item.find("set") : nullptr;
    const bool some = group != nullptr && item.find("versions") != nullptr;
    for (auto& each : read_settings(some ? *group : item, diagnostics)) {
      if (some) each.versions = read_ranges(*item.find("versions"), diagnostics);
      out.push_back(std::move(each));
    }
  }
  return out;
}

}  // namespace tidelab::step
