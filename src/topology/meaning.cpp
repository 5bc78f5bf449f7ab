#include "topology/meaning.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "source/spelling.hpp"

namespace tidelab::topology {

namespace {

using playbook::Param;
using playbook::Playbook;

bool names(const std::vector<Param>& params, const std::string& name) {
  return std::any_of(params.begin(), params.end(), [&](const auto& each) { return each.name.value == name; });
}

bool has(const playbook::Texts& texts, const std::string& text) {
  return std::any_of(texts.begin(), texts.end(), [&](const auto& each) { return each.value == text; });
}

// What is left of a section's name without what all of them have: "echo_servers" and "Echo server" are "echo".
std::string stem(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array<std::string_view, 7> ends = {"servers", "server", "nodes", "node", "instances", "hosts", "s"};
  for (const auto end : ends) {
    if (out.size() <= end.size() || !std::string_view(out).ends_with(end)) continue;
    out.resize(out.size() - end.size());
    break;
  }
  return out;
}

bool stands_for(const std::string& name, const Playbook& playbook) {
  const auto wanted = stem(name);
  const auto is_it = [&](const std::string& each) { return !each.empty() && stem(each) == wanted; };
  return is_it(playbook.section.value) || is_it(playbook.component.value) || is_it(playbook.title.value) ||
         std::any_of(playbook.known_as.begin(), playbook.known_as.end(), [&](const auto& each) { return is_it(each.value); });
}

// The one setting whose last part is this key; empty: none, or several.
std::string setting_that_ends_in(const std::string& key, const Playbook& playbook) {
  std::string found;
  for (const auto& each : playbook.settings) {
    if (each.value == key) return each.value;
    if (!each.value.ends_with("." + key)) continue;
    if (!found.empty()) return "";
    found = each.value;
  }
  return found;
}

}  // namespace

const std::vector<std::string>& top_level_keys() {
  static const std::vector<std::string> keys = {"global", "server_configs", "component_versions", "component_sources", "archives"};
  return keys;
}

std::string did_you_mean_help(const std::string& near) { return near.empty() ? "" : fmt::format("did you mean `{}`?", near); }

std::string did_you_mean_help(const std::vector<std::string>& near) {
  return near.empty() ? "" : fmt::format("did you mean `{}`?", fmt::join(near, "` or `"));
}

bool is_known_as(const Param& param, const std::string& name) { return has(param.known_as, name); }

std::vector<std::string> Meanings::sections(const std::string& name) const {
  std::vector<std::string> out;
  for (const auto& [section, playbook] : library_.by_section)
    if (stands_for(name, playbook)) out.push_back(section);
  if (!out.empty()) return out;
  auto known = library_.sections();
  known.insert(known.end(), top_level_keys().begin(), top_level_keys().end());
  if (auto near = source::did_you_mean(name, known); !near.empty()) out.push_back(std::move(near));
  return out;
}

bool Meanings::is_component(const std::string& name) const {
  return std::any_of(library_.by_section.begin(), library_.by_section.end(),
                     [&](const auto& each) { return each.second.component.value == name || has(each.second.also_components, name); });
}

std::string Meanings::component(const std::string& name) const {
  std::set<std::string> meant;
  std::vector<std::string> known;
  for (const auto& [section, playbook] : library_.by_section) {
    known.push_back(playbook.component.value);
    for (const auto& each : playbook.also_components) known.push_back(each.value);
    if (stands_for(name, playbook)) meant.insert(playbook.component.value);
  }
  for (const auto& [runtime, playbook] : library_.runtimes) known.push_back(runtime);
  if (meant.size() == 1) return *meant.begin();
  return source::did_you_mean(name, known);
}

std::string Meanings::section_with_setting(const std::string& key) const {
  for (const auto& [section, playbook] : library_.by_section)
    if (has(playbook.settings, key)) return section;
  return "";
}

bool Meanings::is_param(const std::string& key) const {
  const auto& sections = library_.by_section;
  return std::any_of(sections.begin(), sections.end(), [&](const auto& each) { return names(each.second.params, key); });
}

std::string Meanings::help_at_top(const std::string& key, const yaml::Node& value) const {
  if (is_component(key) && value.is_mapping())
    return fmt::format("settings of a component go below `server_configs:`, as `{}:` there", key);
  if (is_component(key) && value.is_scalar())
    return fmt::format("the version of a component goes below `component_versions:`, as `{}:` there", key);
  if (value.is_sequence()) return "";
  if (names(library_.common.global, key)) return fmt::format("`{}` is a key of `global`: write it below `global:`", key);
  for (const auto& [section, playbook] : library_.by_section)
    if (!playbook.on_hosts_of.empty() && names(playbook.params, key))
      return fmt::format("`{}` is a key of `{}`: write it below `{}:`", key, section, section);
  if (names(library_.common.instance, key)) return fmt::format("`{}` is a key of an instance: write it in an item of a section", key);
  if (is_param(key)) return fmt::format("`{}` is a key of an instance: write it in an item of a section", key);
  if (const auto section = section_with_setting(key); !section.empty())
    return fmt::format("it is a setting: write it below `server_configs:`, there below `{}:`", library_.find(section)->component.value);
  if (key.find('.') != std::string::npos) return "settings of a configuration file go below `server_configs:`, by component";
  return "";
}

std::string Meanings::help_in_global(const std::string& key) const {
  for (const auto& [section, playbook] : library_.by_section)
    if (!playbook.on_hosts_of.empty() && names(playbook.params, key))
      return fmt::format("`{}` is a key of `{}`, at the top level", key, section);
  const auto& top = top_level_keys();
  if (library_.find(key) != nullptr || std::find(top.begin(), top.end(), key) != top.end())
    return fmt::format("`{}` stands at the top level: remove its indentation, and that of all below it", key);
  if (names(library_.common.instance, key)) return fmt::format("`{}` is a key of an instance: write it in an item of a section", key);
  if (const auto section = section_with_setting(key); !section.empty() || key.find('.') != std::string::npos)
    return "settings of a configuration file go below `server_configs:`, by component";
  return "";
}

std::string Meanings::help_on_instance(const std::string& key, const yaml::Node& value, const Playbook& playbook) const {
  const auto& top = top_level_keys();
  if (library_.find(key) != nullptr || std::find(top.begin(), top.end(), key) != top.end())
    return fmt::format("`{}` stands at the top level: remove its indentation, and that of all below it", key);
  if (!playbook.on_hosts_of.empty()) return names(library_.common.global, key) ? fmt::format("`{}` is a key of `global`", key) : "";
  if (auto setting = setting_that_ends_in(key, playbook); !setting.empty())
    return fmt::format("it is a setting of the configuration file: write it below `config:`{}",
                       setting == key ? "" : fmt::format(", as `{}`", setting));
  if (key.find('.') != std::string::npos || value.is_mapping()) return "settings of the configuration file go below `config:`";
  if (names(library_.common.global, key)) return fmt::format("`{}` is a key of `global`: one for the whole topology", key);
  return "";
}

std::string Meanings::help_in_server_configs(const std::string& key) const {
  if (const auto section = section_with_setting(key); !section.empty())
    return fmt::format("name the component first: `{}: {{{}: ...}}`", library_.find(section)->component.value, key);
  if (key.find('.') != std::string::npos) return fmt::format("name the component first, and write `{}` below it", key);
  if (names(library_.common.global, key)) return fmt::format("`{}` is a key of `global`", key);
  return "";
}

std::string Meanings::near_setting(const std::string& key, const Playbook& playbook) {
  if (playbook.settings.empty() || has(playbook.settings, key)) return "";
  const auto plain = [](std::string text) {
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
  };
  std::string near;
  int ends = 0;  // settings whose last part this is: its table was left out
  std::string whole;
  for (const auto& each : playbook.settings) {
    // A table whose keys are the author's own.
    if (each.value.ends_with(".*") && key.starts_with(each.value.substr(0, each.value.size() - 1))) return "";
    // One slip: more would guess at settings of other releases.
    const auto more = std::max(key.size(), each.value.size()) - std::min(key.size(), each.value.size());
    if (near.empty() && more <= 1 && source::edits_between(plain(key), plain(each.value)) <= 1) near = each.value;
    if (key.find('.') == std::string::npos && each.value.ends_with("." + key)) ++ends, whole = each.value;
  }
  return near.empty() && ends == 1 ? whole : near;
}

}  // namespace tidelab::topology
