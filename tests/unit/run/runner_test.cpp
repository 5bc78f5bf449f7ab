// Plans carried out in a fake world: order, trouble, interruption, and what is told about it.
#include "run/runner.hpp"

#include "support/catch.hpp"
#include "support/fake_effects.hpp"
#include "support/large_plan.hpp"

using namespace tidelab;
using namespace tidelab::run;
using support::FakeEffects;

namespace {

using Needs = std::vector<std::vector<plan::Need>>;  // of each step

plan::Plan make_plan(const Needs& needs) {
  plan::Plan out;
  out.lanes = {{"controller", 22, "u", "/s"}, {"h1", 22, "u", "/s"}, {"h2", 22, "u", "/s"}};
  for (const auto& each : needs) {
    plan::Step made;
    made.id = static_cast<int>(out.steps.size());
    made.title = "step " + std::to_string(made.id);
    made.lane = 1;
    made.needs = each;
    made.within = std::chrono::minutes(5);
    out.steps.push_back(std::move(made));
  }
  return out;
}

struct Run {
  plan::Plan plan;
  FakeEffects effects;
  std::stop_source stop;
  Options options;
  std::vector<Event> events;
  bool all = false;

  explicit Run(const Needs& needs) : plan(make_plan(needs)) {}

  Run& go() {
    all = carry_out(
        plan, Opened{}, effects, [this](const Event& e) { events.push_back(e); }, stop.get_token(), options);
    return *this;
  }
  const Ended& end_of(int step) const {
    for (const auto& each : events)
      if (const auto* ended = std::get_if<Ended>(&each.what); ended != nullptr && ended->step == step) return *ended;
    FAIL("step " << step << " never ended");
    throw 0;
  }
  // `made held failed blocked`
  std::string outcomes() const {
    std::string out;
    for (const auto& each : plan.steps) out += (out.empty() ? "" : " ") + std::string(name_of(end_of(each.id).outcome));
    return out;
  }
  void fails(int step, step::Why why = step::Why::failed) {
    effects.acts[step] = [why](const Control&) -> step::Result<Done> { return step::fail(why, "no"); };
  }
  void holds(int step) { effects.looks[step] = {Looked::State::holds, "as it must be"}; }
};

const Looked differs{Looked::State::differs, "not there"};

// Waits until the wish to stop arrives, as every real effect does.
step::Result<Done> until_stopped(const Control& control) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, control.stop, [] { return false; });
  return step::fail(step::Why::interrupted, "stopped");
}

}  // namespace

TEST_CASE("steps are carried out in the order of their needs") {
  Run run(Needs{{{2, true}}, {{0, true}}, {}});
  CHECK(run.go().all);
  CHECK(run.effects.performed() == std::vector<int>{2, 0, 1});
  CHECK(run.outcomes() == "made made made");
}

TEST_CASE("the first event tells the plan, the last what it cost") {
  Run run(Needs{{}, {{0, true}, {0, false}}});
  run.go();
  const auto* opened = std::get_if<Opened>(&run.events.front().what);
  REQUIRE(opened != nullptr);
  CHECK(opened->lanes == std::vector<std::string>{"controller", "h1", "h2"});
  REQUIRE(opened->steps.size() == 2);
  CHECK(opened->steps[1].title == "step 1");
  CHECK(opened->steps[1].blocked_by == std::vector<int>{0});
  const auto* closed = std::get_if<Closed>(&run.events.back().what);
  REQUIRE(closed != nullptr);
  CHECK(closed->remote_commands == 7);
  CHECK_FALSE(closed->interrupted);
  CHECK(run.effects.closed() == 1);
  for (std::size_t i = 1; i < run.events.size(); ++i) CHECK(run.events[i - 1].at <= run.events[i].at);
}

TEST_CASE("a plan without steps opens and closes") {
  Run run(Needs{});
  CHECK(run.go().all);
  CHECK(run.events.size() == 2);
}

