// Groups that serve are changed one member at a time, the leader last; what does not serve, at once.
#include "run/rolling.hpp"

#include "run/runner.hpp"
#include "support/catch.hpp"
#include "support/fake_effects.hpp"

using namespace tidelab;
using namespace tidelab::run;
using support::FakeEffects;

namespace {

const Looked holds{Looked::State::holds, "as it must be"};
const Looked outdated{Looked::State::differs, "older", true};
const Looked absent{Looked::State::differs, "is not running"};

// Three members in one group: of each a file, a service and a question whether it serves; steps 0 1 2, 3 4 5 and 6 7 8. Who leads is
// asked as steps 100, 101 and 102, whether the group is whole as 200, 201 and 202. Step 9 needs all of them.
struct Three {
  plan::Plan plan;
  FakeEffects effects;
  std::stop_source stop;
  std::vector<Event> events;
  bool all = false;

  Three() {
    plan.lanes = {{"controller", 22, "u", "/s"}, {"h1", 22, "u", "/s"}};
    plan::Group group;
    group.section = "bases";
    for (int member = 0; member < 3; ++member) add_member(group, member);
    plan.groups = {group};
    plan.gates = {{"all of bases", {2, 5, 8}}};
    add({}).gates = {{0, true}};
    for (const int step : {0, 3, 6}) effects.looks[step] = holds;
    for (const int step : {1, 4, 7}) effects.looks[step] = outdated;
    leader_is(2);
  }

  plan::Step& add(std::vector<plan::Need> needs) {
    plan::Step made;
    made.id = static_cast<int>(plan.steps.size());
    made.title = "step " + std::to_string(made.id);
    made.lane = 1;
    made.component = static_cast<int>(plan.components.size()) - 1;
    made.needs = std::move(needs);
    made.within = std::chrono::minutes(5);
    plan.steps.push_back(std::move(made));
    return plan.steps.back();
  }

  static plan::Step question(int id, const std::string& title) {
    plan::Step out;
    out.id = id, out.title = title, out.lane = 1;
    return out;
  }

  void add_member(plan::Group& group, int number) {
    plan::Component component;
    component.title = "Base", component.node = "h" + std::to_string(number + 1), component.lane = 1;
    plan.components.push_back(component);
    const int first = add({}).id, service = add({{first, true}}).id;
    const auto ready = [&] {
      auto& made = add({{service, true}});
      made.changes = false;
      return made;
    }();
    group.members.push_back({number,
                             {first, service},
                             {service},
                             {ready},
                             {ready.id},
                             {question(100 + number, "leader")},
                             {question(200 + number, "all in sync")},
                             {}});
  }

  void fails(int step) {
    effects.acts[step] = [](const Control&) -> step::Result<Done> { return step::fail(step::Why::differs, "no"); };
  }
  void leader_is(int member) {
    for (int other = 0; other < 3; ++other)
      if (other != member) fails(100 + other);
    effects.acts.erase(100 + member);
  }
  // It serves once its service was started.
  void serves_when_started(int member) {
    const int service = 3 * member + 1;
    effects.acts[service + 1] = [this, service](const Control&) -> step::Result<Done> {
      const auto done = effects.performed();
      if (std::find(done.begin(), done.end(), service) != done.end()) return Done{};
      return step::fail(step::Why::timed_out, "does not answer");
    };
  }

