// Bringing up: what must be true on each host, as early as its needs allow.
#include <initializer_list>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "step/describe.hpp"

namespace tidelab::plan {

using namespace step;

std::string written_path(const Action& action) {
  return std::visit(overloaded{
                        [](const Dir& w) { return w.path.value; },
                        [](const File& w) { return w.path.value; },
                        [](const Line& w) { return w.path.value; },
                        [](const Unpack& w) { return w.into.value; },
                        [](const Place& w) { return w.path.value; },
                        [](const Service&) { return std::string(); },
                        [](const Halt&) { return std::string(); },
                        [](const Sweep&) { return std::string(); },
                        [](const User&) { return std::string(); },
                        [](const NotOnHost auto&) { return std::string(); },
                    },
                    action);
}

bool at_or_below(const std::string& path, const std::string& top) { return path == top || path.starts_with(top + "/"); }

namespace {

class UpMaker {
public:
  UpMaker(const Inputs& inputs, source::Diagnostics& diagnostics)
      : inputs_(inputs), builder_(inputs, "up", diagnostics), ready_(builder_.instances().size()) {}

  Plan make() {
    add_users();
    for (const auto i : builder_.in_order()) {
      if (builder_.instances()[i].playbook->hostless)
        add_hostless(i);
      else
        add_instance(i);
    }
    builder_.add_groups();
    builder_.add_daily(Builder::Show::nothing);
    return std::move(builder_.plan);
  }

private:
  const Inputs& inputs_;
  Builder builder_;
  std::vector<std::vector<int>> ready_;  // by instance: what others wait for
  std::map<int, int> user_of_lane_;
  std::unordered_map<std::string, std::vector<int>> known_steps_;  // by lane and title: identical steps on one host merge

  void add_users() {
    if (inputs_.topology.global.ssh_type.value == "none") return;
    for (std::size_t i = 0; i < builder_.instances().size(); ++i) {
      const auto lane = builder_.lane_of(i);
      if (lane == 0 || user_of_lane_.contains(lane)) continue;
      const Action action = User{inputs_.topology.global.user};
      step::Step from{action, inputs_.topology.global.user.span, {}, {}, {}};
      user_of_lane_[lane] = builder_.add(from, action, i, builder_.scope_of(i), {});
    }
  }

  int add_merged(const step::Step& from, Action action, std::size_t i, const topology::Scope& scope, std::vector<Need> needs) {
    auto& alike = known_steps_[fmt::format("{} {}", builder_.lane_for(from, i), render_action(action))];
    if (!alike.empty()) {  // the whole of an action is long, and seldom needed
      const auto whole = render_fields(action, 0);
      for (const auto id : alike)
        if (render_fields(builder_.plan.steps[static_cast<std::size_t>(id)].action, 0) == whole) return id;
    }
    alike.push_back(builder_.add(from, std::move(action), i, scope, std::move(needs)));
    return alike.back();
  }

  // A step of `install` waits for those before it that made a directory above it; what may touch anything waits for all. An archive
  // also for what was made below its place: else it could make a directory that the list of the host has from an earlier life.
  std::vector<int> add_install(std::size_t i, const topology::Scope& scope) {
    std::vector<std::pair<int, std::string>> done;
    std::vector<int> ids;
    for (const auto* from : builder_.there(builder_.instances()[i].playbook->install, i)) {
      auto action = builder_.expand(from->action, i, scope);
      const auto path = written_path(action);
      const bool unpacks = std::holds_alternative<Unpack>(action);
      std::vector<Need> needs;
      if (const auto user = user_of_lane_.find(builder_.lane_of(i)); user != user_of_lane_.end()) needs.push_back({user->second, true});
      for (const auto& [id, other] : done) {
        const bool both_unpack = unpacks && std::holds_alternative<Unpack>(builder_.plan.steps[static_cast<std::size_t>(id)].action);
        const bool may_make_it = unpacks && at_or_below(other, path);  // an archive may have a directory of that name
        if (path.empty() || other.empty() || ((at_or_below(path, other) || may_make_it) && !both_unpack)) needs.push_back({id, true});
      }
      const auto id = add_merged(*from, std::move(action), i, scope, std::move(needs));
      done.emplace_back(id, path);
      ids.push_back(id);
    }
    return ids;
  }

  void add_instance(std::size_t i) {
    const auto scope = builder_.scope_of(i);
    const auto& playbook = *builder_.instances()[i].playbook;
    std::vector<Need> needs;
    for (const auto id : add_install(i, scope)) needs.push_back({id, true});
    chain(i, scope, {&playbook.start, &playbook.ready}, std::move(needs));
    builder_.plan.components[i].services = builder_.services_of(i);
  }

  // One after the other, the first of them after `needs` and all sections that the instance needs. What comes of it is what others wait
  // for.
  void chain(std::size_t i, const topology::Scope& scope, std::initializer_list<const std::vector<step::Step>*> parts,
             std::vector<Need> needs) {
    auto gates = builder_.gates_before(i, ready_);
    for (const auto* steps : parts) {
      for (const auto* from : builder_.there(*steps, i)) {
        auto action = builder_.expand(from->action, i, scope);
        const bool asks = std::holds_alternative<Wait>(action);
        const auto id = builder_.add(*from, std::move(action), i, scope, std::move(needs));
        auto& made = builder_.plan.steps[static_cast<std::size_t>(id)];
        made.changes = !asks;
        made.gates = std::exchange(gates, {});
        needs = {{id, true}};
      }
    }
    for (const auto& need : needs) ready_[i].push_back(need.step);
    builder_.pass_on(gates, ready_[i]);
  }

  void add_hostless(std::size_t i) {
    const auto scope = builder_.scope_of(i);
    const auto& playbook = *builder_.instances()[i].playbook;
    chain(i, scope, {&playbook.install, &playbook.start, &playbook.ready}, {});
  }
};

}  // namespace

Plan make_up(const Inputs& inputs, source::Diagnostics& diagnostics) { return UpMaker(inputs, diagnostics).make(); }

}  // namespace tidelab::plan