TEST_CASE("a failure blocks what needs it, names the roots, and holds up nobody else") {
  // 0 and 1 fail; 2 needs both; 3 needs 2; 4 needs nothing; 5 needs 4.
  Run run(Needs{{}, {}, {{0, true}, {1, true}}, {{2, true}}, {}, {{4, true}}});
  run.fails(0), run.fails(1, step::Why::timed_out);
  CHECK_FALSE(run.go().all);
  CHECK(run.outcomes() == "failed failed blocked blocked made made");
  CHECK(run.end_of(3).blocked_by == std::vector<int>{0, 1});
  REQUIRE(run.end_of(1).failure);
  CHECK(run.end_of(1).failure->why == step::Why::timed_out);
  const auto done = run.effects.performed();
  CHECK(std::count(done.begin(), done.end(), 2) + std::count(done.begin(), done.end(), 3) == 0);
}

TEST_CASE("a step that only comes after another is done whatever came of that") {
  Run run(Needs{{}, {{0, false}}, {{0, true}}, {{2, false}}});
  run.fails(0);
  CHECK_FALSE(run.go().all);
  CHECK(run.outcomes() == "failed made blocked made");
}

TEST_CASE("a gate opens when all behind it have ended, and holds when all held") {
  // 0 and 1 are behind gate 0, 2 and 3 behind gate 1. 4 needs 0, 5 comes after 1, 6 needs 1, 7 needs 6.
  Run run(Needs{{}, {{0, true}}, {}, {}, {}, {}, {}, {{6, true}}});
  run.plan.gates = {{"all of a", {0, 1}}, {"all of b", {2, 3}}};
  run.plan.steps[4].gates = {{0, true}};
  run.plan.steps[5].gates = {{1, false}, {0, true}};
  run.plan.steps[6].gates = {{0, true}, {1, true}};
  run.fails(3);
  CHECK_FALSE(run.go().all);
  CHECK(run.outcomes() == "made made made failed made made blocked blocked");
  CHECK(run.end_of(7).blocked_by == std::vector<int>{3});
  const auto done = run.effects.performed();
  const auto at = [&](int step) { return std::find(done.begin(), done.end(), step) - done.begin(); };
  CHECK(at(4) > at(1));
  CHECK(at(5) > at(3));
  const auto* opened = std::get_if<Opened>(&run.events.front().what);
  REQUIRE(opened != nullptr);
  CHECK(opened->gates == std::vector<std::vector<int>>{{0, 1}, {2, 3}});
  CHECK(opened->steps[6].gates == std::vector<int>{0, 1});
  CHECK(opened->steps[5].gates == std::vector<int>{0});
}

TEST_CASE("a look says nothing any more when something behind a gate acted") {
  Run run(Needs{{}, {}, {}});
  run.plan.gates = {{"all of a", {0}}, {"all of b", {1}}};
  run.plan.steps[2].gates = {{0, true}, {1, true}};
  run.holds(0), run.holds(2);
  run.effects.looks[1] = differs;
  run.go();
  CHECK(run.outcomes() == "held made made");
}

TEST_CASE("a step under way holds up nobody who does not need it") {
  Run run(Needs{{}, {}, {{1, true}}});
  run.effects.acts[0] = [&](const Control&) -> step::Result<Done> {
    run.effects.wait_for_begun(2);  // would hang if 2 waited for 0
    return Done{};
  };
  CHECK(run.go().all);
}

TEST_CASE("what a look found to hold is not done") {
  Run run(Needs{{}, {{0, true}}, {{1, true}}});
  run.holds(0), run.holds(1);
  run.effects.looks[2] = differs;
  CHECK(run.go().all);
  CHECK(run.outcomes() == "held held made");
  CHECK(run.effects.performed() == std::vector<int>{2});
  CHECK(run.end_of(0).note == "as it must be");
}

TEST_CASE("an earlier look says nothing once something that it depends on acted") {
  Run run(Needs{{}, {{0, true}}, {{1, true}}, {}});
  run.effects.looks[0] = differs;
  run.holds(1), run.holds(2), run.holds(3);
  run.effects.acts[1] = run.effects.acts[2] = [](const Control&) -> step::Result<Done> { return Done{false, "looked again", {}}; };
  CHECK(run.go().all);
  CHECK(run.effects.performed() == std::vector<int>{0, 1, 2});  // 2 through 1, which did nothing itself
  CHECK(run.outcomes() == "made held held held");
  CHECK(run.end_of(1).note == "looked again");
}

