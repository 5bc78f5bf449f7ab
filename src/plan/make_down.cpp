// Taking away, and the small plans over services: stop, start, status.
#include <map>
#include <utility>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "step/describe.hpp"

namespace tidelab::plan {

using namespace step;

int Builder::add_halt(const step::Step& from, std::size_t i, const std::vector<Need>& needs) {
  const auto scope = scope_of(i);
  const auto& service = std::get<Service>(from.action);
  const Action action = Halt{{scope.expand(service.name), service.name.span}, service.stop_within};
  step::Step like = from;
  like.title = {};
  return add(like, action, i, scope, needs);
}

namespace {

// Ids of the halts of each instance, in reverse order of need: who needs others is stopped before them.
std::vector<std::vector<int>> add_halts(Builder& builder, const std::vector<Need>& first) {
  std::vector<std::vector<int>> halts(builder.instances().size());
  std::map<std::string, std::vector<std::string>> dependents;  // by section, the sections that need it
  for (const auto& [name, section] : builder.sections()) {
    if (section.left_alone || section.count == 0) continue;
    for (const auto& needed : builder.needed_by(section.begin)) dependents[needed].push_back(name);
  }
  const auto order = builder.in_order();
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const auto i = *at;
    const auto& instance = builder.instances()[i];
    if (instance.playbook->hostless || !builder.chosen(i)) continue;
    std::vector<GateNeed> gates;
    for (const auto& section : dependents[instance.section]) gates.push_back({builder.gate_of(section, halts), false});
    for (const auto* from : builder.there(instance.playbook->start, i)) {
      if (!std::holds_alternative<Service>(from->action)) continue;
      halts[i].push_back(builder.add_halt(*from, i, first));
      builder.plan.steps.back().gates = gates;
    }
  }
  return halts;
}

// One for each host: what stays there, and which ports must be closed.
Sweep sweep_of(Builder& builder, int lane, const Keep& keep) {
  Sweep out;
  for (std::size_t i = 0; i < builder.instances().size(); ++i) {
    if (builder.lane_of(i) != lane) continue;
    const auto& component = builder.plan.components[i];
    const auto stays = [&](const std::vector<std::string>& dirs) {
      for (const auto& each : dirs) out.keep.push_back({each, {}});
    };
    if (keep.data) stays(component.data_dirs);
    if (keep.logs) stays(component.log_dirs);
    for (const auto port : component.ports) out.ports.push_back({std::to_string(port), {}});
  }
  return out;
}

}  // namespace

Plan make_down(const Inputs& inputs, const Keep& keep, source::Diagnostics& diagnostics) {
  Builder builder(inputs, "down", diagnostics);
  std::vector<Need> removed;
  for (std::size_t i = 0; i < builder.instances().size() && !keep.data; ++i) {
    const auto& playbook = *builder.instances()[i].playbook;
    const auto scope = builder.scope_of(i);
    std::vector<Need> before;
    for (const auto* from : builder.there(playbook.remove, i)) {
      const auto id = builder.add(*from, builder.expand(from->action, i, scope), i, scope, before);
      builder.plan.steps[static_cast<std::size_t>(id)].lenient = true;
      before = {{id, false}};
      removed.push_back({id, false});
    }
  }
  const auto halts = add_halts(builder, removed);
  for (std::size_t lane = 1; lane < builder.plan.lanes.size(); ++lane) {
    std::vector<Need> needs;
    std::size_t someone = 0;
    for (std::size_t i = 0; i < halts.size(); ++i) {
      if (builder.lane_of(i) != static_cast<int>(lane)) continue;
      someone = i;
      for (const auto id : halts[i]) needs.push_back({id, true});
    }
    const Action action = sweep_of(builder, static_cast<int>(lane), keep);
    step::Step from{action, {}, {}, {}, {}};
    const auto id = builder.add(from, action, someone, builder.scope_of(someone), needs);
    builder.plan.steps[static_cast<std::size_t>(id)].component = -1;
  }
  builder.plan.artifacts.clear();
  return std::move(builder.plan);
}

namespace {

// One after the other, the first of them behind all sections that the instance needs; what comes of it is what others wait for.
void add_start(Builder& builder, std::size_t i, std::vector<Need> needs, std::vector<std::vector<int>>& ready) {
  const auto& playbook = *builder.instances()[i].playbook;
  const auto scope = builder.scope_of(i);
  auto gates = builder.gates_before(i, ready);
  for (const auto* steps : {&playbook.start, &playbook.ready}) {
    for (const auto* from : builder.there(*steps, i)) {
      const auto id = builder.add(*from, builder.expand(from->action, i, scope), i, scope, needs);
      builder.plan.steps.back().changes = steps == &playbook.start;
      builder.plan.steps.back().gates = std::exchange(gates, {});
      needs = {{id, true}};
    }
  }
  for (const auto& need : needs) ready[i].push_back(need.step);
  builder.pass_on(gates, ready[i]);
}

// Of one instance; behind what it needs, so that nothing is stopped before it can be started again.
std::vector<Need> add_stop(Builder& builder, std::size_t i, const std::vector<std::vector<int>>& ready) {
  const auto gates = builder.gates_before(i, ready);
  std::vector<Need> out;
  for (const auto* from : builder.there(builder.instances()[i].playbook->start, i)) {
    if (!std::holds_alternative<Service>(from->action)) continue;
    out.push_back({builder.add_halt(*from, i, {}), true});
    builder.plan.steps.back().gates = gates;
  }
  return out;
}

}  // namespace

Plan make_power(const Inputs& inputs, Power power, source::Diagnostics& diagnostics) {
  static const std::map<Power, const char*> names = {{Power::start, "start"}, {Power::stop, "stop"}, {Power::restart, "restart"}};
  Builder builder(inputs, names.at(power), diagnostics);
  if (power == Power::stop) {
    add_halts(builder, {});
    return std::move(builder.plan);
  }
  std::vector<std::vector<int>> ready(builder.instances().size());
  for (const auto i : builder.in_order()) {
    if (builder.instances()[i].playbook->hostless || !builder.chosen(i)) continue;
    add_start(builder, i, power == Power::restart ? add_stop(builder, i, ready) : std::vector<Need>(), ready);
  }
  if (power == Power::restart) builder.add_groups();
  return std::move(builder.plan);
}

namespace {

// What `up` waits for: the protocol's own word on whether an instance serves.
void add_questions(Builder& builder, std::size_t i) {
  const auto scope = builder.scope_of(i);
  std::vector<Need> before;
  for (const auto* from : builder.there(builder.instances()[i].playbook->ready, i)) {
    if (!std::holds_alternative<Wait>(from->action)) continue;
    const auto id = builder.add(*from, builder.expand(from->action, i, scope), i, scope, before);
    builder.plan.steps[static_cast<std::size_t>(id)].changes = false;
    before = {{id, false}};  // an earlier answer may give what a later question needs
  }
}

}  // namespace

Plan make_status(const Inputs& inputs, source::Diagnostics& diagnostics) {
  Builder builder(inputs, "status", diagnostics);
  for (std::size_t i = 0; i < builder.instances().size(); ++i) {
    for (const auto& name : builder.services_of(i)) {
      const Action action = Process{{name, {}}, {}};
      step::Step from{action, builder.instances()[i].span, {}, {}, {}};
      const auto id = builder.add(from, action, i, builder.scope_of(i), {});
      builder.plan.steps[static_cast<std::size_t>(id)].changes = false;
    }
    add_questions(builder, i);
  }
  builder.add_groups();
  builder.add_daily(Builder::Show::states);
  return std::move(builder.plan);
}

}  // namespace tidelab::plan
