#include "topology/read_components.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "source/look_alike.hpp"
#include "yaml/read.hpp"

namespace tidelab::topology {

using yaml::Node;

void ComponentReader::read(const Text& key, const Node& value) {
  if (value.is_null() || !yaml::read_mapping(value, "`" + key.value + "`", diagnostics_)) return;
  for (const auto& [component, node] : value.entries) read_one(key.value, component, node);
}

// The component's own name, or what somebody must mean who writes another one; empty: nothing is near.
std::string ComponentReader::name_meant_by(const std::string& kind, const Text& component) {
  const auto& name = component.value;
  const auto is_it = [&](const auto& each) {
    const auto& also = each.second.also_components;
    return each.second.component.value == name ||
           std::any_of(also.begin(), also.end(), [&](const auto& other) { return other.value == name; });
  };
  if (std::any_of(library_.by_section.begin(), library_.by_section.end(), is_it) || library_.runtimes.contains(name)) return name;
  auto help = source::help_for_look_alikes(name);
  if (help.empty() && kind == "server_configs") help = meanings_.help_in_server_configs(name);
  auto near = help.empty() ? meanings_.component(name) : std::string();
  diagnostics_.error("T001", fmt::format("there is no component `{}`", name), component.span).help =
      help.empty() ? did_you_mean_help(near) : help;
  return near;
}

void ComponentReader::read_one(const std::string& kind, const Text& component, const Node& node) {
  const auto name = name_meant_by(kind, component);
  if (name.empty() || node.is_null()) return;
  if (kind == "server_configs") {
    settings_.try_emplace(name, instances_.read_settings(component, node, playbook_of(name)));
  } else if (const auto text = yaml::read_text(node, kind == "component_versions" ? "a version" : "a source", diagnostics_)) {
    if (text->empty()) return;
    if (kind == "component_versions")
      versions_.try_emplace(name, *text);
    else
      instances_.leave_alone({kind, component.span});
  }
}

// One that is provisioned before one that is left alone: another component's settings may stand under the same name.
const Playbook& ComponentReader::playbook_of(const std::string& component) const {
  static const Playbook of_nobody = [] {
    Playbook out;
    out.provisioned = false;
    return out;
  }();
  const Playbook* found = &of_nobody;
  for (const auto& [section, playbook] : library_.by_section)
    if (playbook.component.value == component && (playbook.provisioned || found == &of_nobody)) found = &playbook;
  return *found;
}

void ComponentReader::add_settings(Topology& out) const {
  for (auto* list : {&out.instances, &out.left_alone}) {
    for (auto& instance : *list) {
      const auto found = settings_.find(instance.playbook->component.value);
      if (found == settings_.end()) continue;
      auto config = found->second;
      instance.shared_settings = config.size();
      std::move(instance.config.begin(), instance.config.end(), std::back_inserter(config));
      instance.config = std::move(config);
    }
  }
}

}  // namespace tidelab::topology