TEST_CASE("only changing steps on hosts are looked at ahead") {
  Run run(Needs(3));
  run.plan.steps[1].changes = false;
  run.plan.steps[2].lane = 0;
  run.holds(0), run.holds(1), run.holds(2);
  run.go();
  CHECK(run.effects.looked() == std::set<int>{0});
  Run blind(Needs(1));
  blind.holds(0);
  blind.options.look_first = false;
  CHECK(blind.go().outcomes() == "made");
}

TEST_CASE("looks of several lanes find their steps") {
  Run run(Needs(4));
  run.plan.steps[1].lane = 2, run.plan.steps[3].lane = 2;
  run.holds(1), run.holds(2);
  run.go();
  CHECK(run.outcomes() == "made held held made");
}

TEST_CASE("never more than the bound at once") {
  Run run(Needs(12));
  run.options.at_once = 3;
  CHECK(run.go().all);
  // By the events, not by what overlaps by chance.
  int inside = 0, most = 0;
  for (const auto& each : run.events) {
    if (std::holds_alternative<Started>(each.what)) most = std::max(most, ++inside);
    if (std::holds_alternative<Ended>(each.what)) --inside;
  }
  CHECK(most == 3);
  CHECK(run.effects.performed().size() == 12);
}

TEST_CASE("stopping interrupts what runs and what waits, and still tidies up") {
  Run run(Needs{{}, {{0, true}}, {{1, false}}});
  run.effects.acts[0] = [&](const Control& control) {
    run.stop.request_stop();
    return until_stopped(control);
  };
  CHECK_FALSE(run.go().all);
  CHECK(run.outcomes() == "interrupted interrupted interrupted");
  CHECK(run.effects.performed() == std::vector<int>{0});
  CHECK(std::get<Closed>(run.events.back().what).interrupted);
  CHECK(run.effects.closed() == 1);
  CHECK_FALSE(run.effects.closed_stopped());  // tidying has a bound of its own
}

TEST_CASE("a wish to stop before the beginning performs nothing") {
  Run run(Needs(2));
  run.stop.request_stop();
  CHECK_FALSE(run.go().all);
  CHECK(run.effects.performed().empty());
  CHECK(run.outcomes() == "interrupted interrupted");
}

TEST_CASE("evidence follows a failure, and an interruption leaves none") {
  Run run(Needs(1));
  run.effects.evidence = {{0, "log", "tail"}};
  run.fails(0);
  run.go();
  REQUIRE(run.events.size() == 5);  // opened started ended evidence closed
  CHECK(std::get<Evidence>(run.events[3].what).text == "tail");
  Run stopped(Needs(1));
  stopped.effects.evidence = {{0, "log", "tail"}};
  stopped.fails(0, step::Why::interrupted);
  CHECK(stopped.go().events.size() == 4);
}

TEST_CASE("secrets are masked in all that is told") {
  Run run(Needs(2));
  run.plan.secrets = {"hunter2", "hunter2long"};
  run.plan.steps[0].title = "login hunter2";
  run.effects.evidence = {{0, "log", "p=hunter2"}};
  run.effects.acts[0] = [](const Control& control) -> step::Result<Done> {
    control.say("trying hunter2long");
    return tl::unexpected(step::Failure{step::Why::differs, "hunter2", "hunter2", "hunter2", "hunter2", "hunter2"});
  };
  run.effects.acts[1] = [](const Control&) -> step::Result<Done> { return Done{true, "set hunter2", {}}; };
  run.go();
  CHECK(std::get<Opened>(run.events.front().what).steps[0].title == "login ***");
  const auto& failure = *run.end_of(0).failure;
  CHECK(failure.what + failure.evidence + failure.expected + failure.actual + failure.help == "***************");
  CHECK(run.end_of(1).note == "set ***");
  int said = 0, shown = 0;
  for (const auto& each : run.events) {
    if (const auto* line = std::get_if<Said>(&each.what)) {
      ++said;
      CHECK(line->text == "trying ***");
    }
    if (const auto* found = std::get_if<Evidence>(&each.what)) {
      ++shown;
      CHECK(found->text == "p=***");
    }
  }
  CHECK(said == 1);
  CHECK(shown == 1);
}

