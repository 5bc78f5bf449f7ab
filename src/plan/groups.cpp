// Instances of one section serve together, so no two of them are changed at once: what of the plan belongs to each.
#include <algorithm>
#include <set>

#include "plan/builder.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

namespace {

// Steps that another component's steps need: of a tree that several live in, say. They cannot wait for one member's turn.
std::set<int> shared_steps(const Plan& plan) {
  std::set<int> out;
  for (const auto& step : plan.steps)
    for (const auto& need : step.needs)
      if (plan.steps[static_cast<std::size_t>(need.step)].component != step.component) out.insert(need.step);
  return out;
}

// What asks, of steps that may act, too.
std::vector<step::Step> waits_of(const std::vector<step::Step>& steps) {
  std::vector<step::Step> out;
  for (const auto& each : steps)
    if (std::holds_alternative<step::Wait>(each.action)) out.push_back(each);
  return out;
}

// A step that none of the same component needs is what ends a member's change.
std::vector<int> ends_of(const Plan& plan, int component) {
  std::set<int> needed;
  std::vector<int> out;
  for (const auto& step : plan.steps)
    if (step.component == component)
      for (const auto& need : step.needs) needed.insert(need.step);
  for (const auto& step : plan.steps)
    if (step.component == component && !needed.contains(step.id)) out.push_back(step.id);
  return out;
}

Group::Member member_of(const Plan& plan, int component, const std::set<int>& shared) {
  Group::Member out;
  out.component = component;
  out.ends = ends_of(plan, component);
  for (const auto& step : plan.steps) {
    if (step.component != component) continue;
    if (!step.changes)
      out.ready.push_back(step);
    else if (!shared.contains(step.id))
      out.steps.push_back(step.id);
    if (std::holds_alternative<step::Service>(step.action)) out.services.push_back(step.id);
    if (const auto* dir = std::get_if<step::Dir>(&step.action); dir != nullptr && dir->holds.value == "data") out.data.push_back(step.id);
  }
  return out;
}

}  // namespace

std::string why_at_once(const Group& group,
                        const std::function<bool(const Group::Member& member, const std::string& artifact)>& gets_another) {
  for (const auto& [artifact, since] : group.together) {
    const auto gets = [&, &name = artifact](const Group::Member& member) { return gets_another(member, name); };
    if (std::count_if(group.members.begin(), group.members.end(), gets) > 1) return since;
  }
  return {};
}

std::string order_of(const Group& group, const std::string& at_once) {
  if (!at_once.empty()) return "at once, since " + at_once;
  const bool led = std::any_of(group.members.begin(), group.members.end(), [](const auto& each) { return !each.leads.empty(); });
  return led ? "one after the other, the one that leads last" : "one after the other";
}

// A step like any other, which stands in no list: whoever needs its answer asks.
std::vector<Step> Builder::questions_of(const std::vector<step::Step>& steps, std::size_t instance) {
  std::vector<Step> out;
  const auto scope = scope_of(instance);
  for (const auto* from : there(steps, instance)) {
    add(*from, expand(from->action, instance, scope), instance, scope, {});
    out.push_back(std::move(plan.steps.back()));
    plan.steps.pop_back();
    out.back().id = -1, out.back().changes = false;
  }
  return out;
}

void Builder::add_questions(Group::Member& member, std::size_t instance) {
  const auto& playbook = *instances()[instance].playbook;
  member.leads = questions_of(playbook.leads, instance);
  member.whole = questions_of(playbook.whole, instance);
}

void Builder::add_leaving_groups() {
  for (const auto& [name, section] : sections()) {
    const auto first = instances().begin() + static_cast<std::ptrdiff_t>(section.begin);
    const auto last = first + static_cast<std::ptrdiff_t>(section.count);
    const auto leave = std::count_if(first, last, [](const auto& each) { return each.leaves; });
    if (section.left_alone || first->playbook->hostless || leave == 0 || leave == last - first) continue;
    Group made;
    made.section = name;
    for (auto i = section.begin; i < section.begin + section.count; ++i) {
      Group::Member member;
      member.component = static_cast<int>(i), member.leaves = instances()[i].leaves, member.lost = instances()[i].lost;
      member.ends = ends_of(plan, member.component);
      for (const auto& step : plan.steps) {
        if (step.component != member.component) continue;
        member.steps.push_back(step.id);
        if (member.lost || std::holds_alternative<step::Halt>(step.action)) member.services.push_back(step.id);
      }
      member.ready = questions_of(waits_of(instances()[i].playbook->ready), i);
      add_questions(member, i);
      made.members.push_back(std::move(member));
    }
    plan.groups.push_back(std::move(made));
  }
}

void Builder::add_groups() {
  const auto shared = shared_steps(plan);
  for (const auto& [name, section] : sections()) {
    if (section.count < 2 || section.left_alone) continue;
    Group made;
    made.section = name;
    made.joins_one_at_a_time = instances()[section.begin].playbook->joins.value == "one_at_a_time";
    for (auto i = section.begin; i < section.begin + section.count; ++i) {
      auto member = member_of(plan, static_cast<int>(i), shared);
      const auto& playbook = *instances()[i].playbook;
      if (member.services.empty()) member.ready = questions_of(waits_of(playbook.ready), i);  // this plan leaves it alone
      add_questions(member, i);
      made.members.push_back(std::move(member));
    }
    for (const auto& each : instances()[section.begin].playbook->together)
      if (topology::applies(each.versions, instances()[section.begin], inputs_.topology))
        made.together.emplace_back(each.artifact.value, each.since.value);
    plan.groups.push_back(std::move(made));
  }
}

}  // namespace tidelab::plan
