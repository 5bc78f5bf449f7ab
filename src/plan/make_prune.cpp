// Taking single instances away from a lab that stays.
#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "step/describe.hpp"

namespace tidelab::plan {

using namespace step;

namespace {

/// What an instance writes on its host.
struct Traces {
  std::vector<std::string> paths;   ///< what it makes there, whoever else does
  std::vector<std::string> shared;  ///< of these, data that lie in no directory which it has for itself
  std::vector<std::string> services;
};

class PruneMaker {
public:
  PruneMaker(const Inputs& inputs, source::Diagnostics& diagnostics)
      : builder_(inputs, "prune", diagnostics), steps_(builder_.instances().size()), traces_(builder_.instances().size()) {}

  Plan make() {
    const auto order = builder_.in_order();
    for (auto at = order.rbegin(); at != order.rend(); ++at)
      if (leaves(*at)) add_instance(*at);
    for (std::size_t lane = 1; lane < builder_.plan.lanes.size(); ++lane) add_rest(static_cast<int>(lane));
    builder_.add_leaving_groups();
    builder_.plan.artifacts.clear();
    return std::move(builder_.plan);
  }

private:
  Builder builder_;
  std::vector<std::vector<int>> steps_;  // by instance
  std::vector<std::optional<Traces>> traces_;
  std::string section_, before_;  // which is under way, and the one that went before it

  bool leaves(std::size_t i) const { return builder_.instances()[i].leaves; }
  bool is_lost(std::size_t i) const { return builder_.instances()[i].lost; }
  bool has_host(std::size_t i) const { return !builder_.instances()[i].playbook->hostless; }

  // A machine may have several names.
  bool on_one_machine(std::size_t i, std::size_t other) const {
    const int machine = builder_.instances()[i].machine;
    return builder_.lane_of(i) == builder_.lane_of(other) || (machine >= 0 && machine == builder_.instances()[other].machine);
  }

  bool some_stay(const std::string& section) const {
    const auto& members = builder_.sections().at(section);
    for (auto i = members.begin; i < members.begin + members.count; ++i)
      if (!leaves(i)) return true;
    return false;
  }

  // One section after the other, also where one before did not come to its end.
  std::vector<GateNeed> gates_for(const std::string& section) {
    if (section != section_) before_ = std::exchange(section_, section);
    if (before_.empty()) return {};
    return {{builder_.gate_of(before_, steps_), false}};
  }

  int add(const step::Step& from, Action action, std::size_t i, const std::vector<Need>& needs, const std::vector<GateNeed>& gates) {
    const bool asks = std::holds_alternative<Wait>(action);
    const auto id = builder_.add(from, std::move(action), i, builder_.scope_of(i), needs);
    auto& made = builder_.plan.steps[static_cast<std::size_t>(id)];
    made.gates = gates;
    made.changes = !asks;
    steps_[i].push_back(id);
    return id;
  }

  void chain(const std::vector<step::Step>& steps, std::size_t i, std::vector<Need>& needs, const std::vector<GateNeed>& gates) {
    for (const auto* from : builder_.there(steps, i))
      needs = {{add(*from, builder_.expand(from->action, i, builder_.scope_of(i)), i, needs, gates), true}};
  }

  void add_instance(std::size_t i) {
    const auto& instance = builder_.instances()[i];
    const auto& playbook = *instance.playbook;
    const auto gates = gates_for(instance.section);
    std::vector<Need> needs;
    if (playbook.hostless) return chain(playbook.remove, i, needs, gates);
    const bool from_a_group = some_stay(instance.section);  // else there is nobody whom it could leave
    if (from_a_group) chain(playbook.leave, i, needs, gates);
    if (is_lost(i)) {
      if (from_a_group) chain(playbook.left, i, needs, gates);
      builder_.plan.lanes[static_cast<std::size_t>(builder_.lane_of(i))].lost = true;
      return;
    }
    std::vector<Need> halted;
    for (const auto* from : builder_.there(playbook.start, i)) {
      if (!std::holds_alternative<Service>(from->action)) continue;
      const auto id = builder_.add_halt(*from, i, needs);
      builder_.plan.steps.back().gates = gates;
      steps_[i].push_back(id);
      halted.push_back({id, true});
    }
    if (from_a_group) chain(playbook.left, i, halted, gates);
    const Action action = sweep_of(i);
    add({action, instance.span, {}, {}, {}}, action, i, halted, gates);
  }

  const Traces& traces_of(std::size_t i) {
    if (traces_[i]) return *traces_[i];
    Traces out;
    const auto& instance = builder_.instances()[i];
    const auto scope = builder_.scope_of(i);
    const auto is_its_own = [&](const std::string& path) {
      return std::any_of(instance.values.begin(), instance.values.end(), [&](const auto& each) {
        const auto& value = each.second;
        const auto below = [&](const source::Text& dir) { return !dir.empty() && at_or_below(path, dir.value); };
        if (value.type == playbook::Type::dir) return below(value.text);
        return value.type == playbook::Type::dirs && std::any_of(value.list.begin(), value.list.end(), below);
      });
    };
    const auto add_path = [&](std::string path) {
      if (!path.empty()) out.paths.push_back(std::move(path));
    };
    for (const auto* from : builder_.there(instance.playbook->install, i)) {
      if (std::holds_alternative<Line>(from->action) || !from->on.empty()) continue;
      const auto action = builder_.expand(from->action, i, scope);
      add_path(written_path(action));
      const auto* dir = std::get_if<Dir>(&action);
      if (dir != nullptr && dir->holds.value == "data" && !is_its_own(dir->path.value)) out.shared.push_back(dir->path.value);
    }
    for (const auto* from : builder_.there(instance.playbook->start, i))
      if (const auto* service = std::get_if<Service>(&from->action)) {
        out.services.push_back(scope.expand(service->name));
        add_path(scope.expand(service->log));
      }
    for (const auto& each : builder_.plan.components[i].log_look.also) add_path(each);
    return traces_[i].emplace(std::move(out));
  }

