// What people see and use of the components by hand, with literal values.
#include "plan/builder.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

namespace {

void expand(step::Match& match, const topology::Scope& scope) {
  for (auto& each : match) {
    each.pointer.value = scope.expand(each.pointer);
    each.value.value = scope.expand(each.value);
  }
}

}  // namespace

void Builder::add_daily(Show show) {
  for (std::size_t i = 0; i < instances().size(); ++i) {
    const auto& instance = instances()[i];
    const auto& playbook = *instance.playbook;
    const auto scope = scope_of(i);
    auto& made = plan.components[i];
    const auto there = [&](const auto& each) { return topology::applies(each.versions, instance, inputs_.topology); };
    const auto has = [&](const source::Text& param) {
      const auto found = instance.values.find(param.value);
      return found != instance.values.end() && !found->second.text.empty();
    };
    for (const auto& each : playbook.tools.path) made.tools.path.push_back(scope.expand(each));
    for (const auto& [name, value] : playbook.tools.env) made.tools.env.emplace_back(name.value, scope.expand(value));
    for (const auto& each : playbook.opens) {
      if (!there(each) || (!each.given.empty() && !has(each.given)) || (!each.unless.empty() && has(each.unless))) continue;
      Opened opened{scope.expand(each.title), scope.expand(each.line), {}};
      if (!each.when.empty()) opened.when = this->expand(each.when.front().action, i, scope);
      made.opens.push_back(std::move(opened));
    }
    for (const auto& each : playbook.shows) {
      if (show == Show::nothing || !there(each) || each.ask.empty() || !can_be_asked(each.ask.front().action)) continue;
      const auto& ask = each.ask.front().action;
      const auto at = [&](const source::Text& pointer) { return pointer_of(ask, pointer).value; };
      Shown shown{scope.expand(each.title),  this->expand(ask, i, scope), lane_for(each.ask.front(), i), at(each.state), each.good, {}, {},
                  scope.expand(each.missing)};
      point(ask, shown.good);
      plan::expand(shown.good, scope);
      for (const auto& [name, pointer] : each.says) shown.says.emplace_back(name.value, at(pointer));
      for (const auto& age : each.ages) shown.ages.push_back({age.name.value, at(age.pointer), age.per_ms});
      made.shows.push_back(std::move(shown));
    }
  }
}

}  // namespace tidelab::plan
