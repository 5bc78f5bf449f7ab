#include <iostream>
#include <sstream>

#include "cli/progress.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::cli;
using std::chrono::seconds;

namespace {

plan::Plan three(bool hops) {
  plan::Plan out;
  out.lanes = {{"controller", 0, "", ""}, {"10.0.0.1", 0, "", ""}};
  out.secrets = {"hush"};
  plan::Component component;
  component.title = "Broker", component.node = "10.0.0.1:9092";
  out.components = {component};
  for (int i = 0; i < 3; ++i) {
    plan::Step step;
    step.id = i;
    step.title = i == 0 ? "serves hush" : "is there";
    step.action = step::Dir{};
    step.lane = 1;
    step.component = i == 0 ? 0 : -1;
    if (hops && i > 0) step.hop = plan::Hop{"c", "", "", "is there", "", -1, false};
    out.steps.push_back(step);
  }
  return out;
}

}  // namespace

TEST_CASE("what is under way: n of m, how long the oldest has been waited for, and how many more") {
  const auto plan = three(false);
  UnderWay under_way(plan);
  CHECK(under_way.line(seconds(1)) == "");
  under_way({seconds(1), run::Started{0}});
  CHECK(under_way.line(seconds(8)) == "0 of 3, 7 s: Broker 10.0.0.1:9092 serves ***");
  under_way({seconds(2), run::Started{1}});
  CHECK(under_way.line(seconds(8)) == "0 of 3, 7 s: Broker 10.0.0.1:9092 serves ***, and 1 more");
  CHECK(under_way.oldest(seconds(8)) == seconds(7));
  under_way({seconds(9), run::Ended{0, run::Outcome::made, {}, {}, {}, {}}});
  CHECK(under_way.line(seconds(12)) == "1 of 3, 10 s: 10.0.0.1 is there");
  under_way({seconds(9), run::Ended{1, run::Outcome::held, {}, {}, {}, {}}});
  CHECK(under_way.line(seconds(12)) == "");
}

TEST_CASE("where there are hops, they are what is counted") {
  const auto plan = three(true);
  UnderWay under_way(plan);
  under_way({seconds(0), run::Started{0}});
  CHECK(under_way.line(seconds(0)) == "0 of 2, 0 s: Broker 10.0.0.1:9092 serves ***");
  under_way({seconds(1), run::Ended{0, run::Outcome::held, {}, {}, {}, {}}});
  under_way({seconds(1), run::Started{1}});
  CHECK(under_way.line(seconds(1)) == "0 of 2, 0 s: 10.0.0.1 is there");
}

TEST_CASE("what a step has to say when it made something stands below it, and only then") {
  auto plan = three(false);
  plan.steps[1].say = plan.steps[2].say = "it was made now";
  std::ostringstream said;
  auto* const before = std::cout.rdbuf(said.rdbuf());
  {
    Progress progress(plan, {true, false, false, -1});
    progress({seconds(1), run::Ended{1, run::Outcome::made, "it was made now", {}, {}, {}}});
    progress({seconds(2), run::Ended{2, run::Outcome::held, "", {}, {}, {}}});
  }
  std::cout.rdbuf(before);
  CHECK(said.str() == "    1.0s ✓ 10.0.0.1                           is there\n    1.0s · it was made now\n");
}
