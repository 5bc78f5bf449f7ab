#include "topology/read_instance.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "source/look_alike.hpp"
#include "step/read_step.hpp"
#include "topology/read_value.hpp"
#include "yaml/read.hpp"

namespace tidelab::topology {

using source::Diagnostics;
using yaml::Node;

std::string Fields::known_as(const std::string& key) const {
  if (const auto before = key.substr(0, key.find(':')); find(before) != nullptr) return before;  // `port:9092`
  for (const auto& [name, param] : by_name)
    if (is_known_as(*param, key)) return name;
  return "";
}

std::string Fields::meant_by(const std::string& key) const {
  if (auto known = known_as(key); !known.empty()) return known;
  std::vector<std::string> names;
  for (const auto& [name, param] : by_name) names.push_back(name);
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

void InstanceReader::read_list(const Playbook& playbook, const Node& list, int ssh_port, const std::vector<int>& ordinals,
                               std::vector<Instance>& out) {
  std::size_t place = 0;
  std::vector<const Node*> texts;
  for (const auto& item : list.items) {
    ++place;
    const auto ordinal = place <= ordinals.size() ? ordinals[place - 1] : static_cast<int>(place);
    if (item.is_scalar() && !playbook.hostless)
      texts.push_back(&item);
    else if (auto made = read(playbook, ordinal, item, ssh_port))
      out.push_back(std::move(*made));
  }
  if (!texts.empty()) refuse_text(playbook, texts);
}

// A list of addresses is one mistake, however long it is.
void InstanceReader::refuse_text(const Playbook& playbook, const std::vector<const Node*>& texts) {
  const auto& first = *texts.front();
  auto& d = diagnostics_.error(
      "Y010", fmt::format("expected a mapping for an instance of `{}`, found the text `{}`", playbook.section.value, first.text),
      first.span);
  const auto colon = first.text.find(':');
  const auto key = first.text.substr(0, colon);
  const bool with_port = colon != std::string::npos && first.text.find(':', colon + 1) == std::string::npos;
  if (colon != std::string::npos && fields_of(playbook).find(key) != nullptr)
    d.help = fmt::format("put a space after the colon: `- {}: {}`", key, first.text.substr(colon + 1));
  else
    d.help = fmt::format("write `- host: {}`{}", first.text.substr(0, with_port ? colon : std::string::npos),
                         with_port ? ", and the port under its own key" : "");
  if (texts.size() > 1) d.notes.push_back({fmt::format("and {} more like it", texts.size() - 1), {}});
}

std::set<std::string> InstanceReader::read_fields(const Node& node, Instance& made) {
  std::set<std::string> guessed;
  const auto& fields = fields_of(*made.playbook);
  for (const auto& entry : node.entries) {
    if (const auto* param = fields.find(entry.key.value))
      read_field(*param, entry.key, entry.value, made);
    else
      guess_field(fields, entry, node, made, guessed);
  }
  return guessed;
}

void InstanceReader::read_field(const Param& param, const Text& key, const Node& node, Instance& made) {
  if (key.value == "config" && param.type == playbook::Type::map) {
    made.config = read_settings(key, node, *made.playbook);
    return;
  }
  if (is_unset(param, node)) return;
  auto value = read_value(param, node, library_.common, diagnostics_);
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

std::string InstanceReader::help_for(const Text& key, const Node& value, const std::string& near, const Playbook& playbook) const {
  if (!near.empty() && key.value.starts_with(near + ":")) return "put a space after the colon";
  if (auto help = source::help_for_look_alikes(key.value); !help.empty()) return help;
  if (near.empty())
    if (auto help = meanings_.help_on_instance(key.value, value, playbook); !help.empty()) return help;
  if (!near.empty()) return did_you_mean_help(near);
  if (key.value == "version" && !playbook.component.empty())
    return fmt::format("a component has one version in a topology: `component_versions: {{{}: VERSION}}` at the top level",
                       playbook.component.value);
  std::vector<std::string> known;
  if (!playbook.hostless) known.emplace_back("host");
  for (const auto& each : playbook.params)  // one that differs between versions stands there once for each
    if (known.empty() || known.back() != each.name.value) known.push_back(each.name.value);
  const auto& steps = playbook.install;
  const bool configured =
      std::any_of(steps.begin(), steps.end(), [](const auto& each) { return std::holds_alternative<step::Config>(each.action); });
  return fmt::format("its own keys are {}{}", fmt::join(known, ", "),
                     configured ? "; settings of its configuration file go below `config:`" : "");
}

// An unknown key. What it must mean is then neither missing nor at its default.
void InstanceReader::guess_field(const Fields& fields, const yaml::Entry& entry, const Node& node, Instance& made,
                                 std::set<std::string>& guessed) {
  const auto& key = entry.key;
  auto near = fields.known_as(key.value);
  // A right key in the wrong place is no slip.
  if (near.empty() && meanings_.help_on_instance(key.value, entry.value, *made.playbook).empty()) near = fields.meant_by(key.value);
  diagnostics_.error("T001", fmt::format("`{}` is not a key of `{}`", key.value, made.section), key.span).help =
      help_for(key, entry.value, near, *made.playbook);
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
step::Settings InstanceReader::read_settings(const Text& key, const Node& node, const Playbook& playbook) {
  Diagnostics found;
  if (node.is_null()) return {};
  if (!node.is_mapping()) {
    yaml::read_mapping(node, "`" + key.value + "`", found);
    auto told = *found.ordered().front();
    const auto equals = node.text.find('='), colon = node.text.find(':');
    const bool block = node.is_scalar() && !node.quoted && node.span.length == 1 && node.text.size() > 1;
    if (block) told.help = "remove the sign behind the colon, so that the lines below are keys and values";
    if (node.is_scalar() && equals < colon) told.help = "write each setting as `key: value` on a line of its own below it";
    auto& d = diagnostics_.error(told.code, told.message, told.span);
    d.help = told.help.empty() ? "write each setting as `key: value` on a line of its own below it" : told.help;
    return {};
  }
  auto out = step::read_settings(node, found, writes_tables(playbook) ? step::Nested::kept : step::Nested::refused);
  for (const auto* each : found.ordered()) {
    if (!playbook.provisioned) break;
    const bool nested = each->code == "Y010";
    auto& d =
        nested ? diagnostics_.warning(
                     "T008", "a list of lists or mappings, which this component's configuration file cannot hold, is left out", each->span)
               : diagnostics_.error(each->code, each->message, each->span);
    if (!nested) d.notes = each->notes, d.help = each->help;
  }
  for (const auto& each : out) {
    const auto [known, fresh] = near_settings_.try_emplace({&playbook, each.key.value});
    if (fresh) known->second = Meanings::near_setting(each.key.value, playbook);
    const auto& near = known->second;
    if (near.empty()) continue;
    diagnostics_.warning("T027", fmt::format("`{}` is not known as a setting of {}", each.key.value, playbook.title.value), each.key.span)
        .help = did_you_mean_help(near);
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
    auto& d = diagnostics_.warning("T005", fmt::format("`{}` is accepted but has no effect in tidelab", key.value), key.span);
    if (times > 1) d.notes.push_back({fmt::format("and {} more of it", times - 1), {}});
  }
}

}  // namespace tidelab::topology