TEST_CASE("what was warned of before is told behind the first event, without secrets") {
  Run run(Needs{{}});
  run.plan.secrets = {"hush"};
  run.options.warned = {{"h1", "ports", "warning", "held by `x --key hush`", "end hush", "hush\n"}, {"h2", "clock", "unknown", "", "", ""}};
  CHECK(run.go().all);
  REQUIRE(run.events.size() > 3);
  CHECK(std::holds_alternative<Opened>(run.events[0].what));
  const auto& first = std::get<Warned>(run.events[1].what);
  CHECK(first.found == "held by `x --key ***`");
  CHECK(first.fix == "end ***");
  CHECK(first.evidence == "***\n");
  CHECK(std::get<Warned>(run.events[2].what).host == "h2");
}

TEST_CASE("a claim's time is when it became true") {
  Run run(Needs{{}, {{0, true}}});
  step::Clock::time_point became;
  run.effects.acts[0] = [&](const Control&) -> step::Result<Done> {
    became = step::Clock::now();
    return Done{true, "", {}};
  };
  run.effects.acts[1] = [&](const Control&) -> step::Result<Done> { return Done{false, "", became}; };
  run.go();
  std::map<int, microseconds> started, ended;
  for (const auto& each : run.events) {
    if (const auto* one = std::get_if<Started>(&each.what)) started[one->step] = each.at;
    if (const auto* one = std::get_if<Ended>(&each.what)) ended[one->step] = each.at;
  }
  // That of the second is a moment of the first; without one it is when the step ended.
  CHECK(run.end_of(1).observed >= started.at(0));
  CHECK(run.end_of(1).observed <= run.end_of(0).observed);
  CHECK(run.end_of(0).observed <= ended.at(0));
  CHECK(run.end_of(0).observed <= started.at(1));
}

TEST_CASE("looking at all asks every lane and performs nothing") {
  Run run(Needs{{}, {{0, true}}, {}});
  run.plan.steps[2].lane = 2;
  run.holds(0), run.effects.looks[2] = differs;
  const auto found = look_at_all(run.plan, run.effects, {});
  REQUIRE(found.size() == 3);
  CHECK(found[0].state == Looked::State::holds);
  CHECK(found[1].state == Looked::State::unknown);
  CHECK(found[2].state == Looked::State::differs);
  CHECK(run.effects.performed().empty());
}

TEST_CASE("steps of a lane that join are carried out together, with what they need among them") {
  Run run(Needs{{}, {{0, true}}, {{1, true}}, {}, {{3, true}}, {{2, true}}, {{0, true}}});
  for (const int step : {0, 1, 2, 4, 5, 6}) run.effects.joining[step] = Joins::always;
  run.plan.steps[6].lane = 2;
  CHECK(run.go().all);
  // 4 needs 3, which does not join; 6 is on another host. Both go alone, when their turn comes.
  CHECK(run.effects.together() == std::vector<std::vector<int>>{{0, 1, 2, 5}});
  CHECK(run.outcomes() == "made made made made made made made");
}

TEST_CASE("of those that join only once there is one in each command") {
  Run run(Needs{{}, {{0, true}}, {{0, true}}, {{0, true}}});
  run.effects.joining = {{0, Joins::always}, {1, Joins::once}, {2, Joins::once}, {3, Joins::always}};
  CHECK(run.go().all);
  CHECK(run.effects.together() == std::vector<std::vector<int>>{{0, 1, 3}});
}

TEST_CASE("a step that did not hold blocks those that came along and need it") {
  Run run(Needs{{}, {{0, true}}, {{1, true}}, {{0, true}}});
  for (const int step : {0, 1, 2, 3}) run.effects.joining[step] = Joins::always;
  run.fails(1);
  CHECK_FALSE(run.go().all);
  CHECK(run.outcomes() == "made failed blocked made");
  CHECK(run.end_of(2).blocked_by == std::vector<int>{1});
}