  Three& go() {
    all = carry_out(plan, Opened{}, effects, [this](const Event& e) { events.push_back(e); }, stop.get_token(), {});
    return *this;
  }
  // The services, in the order in which they were begun.
  std::vector<int> services() const {
    std::vector<int> out;
    for (const int step : effects.performed())
      if (step == 1 || step == 4 || step == 7) out.push_back(step);
    return out;
  }
  const Ended& end_of(int step) const {
    for (const auto& each : events)
      if (const auto* ended = std::get_if<Ended>(&each.what); ended != nullptr && ended->step == step) return *ended;
    FAIL("step " << step << " never ended");
    throw 0;
  }
  std::string said() const {
    std::string out;
    for (const auto& each : events)
      if (const auto* said = std::get_if<Said>(&each.what)) out += said->text + "\n";
    return out;
  }
  // Whether a step had ended before another one was begun.
  bool before(int first, int second) const {
    for (const auto& each : events) {
      const auto* ended = std::get_if<Ended>(&each.what);
      if (ended != nullptr && ended->step == first) return true;
      if (const auto* started = std::get_if<Started>(&each.what); started != nullptr && started->step == second) return false;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("members that serve are changed one after the other, each when the one before serves again") {
  Three run;
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{1, 4, 7});
  CHECK(run.before(2, 4));
  CHECK(run.before(5, 7));
  CHECK(run.said() == "Base h1 is next (1 of 3)\nBase h2 is next (2 of 3)\nBase h3 is the leader, so it comes last (3 of 3)\n");
}

TEST_CASE("the member that leads comes last, wherever it stands") {
  Three run;
  run.leader_is(0);
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{4, 7, 1});
}

TEST_CASE("whoever leads by the time that counts is spared, not who led at first") {
  Three run;
  run.leader_is(1);
  run.effects.acts[7] = [&](const Control&) -> step::Result<Done> { return Done{true, "", {}}; };
  run.effects.acts[1] = [&](const Control&) -> step::Result<Done> {  // with the first change the leadership moves
    run.leader_is(2);
    return Done{true, "", {}};
  };
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{1, 4, 7});
}

TEST_CASE("nothing runs: all are started at once") {
  Three run;
  for (const int step : {1, 4, 7}) run.effects.looks[step] = absent;
  CHECK(run.go().all);
  CHECK(run.said().empty());
  CHECK_FALSE(run.before(2, 4));
  CHECK_FALSE(run.before(2, 7));
}

TEST_CASE("a member that does not run is started before one that serves is touched") {
  Three run;
  run.effects.looks[7] = absent;
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{7, 1, 4});
  CHECK(run.before(8, 1));
}

TEST_CASE("members that are as they should be are not touched, and not waited for") {
  Three run;
  run.effects.looks[1] = holds, run.effects.looks[7] = holds;
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{4});
  CHECK(run.said() == "Base h2 is next\n");
}

TEST_CASE("a change of a file counts, also where the service is as it should be until then") {
  Three run;
  for (const int step : {1, 4, 7}) run.effects.looks[step] = holds;
  for (const int step : {0, 3, 6}) run.effects.looks[step] = Looked{Looked::State::differs, "other content"};
  CHECK(run.go().all);
  CHECK(run.before(2, 3));
  CHECK(run.before(5, 6));
}

TEST_CASE("a file of which nothing that changes counts for the service is no reason for a turn") {
  Three three;
  for (const int member : {0, 1, 2}) {
    three.plan.steps[static_cast<std::size_t>(3 * member)].action = step::File{{"/conf", {}}, {"copies=3", {}}, {}, {}};
    step::Service service;
    service.inputs = {{"/conf", {}}}, service.compared = {{{"/conf", {}}, {"", {}}}};
    three.plan.steps[static_cast<std::size_t>(3 * member + 1)].action = service;
    three.effects.looks[3 * member] = absent, three.effects.looks[3 * member + 1] = holds;
  }
  const auto looked = [&](int step) -> const Looked& { return three.effects.looks.at(step); };
  CHECK(make_rolls(three.plan, looked).empty());
  three.effects.looks[4] = outdated;  // what counts of it is another one, too
  const auto rolls = make_rolls(three.plan, looked);
  REQUIRE(rolls.size() == 1);
  CHECK(rolls[0].rest == std::vector<std::size_t>{1});
}

