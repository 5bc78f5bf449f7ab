// What there is on this machine that a command line may name: labs, and what is in the installation and in topologies.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "cli/complete.hpp"
#include "cli/explain.hpp"
#include "cli/load.hpp"
#include "topology/scope.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

Options options_with(const std::string& home) {
  Options out;
  out.home = home;
  return out;
}

// `~/` is as the shell gives it.
std::string written_out(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home != nullptr && path.starts_with("~/") ? home + path.substr(1) : path;
}

// The topology of a file, or of a lab as it was applied. Null where there is none, or none that can be relied on.
std::unique_ptr<Loaded> sketch_of(const std::string& home, const std::string& target) {
  auto options = options_with(home);
  std::string name = target;
  auto text = read_file(written_out(target));
  if (!text) {
    const auto known = lab::read_record(target);
    if (!known || !*known) return nullptr;
    options.lab = (*known)->lab;
    options.versions = (*known)->versions, options.ordinals = (*known)->ordinals;
    name = (*known)->name;
    text = (*known)->topology;
  }
  auto out = sketch_library(options);
  if (!out || !read_into(*out, options, name, std::move(*text), false)) return nullptr;
  return out;
}

using Instance = topology::Instance;

std::string node_of(Loaded& loaded, const Instance& instance) {
  source::Diagnostics unheard;
  const topology::Scope scope(loaded.topology, &instance, unheard);
  const auto& playbook = *instance.playbook;
  auto out = scope.expand(playbook.node.empty() ? playbook.address : playbook.node);
  return out.empty() ? instance.name() : out;
}

// By the names of components; a section is of use where a component has several, and where somebody begins to write it.
Offers roles_of(const Loaded& loaded) {
  std::map<std::string, std::set<std::string>> sections;
  std::map<std::string, std::string> titles;
  for (const auto& each : loaded.topology.instances) {
    sections[each.playbook->component.value].insert(each.section);
    titles[each.section] = each.playbook->title.value;
  }
  Offers out;
  for (const auto& [component, all] : sections) out.push_back({component, all.size() == 1 ? titles[*all.begin()] : "all of them"});
  for (const auto& [component, all] : sections)
    for (const auto& section : all)
      if (section != component) out.push_back({section, titles[section]});
  return out;
}

Offers hosts_of(const Loaded& loaded) {
  std::map<std::string, std::string> titles;
  for (const auto& each : loaded.topology.instances) {
    if (each.host.empty()) continue;
    auto& about = titles[each.host.value];
    about += (about.empty() ? "" : ", ") + each.playbook->title.value;
  }
  Offers out;
  for (auto& [host, about] : titles) out.push_back({host, std::move(about)});
  return out;
}

const guide::Template* find_template(const std::vector<guide::Template>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

Offers known_labs() {
  Offers out;
  for (const auto& lab : lab::recorded_labs().value_or(std::vector<std::string>())) {
    const auto known = lab::read_record(lab);
    if (known && *known) out.push_back({lab, fmt::format("lab, {}", lab::state_of(**known, false))});
  }
  return out;
}

Offers known_codes(const std::string& home) {
  Offers out;
  const auto found = find_home(options_with(home));
  if (found.empty()) return out;
  for (const auto& [code, page] : read_pages(found)) out.push_back({code, page.title});
  return out;
}

Offers known_templates(const std::string& home) {
  Loaded loaded;
  loaded.home = find_home(options_with(home));
  Offers out;
  for (const auto& each : load_templates(loaded)) out.push_back({each.name, each.title});
  return out;
}

Offers roles_of_template(const std::string& home, const std::string& name) {
  Loaded loaded;
  loaded.home = find_home(options_with(home));
  const auto all = load_templates(loaded);
  Offers out;
  if (const auto* chosen = find_template(all, name))
    for (const auto& [role, numbers] : chosen->roles) out.push_back({role, numbers.size() > 1 ? "several hosts" : ""});
  return out;
}

Offers known_components(const std::string& home) {
  const auto loaded = sketch_library(options_with(home));
  std::map<std::string, std::string> titles;
  if (loaded)
    for (const auto& [section, playbook] : loaded->library.by_section)
      if (playbook.provisioned && !playbook.hostless) titles.emplace(playbook.component.value, playbook.title.value);
  Offers out;
  for (auto& [component, title] : titles) out.push_back({component, title});
  return out;
}

Offers parts_of(const std::string& home, const std::string& target, Part part) {
  const auto loaded = sketch_of(home, target);
  if (!loaded) return {};
  if (part == Part::role) return roles_of(*loaded);
  if (part == Part::host) return hosts_of(*loaded);
  Offers out;
  for (const auto& each : loaded->topology.instances) out.push_back({node_of(*loaded, each), each.playbook->title.value});
  return out;
}

}  // namespace tidelab::cli
