// A plan in the shape that `up` gives a lab of many instances: some on each host, one section after the other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "run/effects.hpp"

namespace tidelab::support {

class LargePlan {
public:
  explicit LargePlan(int instances, int on_a_host = 8) {
    const int hosts = (instances + on_a_host - 1) / on_a_host;
    plan.lanes.push_back({"controller", 22, "u", "/s"});
    for (int host = 1; host <= hosts; ++host) {
      plan.lanes.push_back({"h" + std::to_string(host), 22, "u", "/s"});
      add("user", host, {});
    }
    int made = 0;
    for (const int members : {instances / 10, instances * 7 / 10, instances - instances / 10 - instances * 7 / 10}) {
      plan::Gate ready{"all of section " + std::to_string(plan.gates.size()), {}};
      for (const int end = made + members; made < end; ++made) ready.steps.push_back(add_instance(1 + made % hosts));
      plan.gates.push_back(std::move(ready));
    }
  }

  plan::Plan plan;

  /// What the words of the step would say.
  static run::Joins joins(const plan::Step& step) {
    if (step.title == "unpack" || step.title == "wait") return run::Joins::never;
    return step.title == "service" ? run::Joins::once : run::Joins::always;
  }

private:
  int add(const std::string& title, int lane, std::vector<plan::Need> needs) {
    plan::Step made;
    made.id = static_cast<int>(plan.steps.size());
    made.title = title;
    made.lane = lane;
    made.needs = std::move(needs);
    made.within = std::chrono::minutes(5);
    made.changes = title != "wait";
    plan.steps.push_back(std::move(made));
    return plan.steps.back().id;
  }

  int add_instance(int host) {
    const int dir = add("dir", host, {{host - 1, true}});
    const int unpacked = add("unpack", host, {{dir, true}});
    const int file = add("file", host, {{dir, true}}), other = add("file", host, {{dir, true}});
    const int service = add("service", host, {{unpacked, true}, {file, true}, {other, true}});
    if (!plan.gates.empty()) plan.steps.back().gates.push_back({static_cast<int>(plan.gates.size()) - 1, true});
    return add("wait", host, {{service, true}});
  }
};

}  // namespace tidelab::support