TEST_CASE("a member that does not come back stops the roll, and the others are not touched") {
  Three run;
  run.effects.acts[4] = [](const Control&) -> step::Result<Done> { return step::fail(step::Why::failed, "it ended with 1"); };
  CHECK_FALSE(run.go().all);
  CHECK(run.services() == std::vector<int>{1, 4});
  CHECK(run.said() == "Base h1 is next (1 of 3)\nBase h2 is next (2 of 3)\nBase h3 stays as it is\n");
  CHECK(run.end_of(7).outcome == Outcome::blocked);
  CHECK(run.end_of(7).blocked_by == std::vector<int>{4});
  CHECK(run.end_of(6).outcome == Outcome::blocked);
  CHECK(run.end_of(9).outcome == Outcome::blocked);
}

TEST_CASE("a group that does not become whole is not touched any further, and says why") {
  Three run;
  int asked = 0;
  run.effects.acts[200] = [&](const Control&) -> step::Result<Done> {
    if (++asked == 1) return Done{};
    return step::fail(step::Why::timed_out, "3 partitions are under-replicated");
  };
  CHECK_FALSE(run.go().all);
  CHECK(run.services() == std::vector<int>{1});
  REQUIRE(run.end_of(4).failure);
  CHECK(run.end_of(4).failure->what ==
        "is not changed, since another loss could stop its group: Base h1: 3 partitions are under-replicated");
  CHECK(run.end_of(4).failure->help == "repair that, then `tidelab up` goes on where this stopped");
  CHECK(run.end_of(7).outcome == Outcome::blocked);
  CHECK(run.end_of(7).blocked_by == std::vector<int>{4});
  CHECK(run.said() == "Base h1 is next (1 of 3)\nBase h1: not so yet: all in sync\nBase h2, Base h3 stay as they are\n");
}

TEST_CASE("an untouched member that does not serve keeps the others from being touched") {
  Three run;
  run.effects.looks[1] = holds;
  run.fails(2);
  CHECK_FALSE(run.go().all);
  CHECK(run.services().empty());
  REQUIRE(run.end_of(4).failure);
  CHECK(run.end_of(4).failure->what == "is not changed, since another loss could stop its group: Base h1: no");
}

TEST_CASE("members that run and do not serve come first, together: with them nothing is lost") {
  Three run;
  run.serves_when_started(1), run.serves_when_started(2);
  CHECK(run.go().all);
  CHECK(run.services().back() == 1);
  CHECK_FALSE(run.before(5, 7));  // side by side
  CHECK(run.before(5, 1));
  CHECK(run.before(8, 1));
  CHECK(run.said() ==
        "Base h2 does not serve; waits until it does, at most 30 s\nBase h3 does not serve; waits until it does, at most 30 s\n"
        "Base h2, Base h3 do not serve, so they come first\nBase h1 is next (3 of 3)\n");
}

TEST_CASE("a stop ends a roll between two members: what was not begun was interrupted") {
  Three run;
  run.effects.acts[1] = [&](const Control&) -> step::Result<Done> {
    run.stop.request_stop();
    return Done{};
  };
  CHECK_FALSE(run.go().all);
  CHECK(run.services() == std::vector<int>{1});
  for (const int step : {2, 3, 4, 5, 6, 7, 8, 9}) CHECK(run.end_of(step).outcome == Outcome::interrupted);
}

TEST_CASE("what a group needs comes before it: where that does not hold, nobody is touched") {
  Three run;
  auto& other = run.add({});
  const int needed = other.id;
  run.plan.gates.push_back({"all of others", {needed}});
  for (const int step : {1, 4, 7}) run.plan.steps[static_cast<std::size_t>(step)].gates = {{1, true}};
  run.fails(needed);
  CHECK_FALSE(run.go().all);
  CHECK(run.services().empty());
  for (const int step : {0, 1, 4, 7}) CHECK(run.end_of(step).outcome == Outcome::blocked);
  CHECK(run.end_of(7).blocked_by == std::vector<int>{needed});
}

TEST_CASE("the order is told before anything is done") {
  Three run;
  const auto looked = [&](const int step) -> const Looked& { return run.effects.looks.at(step); };
  CHECK(render_roll(run.plan, make_rolls(run.plan, looked).at(0)) == "bases: h1, h2, h3, one after the other, the one that leads last");
  run.effects.looks[4] = absent;
  CHECK(render_roll(run.plan, make_rolls(run.plan, looked).at(0)) ==
        "bases: h2 first, since it does not run; then h1, h3, one after the other, the one that leads last");
  run.effects.looks[1] = absent, run.effects.looks[7] = absent;
  CHECK(make_rolls(run.plan, looked).empty());
}

