#include "plan/builder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "step/describe.hpp"
#include "topology/hosts.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

using namespace step;

Builder::Builder(const Inputs& inputs, std::string command, source::Diagnostics& diagnostics) : inputs_(inputs), diagnostics_(diagnostics) {
  plan.command = std::move(command);
  plan.lab = inputs.topology.global.lab.value;
  plan.topology = inputs.topology.file;
  if (const auto note = topology::left_alone_note(inputs.topology); !note.empty()) plan.notes.push_back(note);
  add_lanes();
  add_components();
  for (const auto& [name, section] : inputs.topology.sections) {
    if (section.count == 0 || section.left_alone) continue;
    const auto scope = scope_of(section.begin);
    for (const auto& [says, help] : instances()[section.begin].playbook->hints) plan.hints.push_back({says.value, scope.expand(help)});
  }
  for (const auto& instance : instances())
    for (const auto& [name, value] : instance.values)
      if (value.type == playbook::Type::secret && !value.text.empty()) plan.secrets.push_back(value.text.value);
}

void Builder::add_lanes() {
  const auto& global = inputs_.topology.global;
  const auto state_dir = fmt::format("{}/.tidelab-{}", global.deploy_dir.value, global.lab.value);
  plan.lanes.push_back({"controller", 22, global.user.value, state_dir});
  std::map<std::pair<std::string, int>, int> known;
  for (const auto& instance : instances()) {
    if (instance.playbook->hostless) {
      lanes_.push_back(0);
      continue;
    }
    auto name = topology::same_host((instance.manage_host.empty() ? instance.host : instance.manage_host).value);
    const auto [found, fresh] = known.try_emplace({name, instance.ssh_port}, static_cast<int>(plan.lanes.size()));
    lanes_.push_back(found->second);
    if (fresh) plan.lanes.push_back({std::move(name), instance.ssh_port, global.user.value, state_dir});
  }
}

void Builder::add_components() {
  std::vector<std::string> asked = inputs_.nodes;
  for (std::size_t i = 0; i < instances().size(); ++i) {
    const auto& instance = instances()[i];
    const auto& playbook = *instance.playbook;
    const auto scope = scope_of(i);
    Component made;
    made.name = instance.name();
    made.section = instance.section;
    made.kind = playbook.component.value;
    made.title = playbook.title.value;
    made.version = instance.version.value;
    made.lane = lanes_[i];
    made.address = scope.expand(playbook.address);
    made.node = playbook.node.empty() ? made.address : scope.expand(playbook.node);
    if (made.node.empty()) made.node = made.name;
    made.dir = scope.expand(playbook.dir);
    made.log = scope.expand(playbook.log);
    for (const auto& each : playbook.log_look.also) made.log_look.also.push_back(scope.expand(each));
    for (const auto& each : playbook.log_look.ours) made.log_look.ours.push_back(each.value);
    made.log_look.matters = playbook.log_look.matters.value;
    made.log_look.out_of_memory = playbook.log_look.out_of_memory.value;
    if (const auto jre = instance.values.find("jre"); jre != instance.values.end()) made.jre = jre->second.text.value;
    for (const auto& [name, value] : instance.values)
      if (value.type == playbook::Type::port && !value.text.empty()) made.ports.push_back(std::stoi(value.text.value));
    made.host_needs = host_needs_of(i, scope);
    for (const auto* each : there(playbook.install, i)) {
      const auto* dir = std::get_if<Dir>(&each->action);
      if (dir != nullptr && !dir->holds.empty())
        (dir->holds.value == "data" ? made.data_dirs : made.log_dirs).push_back(scope.expand(dir->path));
    }
    made.needs = needed_by(i);
    made.serves_with = playbook.serves_with.empty() ? "any" : playbook.serves_with.value;
    made.span = instance.span;
    chosen_.push_back(means_any(plan, made, asked));
    plan.components.push_back(std::move(made));
  }
  for (const auto& each : asked) {
    const auto fits = [&](const Component& c) { return means(plan, c, each); };
    if (std::any_of(plan.components.begin(), plan.components.end(), fits)) continue;
    auto& d = diagnostics_.error("L006", fmt::format("the lab has no node `{}`", each), {});
    std::string known;
    for (const auto& c : plan.components) known += (known.empty() ? "" : ", ") + c.node;
    d.help = "nodes are " + known;
  }
}

topology::Scope Builder::scope_of(std::size_t instance) const { return {inputs_.topology, &instances()[instance], diagnostics_}; }

int Builder::first_of(const std::string& section) const {
  const auto found = inputs_.topology.sections.find(section);
  const bool there = found != inputs_.topology.sections.end() && !found->second.left_alone && found->second.count > 0;
  if (!there) return -1;
  const auto first = instances().begin() + static_cast<std::ptrdiff_t>(found->second.begin);
  const auto last = first + static_cast<std::ptrdiff_t>(found->second.count);
  const auto stays = std::find_if(first, last, [](const auto& each) { return !each.leaves; });
  return static_cast<int>((stays == last ? first : stays) - instances().begin());
}

