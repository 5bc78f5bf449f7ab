// Checks as plans: once for each instance, with their hops, orders and names of their own.
#include "unit/plan/plans.hpp"

using namespace tidelab;
using namespace tidelab::plan;

namespace {

const std::string lab = "global: {ssh_type: none}\nbases: [{host: a}, {host: b}]\ntops: [{host: b}]\nways: [{name: w}, {name: v}]\n";
const char* const health =
    "check: health\nof: bases\nsteps: [{id: up, hop: {title: \"${host} answers\"}, do: {tcp: {address: \"${host}:${port}\"}}}]\n";
const char* const travel = R"(check: travel
of: ways
steps:
  - {id: arm, do: {arm: {as: seen, observe: {consume: {bootstrap: h, topic: "${name}"}}}}}
  - {id: write, needs: [arm, health], hop: {place: A, title: written}, do: {exec: {argv: ["${token}", "${number}"]}}}
  - {id: old, do: {exec: {argv: [x]}}, after: [write]}
  - {id: there, after: [old], needs: [write], hop: {place: B, title: "${name} is there", since: write, about: bases, look_at: log}, do: {seen: {in: seen, find: {/v: "${token}"}}}, evidence: [{tcp: {address: "${first bases \"{host}:{port}\"}"}}]}
)";

}  // namespace

TEST_CASE("a check is done for each instance of its section, and only asks") {
  Planned p({bases, tops, ways}, lab);
  p.check(health);
  const auto plan = p.verify();
  CHECK(show(plan) == "0 a answers @a\n1 b answers @b\n");
  for (const auto& step : plan.steps) CHECK_FALSE(step.changes);
  REQUIRE(plan.steps[0].hop);
  CHECK(plan.steps[0].hop->check == "health");
  CHECK(plan.steps[0].hop->group == "");
  CHECK_FALSE(plan.steps[0].hop->travels);
}

TEST_CASE("hops, needs on other checks, orders, and observers of their own") {
  Planned p({bases, tops, ways}, lab);
  p.check(health).check(travel);
  const auto plan = p.verify();
  REQUIRE(plan.steps.size() == 10);
  CHECK(p.world.complaints() == "");
  CHECK(show(plan).find("3 written @controller 2 0 1\n") != std::string::npos);
  CHECK(show(plan).find("5 w is there @controller 3 ~4\n") != std::string::npos);
  CHECK(show(plan).find("9 v is there @controller 7 ~8\n") != std::string::npos);
  const auto& there = plan.steps[5];
  REQUIRE(there.hop);
  CHECK(there.hop->since == 3);
  CHECK(there.hop->travels);
  CHECK(there.hop->group == "w");
  CHECK(there.component == 0);
  REQUIRE(there.evidence.size() == 1);
  CHECK(step::render_action(there.evidence[0].action) == "tcp a:7000");
  const auto name = [&](std::size_t i) { return std::get<step::Arm>(plan.steps[i].action).as.value; };
  CHECK(name(2) != name(6));
  CHECK(std::get<step::Seen>(there.action).in.value == name(2));
  CHECK(there.scope != plan.steps[9].scope);
}

TEST_CASE("the token is unique to each instance, the number to the run") {
  Planned p({bases, tops, ways}, lab);
  p.check(health).check(travel);
  const auto plan = p.verify();
  const auto argv = [&](std::size_t i) { return std::get<step::Exec>(plan.steps[i].action).argv; };
  CHECK(argv(3)[0].value.starts_with("tok-"));
  CHECK(argv(3)[0].value != argv(7)[0].value);
  CHECK(argv(3)[1].value == "5");
}

TEST_CASE("checks and steps of other versions are not there, and needs on them fall away") {
  Planned p({bases, tops, ways}, lab);
  p.check("check: c\nof: bases\nversions: {bases: '>=2'}\nsteps: [{id: a, hop: {title: t}, do: {tcp: {address: h}}}]\n");
  CHECK(p.verify().steps.empty());
  Planned q({bases, tops, ways}, lab);
  q.check(
      "check: c\nof: tops\nsteps:\n  - {id: a, do: {versions: '>=2', tcp: {address: h}}}\n  - {id: b, needs: [a], hop: {title: t}, do: "
      "{tcp: {address: h}}}\n");
  CHECK(show(q.verify()) == "0 t @b\n");
  CHECK(q.world.complaints() == "");
}

TEST_CASE("C005: a need that is neither a step nor a check") {
  Planned p({bases, tops, ways}, lab);
  p.check("check: c\nof: tops\nsteps: [{id: a, needs: [nothing], hop: {title: t}, do: {tcp: {address: h}}}]\n");
  (void)p.verify();
  CHECK(p.world.brief() == "C005 3:25 `nothing` is neither a step of this check nor a check");
}

TEST_CASE("C006: a range that is none would drop its check in silence") {
  Planned p({bases, tops, ways}, lab);
  p.check("check: c\nof: tops\nversions: {tops: 2.x}\nsteps: [{id: a, hop: {title: t}, do: {tcp: {address: h}}}]\n");
  (void)p.verify();
  CHECK(p.world.brief().starts_with("C006 3:18 `2.x` is not a range of versions"));
}
