// Checks × instances → one plan of claims, observers and writes.
#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "step/describe.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

using namespace step;
using check::Check;

namespace {

// One check for one instance: where its steps went.
struct Placed {
  const Check* check;
  std::size_t instance;
  std::map<std::string, int> ids;
};

// The hops of a check at the instances of one section.
struct Hops {
  std::vector<int> all;
  std::map<std::size_t, std::vector<int>> of;  // by instance
};

class VerifyMaker {
public:
  VerifyMaker(const Inputs& inputs, source::Diagnostics& diagnostics)
      : inputs_(inputs), diagnostics_(diagnostics), builder_(inputs, "verify", diagnostics) {}

  Plan make() {
    for (const auto& check : inputs_.checks) {
      check_ranges_of(check);
      for (std::size_t i = 0; i < builder_.instances().size(); ++i) {
        const auto& instance = builder_.instances()[i];
        if (instance.section == check.of.value &&
            topology::applies(check.versions, instance, inputs_.topology, topology::Outside::is_missing))
          add_check(check, i);
      }
    }
    for (const auto& use : uses_) connect(use);
    // Evidence says of a component that fails what its processes are.
    for (std::size_t i = 0; i < builder_.instances().size(); ++i) builder_.plan.components[i].services = builder_.services_of(i);
    builder_.plan.artifacts.clear();
    return std::move(builder_.plan);
  }

private:
  const Inputs& inputs_;
  source::Diagnostics& diagnostics_;
  Builder builder_;
  std::vector<Placed> uses_;
  std::map<std::string, std::map<std::string, Hops>> hops_;  // by name of the check and section
  const std::vector<int> none_;

  void check_ranges_of(const Check& check) {
    playbook::check_ranges(check.versions, "C006", diagnostics_);
    for (const auto& each : check.steps) {
      playbook::check_ranges({each.step}, "C006", diagnostics_);
      playbook::check_ranges(each.evidence, "C006", diagnostics_);
    }
  }

  void add_check(const Check& check, std::size_t i) {
    Placed use{&check, i, {}};
    auto scope = builder_.scope_of(i);
    const auto group = builder_.instances()[i].playbook->hostless ? builder_.plan.components[i].node : std::string();
    const auto prefix = fmt::format("{}-{}-{}/", check.name.value, builder_.instances()[i].section, i);
    scope.set("token", fmt::format("{}-{}", inputs_.token, topology::short_digest(check.name.value + std::to_string(i)).substr(0, 4)));
    scope.set("number", std::to_string(inputs_.number));
    for (const auto& [name, text] : check.lets) scope.set(name.value, scope.expand(text));
    for (const auto& each : check.steps) {
      if (!topology::applies(each.step.versions, builder_.instances()[i], inputs_.topology, topology::Outside::is_missing) ||
          !builder_.can_be_asked(each.step.action))
        continue;
      auto action = builder_.expand(each.step.action, i, scope);
      name_observers(action, prefix);
      const auto id = builder_.add(each.step, std::move(action), i, scope, {});
      auto& made = builder_.plan.steps[static_cast<std::size_t>(id)];
      made.changes = false;
      made.scope = prefix;
      if (each.within) made.within = *each.within;
      if (each.hop) {
        made.hop = make_hop(check, *each.hop, group, scope);
        if (made.hop->look_at.empty()) made.hop->look_at = builder_.asked_by_hand(each.step.action, scope);
        made.title = made.hop->title;
        if (!each.hop->about.empty())
          if (const auto about = builder_.first_of(each.hop->about.front().value); about >= 0) made.component = about;
      }
      builder_.add_evidence(each.evidence, i, scope, made);
      use.ids[each.id.value] = id;
      if (!each.hop) continue;
      auto& hops = hops_[check.name.value][builder_.instances()[i].section];
      hops.all.push_back(id);
      hops.of[i].push_back(id);
    }
    uses_.push_back(std::move(use));
  }

  static Hop make_hop(const Check& check, const check::Hop& from, const std::string& group, const topology::Scope& scope) {
    Hop made{check.name.value, group, scope.expand(from.place), scope.expand(from.title), scope.expand(from.look_at), -1, from.travels};
    for (const auto& section : from.about) made.about.push_back(section.value);
    made.drift = from.drift;
    made.warns = from.warns;
    made.heal = scope.expand(from.heal);
    return made;
  }

  // Observers are looked up by name at run time; two instances of a check must not share one.
  static void name_observers(Action& action, const std::string& prefix) {
    if (auto* arm = std::get_if<Arm>(&action)) arm->as.value = prefix + arm->as.value;
    if (auto* seen = std::get_if<Seen>(&action)) seen->in.value = prefix + seen->in.value;
    if (auto* absent = std::get_if<Absent>(&action)) absent->in.value = prefix + absent->in.value;
  }

  // A step of this check, or all hops of another check: of the same instance where both are about one section.
  void connect(const Placed& use) {
    for (const auto& each : use.check->steps) {
      const auto own = use.ids.find(each.id.value);
      if (own == use.ids.end()) continue;
      const auto made = static_cast<std::size_t>(own->second);
      for (const auto& name : each.needs) wait_for(use, name, made, true);
      for (const auto& name : each.after) wait_for(use, name, made, false);
      if (each.hop && !each.hop->since.empty()) builder_.plan.steps[made].hop->since = start_of(use, each.hop->since);
    }
  }

  void wait_for(const Placed& use, const source::Text& name, std::size_t step, bool must_hold) {
    auto& made = builder_.plan.steps[step];
    if (const auto own = own_step(use, name)) {
      if (*own >= 0) made.needs.push_back({*own, must_hold});
      return;
    }
    for (const auto& [section, hops] : hops_of(name)) {
      if (section == builder_.instances()[use.instance].section) {
        if (const auto found = hops.of.find(use.instance); found != hops.of.end())
          for (const auto id : found->second) made.needs.push_back({id, must_hold});
      } else {
        made.gates.push_back(
            {builder_.gate(fmt::format("{} of all {}", name.value, section), [&all = hops.all] { return all; }), must_hold});
      }
    }
  }

  // -1: there, but not for this version.
  static std::optional<int> own_step(const Placed& use, const source::Text& name) {
    if (const auto own = use.ids.find(name.value); own != use.ids.end()) return own->second;
    const auto& steps = use.check->steps;
    if (std::any_of(steps.begin(), steps.end(), [&](const auto& each) { return each.id.value == name.value; })) return -1;
    return std::nullopt;
  }

  const std::map<std::string, Hops>& hops_of(const source::Text& name) {
    const auto is_named = [&](const Check& check) { return check.name.value == name.value; };
    if (std::none_of(inputs_.checks.begin(), inputs_.checks.end(), is_named))
      diagnostics_.error("C005", fmt::format("`{}` is neither a step of this check nor a check", name.value), name.span);
    return hops_[name.value];
  }

  int start_of(const Placed& use, const source::Text& name) {
    if (const auto own = own_step(use, name)) return *own;
    int first = -1;
    for (const auto& [section, hops] : hops_of(name)) {
      const bool same_kind = section == builder_.instances()[use.instance].section;
      const auto found = hops.of.find(use.instance);
      const auto& ids = !same_kind ? hops.all : found == hops.of.end() ? none_ : found->second;
      for (const auto id : ids) first = first < 0 ? id : std::min(first, id);
    }
    return first;
  }
};

}  // namespace

Plan make_verify(const Inputs& inputs, source::Diagnostics& diagnostics) { return VerifyMaker(inputs, diagnostics).make(); }

}  // namespace tidelab::plan