std::vector<const step::Step*> Builder::there(const std::vector<step::Step>& steps, std::size_t instance) const {
  std::vector<const step::Step*> out;
  for (const auto& each : steps)
    if (topology::applies(each.versions, instances()[instance], inputs_.topology) && can_be_asked(each.action)) out.push_back(&each);
  return out;
}

int Builder::lane_for(const step::Step& from, std::size_t instance) const {
  const auto on = from.on.empty() ? asked_on(from.action) : from.on;
  if (on.empty()) return lanes_[instance];
  if (const auto found = first_of(on.value); found >= 0) return lanes_[static_cast<std::size_t>(found)];
  diagnostics_.error("L006", fmt::format("`on: {}` names a section that the topology does not have", on.value), on.span);
  return 0;
}

int Builder::add(const step::Step& from, Action action, std::size_t instance, const topology::Scope& scope, std::vector<Need> needs) {
  plan::Step made;
  made.id = static_cast<int>(plan.steps.size());
  made.title = from.title.empty() ? render_action(action) : scope.expand(from.title);
  made.within = default_within(action);
  made.action = std::move(action);
  made.lane = lane_for(from, instance);
  made.component = static_cast<int>(instance);
  made.needs = std::move(needs);
  made.origin = from.origin;
  made.scope = plan.components[instance].name;
  add_evidence(from.evidence, instance, scope, made);
  made.say = scope.expand(from.say);
  made.warns = from.warns;
  if (const auto* service = std::get_if<Service>(&made.action); service != nullptr && !service->check.empty())
    for (const auto& each : instances()[instance].config) made.settings.emplace_back(each.key.value, source::render_place(each.key.span));
  plan.steps.push_back(std::move(made));
  return plan.steps.back().id;
}

void Builder::add_evidence(const std::vector<step::Step>& evidence, std::size_t instance, const topology::Scope& scope, Step& made) {
  for (const auto* from : there(evidence, instance)) {
    auto asked = *from;
    asked.action = expand(from->action, instance, scope);
    asked.title.value = scope.expand(from->title);
    asked.say.value = scope.expand(from->say);
    made.evidence.push_back(std::move(asked));
  }
}

std::vector<std::string> Builder::needed_by(std::size_t instance) const {
  std::vector<std::string> out;
  for (const auto& section : instances()[instance].playbook->needs) {
    const auto found = inputs_.topology.sections.find(section.value);
    if (found != inputs_.topology.sections.end() && !found->second.left_alone) out.push_back(section.value);
  }
  return out;
}

int Builder::gate(const std::string& title, const std::function<std::vector<int>()>& steps) {
  const auto [found, fresh] = gates_.try_emplace(title, static_cast<int>(plan.gates.size()));
  if (fresh) {
    auto& made = plan.gates.emplace_back(Gate{title, steps()});
    std::sort(made.steps.begin(), made.steps.end());
  }
  return found->second;
}

int Builder::gate_of(const std::string& section, const std::vector<std::vector<int>>& steps_of) {
  return gate("all of " + section, [&] {
    std::vector<int> out;
    const auto& members = inputs_.topology.sections.at(section);
    for (auto i = members.begin; i < members.begin + members.count; ++i) out.insert(out.end(), steps_of[i].begin(), steps_of[i].end());
    return out;
  });
}

std::vector<GateNeed> Builder::gates_before(std::size_t instance, const std::vector<std::vector<int>>& steps_of) {
  std::vector<GateNeed> out;
  for (const auto& section : needed_by(instance)) out.push_back({gate_of(section, steps_of), true});
  return out;
}

void Builder::pass_on(const std::vector<GateNeed>& gates, std::vector<int>& ready) const {
  for (const auto& need : gates) {
    const auto& others = plan.gates[static_cast<std::size_t>(need.gate)].steps;
    ready.insert(ready.end(), others.begin(), others.end());
  }
}

// All instances of a section need the same, so that whole sections come after each other.
std::vector<std::size_t> Builder::in_order() const {
  enum class State { fresh, under_way, done };
  std::vector<std::size_t> out;
  std::map<std::string, State> state;
  const std::function<void(const std::string&)> visit = [&](const std::string& name) {
    const auto& section = inputs_.topology.sections.at(name);
    if (state[name] == State::done || section.count == 0) return;
    if (state[name] == State::under_way) {
      diagnostics_.error("L002", fmt::format("`{}` needs itself, through others", name), instances()[section.begin].playbook->span);
      return;
    }
    state[name] = State::under_way;
    for (const auto& other : needed_by(section.begin)) visit(other);
    state[name] = State::done;
    for (std::size_t i = 0; i < section.count; ++i) out.push_back(section.begin + i);
  };
  for (const auto& instance : instances()) visit(instance.section);
  return out;
}

std::vector<std::string> Builder::services_of(std::size_t instance) {
  std::vector<std::string> out;
  const auto scope = scope_of(instance);
  for (const auto* each : there(instances()[instance].playbook->start, instance))
    if (const auto* service = std::get_if<Service>(&each->action)) out.push_back(scope.expand(service->name));
  return out;
}

}  // namespace tidelab::plan
