#include "topology/read_instance.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "step/read_step.hpp"
#include "topology/read_value.hpp"
#include "yaml/read.hpp"

namespace tidelab::topology {

using source::Diagnostics;
using yaml::Node;

std::string did_you_mean_help(const std::string& near) { return near.empty() ? "" : fmt::format("did you mean `{}`?", near); }

std::string Fields::meant_by(const std::string& key) const {
  if (const auto before = key.substr(0, key.find(':')); find(before) != nullptr) return before;  // `port:9092`
  std::vector<std::string> names;
  for (const auto& [name, param] : by_name) {
    const auto& known_as = param->known_as;
    if (std::any_of(known_as.begin(), known_as.end(), [&](const auto& each) { return each.value == key; })) return name;
    names.push_back(name);
  }
  return source::did_you_mean(key, names);
}

const Fields& InstanceReader::fields_of(const Playbook& playbook) {
  auto [at, fresh] = fields_.try_emplace(playbook.section.value);
  if (!fresh) return at->second;
  at->second.add(playbook.params);
  for (const auto& each : library_.common.instance)
    if (playbook.on_hosts_of.empty() && (!playbook.hostless || each.name.value == "config"))
      at->second.by_name.try_emplace(each.name.value, &each);
  return at->second;
}

std::optional<Instance> InstanceReader::read(const Playbook& playbook, int ordinal, const Node& node, int ssh_port) {
  if (!yaml::read_mapping(node, "an instance", diagnostics_)) return std::nullopt;
  Instance made;
  made.playbook = &playbook;
  made.section = playbook.section.value;
  made.ordinal = ordinal;
  made.span = node.entries.empty() ? node.span : node.entries.front().key.span;
  made.ssh_port = ssh_port;
  const auto guessed = read_fields(node, made);
  if (!playbook.hostless && made.host.empty() && made.placed) {
    made.placed = false;
    if (!guessed.contains("host"))
      diagnostics_.error("T002", fmt::format("{} {} has no `host`", made.section, ordinal), made.span).help = "add `host: ADDRESS`";
  }
  return made;
}

std::set<std::string> InstanceReader::read_fields(const Node& node, Instance& made) {
  std::set<std::string> guessed;
  const auto& fields = fields_of(*made.playbook);
  for (const auto& [key, value] : node.entries) {
    if (const auto* param = fields.find(key.value))
      read_field(*param, key, value, made);
    else
      guess_field(fields, key, node, made, guessed);
  }
  return guessed;
}

void InstanceReader::read_field(const Param& param, const Text& key, const Node& node, Instance& made) {
  if (key.value == "config" && param.type == playbook::Type::map) {
    made.config = read_settings(node, *made.playbook);
    return;
  }
  if (is_unset(param, node)) return;
  auto value = read_value(param, node, diagnostics_);
  if (key.value == "host" && !made.playbook->hostless) {
    made.host = value.text;
    made.placed = value.usable;
  } else if (key.value == "manage_host" && value.usable) {
    made.manage_host = value.text;
  } else if (key.value == "ssh_port") {
    if (value.usable) made.ssh_port = std::stoi(value.text.value);
  } else {
    if (made.playbook->provisioned && !asks_for_nothing(param, value)) leave_alone(key);
    made.values[key.value] = std::move(value);
  }
}

std::string InstanceReader::help_for(const Text& key, const std::string& near, const Playbook& playbook) const {
  if (!near.empty() && key.value.starts_with(near + ":")) return "put a blank behind the colon";
  if (!near.empty()) return did_you_mean_help(near);
  if (key.value == "version" && !playbook.component.empty())
    return fmt::format("a component has one version in a topology: `component_versions: {{{}: VERSION}}` at the top level",
                       playbook.component.value);
  std::vector<std::string> known;
  if (!playbook.hostless) known.emplace_back("host");
  for (const auto& each : playbook.params)  // one that differs between versions stands there once for each
    if (known.empty() || known.back() != each.name.value) known.push_back(each.name.value);
  return fmt::format("its own keys are {}", fmt::join(known, ", "));
}

// An unknown key. What it must mean is then neither missing nor at its default.
void InstanceReader::guess_field(const Fields& fields, const Text& key, const Node& node, Instance& made, std::set<std::string>& guessed) {
  const auto near = fields.meant_by(key.value);
  diagnostics_.error("T001", fmt::format("`{}` is not a key of `{}`", key.value, made.section), key.span).help =
      help_for(key, near, *made.playbook);
  if (near.empty() || node.find(near) != nullptr) return;
  guessed.insert(near);
  const auto& params = made.playbook->params;
  const auto own = std::find_if(params.begin(), params.end(), [&](const auto& each) { return each.name.value == near; });
  if (own == params.end()) return;
  Value value;
  value.type = own->type;
  value.param = &*own;
  value.text.span = key.span;
  value.usable = false;
  made.values[near] = std::move(value);
}

namespace {

bool writes_tables(const Playbook& playbook) {
  return std::any_of(playbook.install.begin(), playbook.install.end(), [](const step::Step& each) {
    const auto* config = std::get_if<step::Config>(&each.action);
    return config != nullptr && config->format.value == "toml";
  });
}

}  // namespace

// TiUP takes lists of mappings anywhere.
step::Settings InstanceReader::read_settings(const Node& node, const Playbook& playbook) {
  Diagnostics found;
  auto out = step::read_settings(node, found, writes_tables(playbook) ? step::Nested::kept : step::Nested::refused);
  for (const auto* each : found.ordered()) {
    if (!playbook.provisioned) break;
    const bool nested = each->code == "Y010" && node.is_mapping();
    auto& d =
        nested ? diagnostics_.warning(
                     "T008", "a list of lists or mappings, which this component's configuration file cannot hold, is left out", each->span)
               : diagnostics_.error(each->code, each->message, each->span);
    if (!nested) d.notes = each->notes, d.help = each->help;
  }
  return out;
}

void InstanceReader::leave_alone(const Text& key) {
  const auto found = std::find_if(left_alone_.begin(), left_alone_.end(), [&](const auto& each) { return each.key.value == key.value; });
  if (found == left_alone_.end())
    left_alone_.push_back({key, 1});
  else
    ++found->times;
}

// Once for each key: the twentieth `numa_node` tells nothing that the first did not.
void InstanceReader::tell_left_alone() {
  for (const auto& [key, times] : left_alone_) {
    auto& d = diagnostics_.warning("T005", fmt::format("`{}` is understood and not provisioned by tidelab", key.value), key.span);
    if (times > 1) d.notes.push_back({fmt::format("and {} more of it", times - 1), {}});
  }
}

}  // namespace tidelab::topology