  // What others have made, too: where they are on the same machine; and what may be one directory on all hosts, wherever they are.
  template <class Who>
  std::set<std::string> paths_of_others(std::size_t leaving, Who who) {
    std::set<std::string> out;
    const auto& shared = traces_of(leaving).shared;
    for (std::size_t i = 0; i < builder_.instances().size(); ++i) {
      if (i == leaving || !has_host(i) || !who(i)) continue;
      const bool here = on_one_machine(i, leaving);
      for (const auto& path : traces_of(i).paths)
        if (here || std::find(shared.begin(), shared.end(), path) != shared.end()) out.insert(path);
    }
    return out;
  }

  static bool lies_within(const std::string& path, const std::set<std::string>& all) {
    return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each != path && at_or_below(path, each); });
  }

  // What of `paths` goes where `kept` stays.
  static void add_paths(Sweep& sweep, const std::vector<std::string>& paths, const std::set<std::string>& kept) {
    std::set<std::string> going, stays;
    for (const auto& path : paths) {
      if (kept.contains(path)) continue;
      going.insert(path);
      std::copy_if(kept.begin(), kept.end(), std::inserter(stays, stays.end()), [&](const auto& each) { return at_or_below(each, path); });
    }
    for (const auto& path : going)
      if (!lies_within(path, going)) sweep.paths.push_back({path, {}});
    for (const auto& path : stays)
      if (!lies_within(path, stays)) sweep.keep.push_back({path, {}});
  }

  Sweep sweep_of(std::size_t i) {
    Sweep out;
    add_paths(out, traces_of(i).paths, paths_of_others(i, [](std::size_t) { return true; }));
    for (const auto& service : traces_of(i).services) out.services.push_back({service, {}});
    for (const auto port : builder_.plan.components[i].ports) out.ports.push_back({std::to_string(port), {}});
    return out;
  }

  // When all who leave a host have: what they had in common; and where nobody stays, whatever is left of the lab.
  void add_rest(int lane) {
    Sweep sweep;
    std::vector<Need> needs;
    std::vector<std::string> paths;
    std::set<std::string> kept;
    std::size_t someone = 0;
    bool some_stay = false;
    for (std::size_t i = 0; i < builder_.instances().size(); ++i) {
      if (builder_.lane_of(i) != lane) continue;
      if (!leaves(i)) {
        some_stay = true;
        continue;
      }
      if (is_lost(i)) return;  // and so are all of this host
      someone = i;
      for (const auto id : steps_[i]) needs.push_back({id, true});
      for (const auto& path : traces_of(i).paths) paths.push_back(path);
      kept.merge(paths_of_others(i, [this](std::size_t other) { return !leaves(other); }));
      for (std::size_t other = 0; other < builder_.instances().size(); ++other)
        some_stay = some_stay || (!leaves(other) && has_host(other) && on_one_machine(i, other));
    }
    if (needs.empty()) return;
    if (some_stay) {
      const auto gone = paths_swept(lane);
      std::erase_if(paths, [&](const auto& path) { return gone.contains(path) || lies_within(path, gone); });
      add_paths(sweep, paths, kept);
      if (sweep.paths.empty()) return;
    } else {
      sweep.unused = {"true", {}};
      for (const auto& path : kept) sweep.keep.push_back({path, {}});
    }
    const Action action = std::move(sweep);
    const auto id = builder_.add({action, {}, {}, {}, {}}, action, someone, builder_.scope_of(someone), needs);
    builder_.plan.steps[static_cast<std::size_t>(id)].component = -1;
  }

  // By the steps that the plan has so far.
  std::set<std::string> paths_swept(int lane) const {
    std::set<std::string> out;
    for (const auto& step : builder_.plan.steps)
      if (const auto* sweep = std::get_if<Sweep>(&step.action); sweep != nullptr && step.lane == lane)
        for (const auto& path : sweep->paths) out.insert(path.value);
    return out;
  }
};

}  // namespace

namespace {

struct OnHost {
  bool found = false;
  void of(const Action& action) {
    std::visit(
        [&](const auto& word) {
          using W = std::decay_t<decltype(word)>;
          found = found || word.facts.runs == Runs::on_host || std::is_same_v<W, Exec> || std::is_same_v<W, Process> ||
                  std::is_same_v<W, Follow>;
          fields(word, *this);
        },
        action);
  }
  void operator()(std::string_view, const std::vector<step::Step>& steps, Use) {
    for (const auto& each : steps) of(each.action);
  }
  template <class Other>
  void operator()(std::string_view, const Other&, Use) const {}
};

}  // namespace

std::vector<std::string> undoable(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& step : plan.steps) {
    if (!plan.lanes[static_cast<std::size_t>(step.lane)].lost) continue;
    OnHost search;
    search.of(step.action);
    if (search.found) out.push_back(fmt::format("{}: {}", step.scope, step.title));
  }
  return out;
}

Plan make_prune(const Inputs& inputs, source::Diagnostics& diagnostics) { return PruneMaker(inputs, diagnostics).make(); }

}  // namespace tidelab::plan