TEST_CASE("members that get another release are changed at once where two releases do not go together, and it is said") {
  Three run;
  run.plan.groups.front().together = {{"base", "two releases do not go together"}};
  for (const int step : {0, 3, 6}) {
    run.plan.steps[static_cast<std::size_t>(step)].action = step::Unpack{{"base 2.0", {}}, {"/srv", {}}, {}};
    run.effects.looks[step] = Looked{Looked::State::differs, "another one is there"};
  }
  CHECK(run.go().all);
  CHECK_FALSE(run.before(2, 3));
  CHECK(run.said() == "bases: h1, h2, h3 at once, since two releases do not go together\n");
}

TEST_CASE("one member that gets its archive anew is no change of a release") {
  Three run;
  run.plan.groups.front().together = {{"base", "two releases do not go together"}};
  run.plan.steps[3].action = step::Unpack{{"base 2.0", {}}, {"/srv", {}}, {}};
  run.effects.looks[3] = Looked{Looked::State::differs, "files are missing"};
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{1, 4, 7});
  CHECK(run.before(2, 4));
}

namespace {

// Of a member whose data directory is its first step.
void is_new(Three& run, int member) {
  run.plan.groups.front().members[static_cast<std::size_t>(member)].data = {3 * member};
  run.effects.looks[3 * member] = Looked{Looked::State::differs, "is missing"};
  run.effects.looks[3 * member + 1] = absent;
}

}  // namespace

TEST_CASE("a member that is new joins when those that are there serve, and they are not touched where nothing of them differs") {
  Three run;
  run.plan.groups.front().joins_one_at_a_time = true;
  run.effects.looks[1] = holds;
  is_new(run, 1), is_new(run, 2);
  run.fails(201), run.fails(202);  // it cannot say yet what it sees
  run.effects.acts[5] = [&](const Control&) -> step::Result<Done> { return run.effects.acts.erase(201), Done{}; };
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{4, 7});
  CHECK(run.before(5, 6));
  CHECK(run.said() == "Base h2 joins (1 of 2)\nBase h3 joins (2 of 2)\n");
}

TEST_CASE("new members come before those that run are changed") {
  Three run;
  run.plan.groups.front().joins_one_at_a_time = true;
  is_new(run, 2);
  run.leader_is(0);
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{7, 4, 1});
  CHECK(run.before(8, 4));
  CHECK(run.said() == "Base h3 joins\nBase h2 is next (1 of 2)\nBase h1 is the leader, so it comes last (2 of 2)\n");
}

TEST_CASE("nobody joins a group of which a member does not serve") {
  Three run;
  run.plan.groups.front().joins_one_at_a_time = true;
  run.effects.looks[1] = holds;
  is_new(run, 1), is_new(run, 2);
  run.fails(2);
  CHECK_FALSE(run.go().all);
  CHECK(run.services().empty());
  REQUIRE(run.end_of(4).failure);
  CHECK(run.end_of(4).failure->what == "does not join before those that are there serve: Base h1: no");
  CHECK(run.said() == "Base h1 does not serve; waits until it does, at most 30 s\nBase h2, Base h3 are not started\n");
  CHECK(run.end_of(7).outcome == Outcome::blocked);
}

TEST_CASE("a member that ran before does not wait for the others, and who is new waits for it") {
  Three run;
  run.plan.groups.front().joins_one_at_a_time = true;
  run.effects.looks[1] = holds, run.effects.looks[4] = absent;
  is_new(run, 2);
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{4, 7});
  CHECK(run.before(5, 6));
}

