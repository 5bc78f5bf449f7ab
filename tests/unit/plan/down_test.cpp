// Taking away, stopping, starting, and asking who runs.
#include "unit/plan/plans.hpp"

using namespace tidelab;
using namespace tidelab::plan;

namespace {

const std::string lab = "global: {ssh_type: none}\nbases: [{host: a}, {host: b}]\ntops: [{host: b}]\nways: [{name: w}]\n";

}  // namespace

TEST_CASE("down: ways first, then services against their needs, then the hosts") {
  Planned p({bases, tops, ways}, lab);
  const auto plan = p.down();
  CHECK(show(plan) ==
        "0 exec first w @controller\n"
        "1 exec second w @controller ~0\n"
        "2 stop service top @b ~0 ~1\n"
        "3 stop service base-7000 @b ~0 ~1 ~2\n"
        "4 stop service base-7000 @a ~0 ~1 ~2\n"
        "5 remove what tidelab made @a 4\n"
        "6 remove what tidelab made @b 3 2\n");
  CHECK(plan.steps[0].lenient);
  CHECK_FALSE(plan.steps[2].lenient);
  CHECK(plan.artifacts.empty());
  CHECK(std::get<step::Halt>(plan.steps[3].action).within.value.count() == 5000);
}

TEST_CASE("stop and start, of all and of some") {
  Planned p({bases, tops, ways}, lab);
  CHECK(show(p.power(false)) == "0 stop service top @b\n1 stop service base-7000 @b ~0\n2 stop service base-7000 @a ~0\n");
  // What needs others is started behind them, as `up` does.
  CHECK(show(p.power(true)) ==
        "0 service base-7000 @a\n1 wait for tcp a:7000 @a 0\n2 service base-7000 @b\n3 wait for tcp b:7000 @b 2\n4 service top @b 1 3\n");
  p.nodes = {"b:7000"};
  CHECK(show(p.power(false)) == "0 stop service base-7000 @b\n");
  CHECK(show(p.power(true)) == "0 service base-7000 @b\n1 wait for tcp b:7000 @b 0\n");
  p.nodes = {"bases", "tops 1"};
  CHECK(p.power(false).steps.size() == 3);
}

TEST_CASE("a rolling restart stops each where it can be started again at once, groups as groups") {
  Planned p({bases, tops, ways}, lab);
  const auto plan = p.rolling_restart();
  CHECK(show(plan) ==
        "0 stop service base-7000 @a\n1 service base-7000 @a 0\n2 wait for tcp a:7000 @a 1\n"
        "3 stop service base-7000 @b\n4 service base-7000 @b 3\n5 wait for tcp b:7000 @b 4\n"
        "6 stop service top @b 2 5\n7 service top @b 6 2 5\n");
  REQUIRE(plan.groups.size() == 1);
  CHECK(plan.groups.front().members[1].steps == std::vector<int>{3, 4});
  // Who is not meant is not touched, and its word counts all the same.
  p.nodes = {"b:7000"};
  const auto one = p.rolling_restart();
  REQUIRE(one.groups.size() == 1);
  CHECK(one.groups.front().members[0].steps.empty());
  REQUIRE(one.groups.front().members[0].ready.size() == 1);
  CHECK(one.groups.front().members[0].ready.front().title == "wait for tcp a:7000");
}

TEST_CASE("L006: a node that is none is told once") {
  Planned p({bases, tops, ways}, lab);
  p.nodes = {"c:7000"};
  (void)p.power(true);
  CHECK(p.world.brief() == "L006 0:0 the lab has no node `c:7000` | nodes are a:7000, b:7000, b, w");
}

TEST_CASE("status asks for each service and whether it serves, and changes nothing") {
  Planned p({bases, tops, ways}, lab);
  const auto plan = p.status();
  CHECK(show(plan) ==
        "0 process base-7000 @a\n1 wait for tcp a:7000 @a\n2 process base-7000 @b\n3 wait for tcp b:7000 @b\n4 process top @b\n");
  for (const auto& step : plan.steps) CHECK_FALSE(step.changes);
}