TEST_CASE("what was found to hold does not come along, unless something that it needs may act") {
  Run run(Needs{{}, {}, {{0, true}}, {{2, true}}});
  for (const int step : {0, 1, 2, 3}) run.effects.joining[step] = Joins::always;
  run.effects.looks[0] = differs;
  run.holds(1), run.holds(2), run.holds(3);
  run.effects.acts[2] = [](const Control&) -> step::Result<Done> { return Done{false, "looked again", {}}; };
  CHECK(run.go().all);
  CHECK(run.effects.together() == std::vector<std::vector<int>>{{0, 2, 3}});
  CHECK(run.outcomes() == "made held held made");
}

TEST_CASE("a step behind a gate that is not open does not come along") {
  Run run(Needs{{}, {}, {{0, true}}, {{0, true}}});
  for (const int step : {0, 2, 3}) run.effects.joining[step] = Joins::always;
  run.plan.gates = {{"all of a", {1}}};
  run.plan.steps[2].gates = {{0, true}};
  CHECK(run.go().all);
  CHECK(run.effects.together() == std::vector<std::vector<int>>{{0, 3}});
}

// Counted, since time would say so only on a quiet machine. One host with everything on it, too: a command must not look at all of its
// lane.
TEST_CASE("the work for a step does not grow with the plan") {
  struct Counting : FakeEffects {
    mutable std::size_t asked = 0;
    Joins joins(const plan::Step& step) const override { return ++asked, support::LargePlan::joins(step); }
  };
  for (const auto& [instances, on_a_host] : {std::pair{80, 8}, {800, 8}, {800, 800}}) {
    CAPTURE(instances, on_a_host);
    const support::LargePlan large(instances, on_a_host);
    const auto steps = large.plan.steps.size();
    Counting effects;
    std::size_t told = 0, needs = 0;
    const auto count = [&](const Event& event) {
      ++told;
      const auto* opened = std::get_if<Opened>(&event.what);
      if (opened == nullptr) return;
      for (const auto& each : opened->steps) needs += each.blocked_by.size() + each.gates.size();
      for (const auto& each : opened->gates) needs += each.size();
    };
    CHECK(carry_out(large.plan, Opened{}, effects, count, {}));
    CHECK(effects.performed().size() == steps);
    CHECK(told == 2 * steps + 2);
    CHECK(effects.asked < 4 * steps);  // about each: when it is due, when it starts, and as one that could go along
    CHECK(needs < 3 * steps);
  }
}

TEST_CASE("what a step throws is its own failure, and no other's") {
  Run run(Needs{{}, {}, {{0, true}}});
  run.effects.acts[0] = [](const Control&) -> step::Result<Done> { throw std::bad_alloc(); };
  CHECK_FALSE(run.go().all);
  CHECK(run.outcomes() == "failed made blocked");
  REQUIRE(run.end_of(0).failure);
  CHECK(run.end_of(0).failure->why == step::Why::unreachable);
  CHECK(run.end_of(0).failure->what == "it could not be followed: std::bad_alloc");
}

TEST_CASE("what a look throws leaves each step to look for itself") {
  struct Throwing : FakeEffects {
    std::vector<Looked> look(int, const std::vector<const plan::Step*>&, const Control&) override { throw std::runtime_error("nonsense"); }
    std::vector<Evidence> collect(const plan::Step&, const step::Failure&, const Control&) override {
      throw std::runtime_error("more of it");
    }
  } effects;
  const auto plan = make_plan(Needs{{}, {}});
  effects.acts[1] = [](const Control&) -> step::Result<Done> { return step::fail(step::Why::failed, "no"); };
  std::map<int, Outcome> ended;
  carry_out(plan, Opened{}, effects,
            [&](const Event& event) {
              if (const auto* one = std::get_if<Ended>(&event.what)) ended[one->step] = one->outcome;
            },
            {}, {});
  CHECK(ended == std::map<int, Outcome>{{0, Outcome::made}, {1, Outcome::failed}});
  const auto looked = look_at_all(plan, effects, {});
  CHECK(looked.front().state == Looked::State::unasked);
}