TEST_CASE("a member that fails to join leaves those that run as they are") {
  Three run;
  run.plan.groups.front().joins_one_at_a_time = true;
  is_new(run, 2);
  run.fails(7);
  CHECK_FALSE(run.go().all);
  CHECK(run.services() == std::vector<int>{7});
  CHECK(run.said() == "Base h3 joins\nBase h1, Base h2 stay as they are\n");
}

TEST_CASE("a new group, and members that need not wait for each other, begin at once") {
  Three born;
  born.plan.groups.front().joins_one_at_a_time = true;
  for (const int member : {0, 1, 2}) is_new(born, member);
  CHECK(born.go().all);
  CHECK_FALSE(born.before(2, 4));
  CHECK(born.said().empty());
  Three free;
  free.effects.looks[1] = holds;
  is_new(free, 1), is_new(free, 2);
  CHECK(free.go().all);
  CHECK_FALSE(free.before(5, 7));
  CHECK(free.said().empty());
}

TEST_CASE("who joins is told before anything is done") {
  Three run;
  const auto looked = [&](const int step) -> const Looked& { return run.effects.looks.at(step); };
  const auto told = [&] { return render_roll(run.plan, make_rolls(run.plan, looked).at(0)); };
  is_new(run, 2);
  CHECK(told() == "bases: h3 joins; then h1, h2, one after the other, the one that leads last");
  run.effects.looks[1] = holds, run.effects.looks[4] = holds;
  CHECK(told() == "bases: h3 joins; no other restarts");
  is_new(run, 1);
  CHECK(told() == "bases: h2, h3 join; no other restarts");
  run.plan.groups.front().joins_one_at_a_time = true;
  CHECK(told() == "bases: h2, h3 join, one after the other; no other restarts");
}

namespace {

// The second and the third leave, by steps that stop them; the first stays, and has none.
struct Leaving : Three {
  Leaving() {
    auto& members = plan.groups.front().members;
    for (const std::size_t at : {1U, 2U}) {
      members[at].leaves = true;
      for (const int step : members[at].steps) effects.looks[step] = Looked{Looked::State::differs, "is running"};
      members[at].steps.push_back(members[at].ends.front());
      members[at].ready = {question(300 + static_cast<int>(at), "answers")};
    }
    members[0].steps.clear(), members[0].services.clear();
    effects.looks[1] = holds;
    members[0].ready = {question(300, "answers")};
  }
};

}  // namespace

TEST_CASE("members leave one after the other, the leader last, and who is gone is not asked any more") {
  Leaving run;
  run.leader_is(1);
  int asked = 0;
  run.effects.acts[202] = [&](const Control&) -> step::Result<Done> { return ++asked, Done{}; };
  CHECK(run.go().all);
  CHECK(run.services() == std::vector<int>{7, 4});
  CHECK(run.before(8, 3));
  CHECK(asked == 1);
  CHECK(run.said() == "Base h3 leaves (1 of 2)\nBase h2 is the leader, so it comes last (2 of 2)\n");
}

TEST_CASE("nobody leaves while one that stays does not serve") {
  Leaving run;
  run.fails(300);
  CHECK_FALSE(run.go().all);
  CHECK(run.services().empty());
  REQUIRE(run.end_of(4).failure);
  CHECK(run.end_of(4).failure->what == "is not taken away, since another loss could stop its group: Base h1: no");
  CHECK(run.end_of(4).failure->help == "repair that, then `tidelab up --prune` goes on where this stopped");
}

TEST_CASE("a member that does not run any more leaves first, without being waited for, and alone") {
  Leaving run;
  run.effects.looks[4] = holds, run.effects.looks[7] = holds;
  run.fails(301), run.fails(302), run.fails(200);
  CHECK(run.go().all);
  CHECK(run.before(5, 6));
  CHECK(run.said() == "Base h2 does not serve, so it comes first\nBase h3 does not serve, so it comes first\n");
}

TEST_CASE("who is gone already is nobody's turn") {
  Leaving run;
  for (const int step : {3, 4, 5, 6, 7, 8}) run.effects.looks[step] = holds;
  CHECK(run.go().all);
  CHECK(run.said().empty());
}
