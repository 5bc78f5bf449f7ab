#include "unit/preflight/trial.hpp"

namespace tidelab::preflight {

using namespace std::chrono_literals;

namespace {

// Every host minds, and each is `ahead` of us.
Trial with(Micros first, Micros second) {
  Trial trial;
  int lane = 1;
  for (const auto ahead : {first, second}) {
    trial.needs(lane).clock_warn = 500ms;
    trial.needs(lane).clock_fail = 60s;
    *trial.facts(lane).clock_begin += ahead;
    *trial.facts(lane).clock_end += ahead;
    ++lane;
  }
  return trial;
}

}  // namespace

TEST_CASE("an offset is the midpoint, and its error half of what the way took") {
  auto look = Trial::good();  // sent at 0, begun 10 ms later by its clock, ended at 30, received at 40
  CHECK(offset_of(look)->ahead == 0ms);
  CHECK(offset_of(look)->by == 10ms + 1us);
  *look.facts.clock_begin += 7s;
  *look.facts.clock_end += 7s;
  CHECK(offset_of(look)->ahead == 7s);
  look.facts.clock_step = 1s;
  CHECK(offset_of(look)->by > 1s);
  look.facts.clock_end.reset();
  CHECK_FALSE(offset_of(look));
}

TEST_CASE("what was looked at before the clock was read is no part of the way") {
  auto look = Trial::good();
  *look.facts.clock_begin += 4ms;  // the first 4 ms of the look went into looks at steps
  look.facts.before_clock = 4ms;
  CHECK(offset_of(look)->ahead == 0ms);
  CHECK(offset_of(look)->by == 20ms);  // such a time is known to 10 ms
}

TEST_CASE("a clock that was set while it was read does not make the error negative") {
  auto look = Trial::good();
  *look.facts.clock_end += 1h;
  CHECK(offset_of(look)->by >= 0ms);
}

TEST_CASE("clocks that agree") {
  const auto trial = with(3ms, 5ms);
  CHECK(trial.about("clock", 2) == "ok: 2.0 ms ahead of that of 10.0.0.1 (± 20 ms); 5.0 ms ahead of this machine's (± 10 ms)");
}

TEST_CASE("of two that differ, the one that is farther from the middle is told") {
  const auto trial = with(0ms, 2s);
  CHECK(trial.about("clock", 1) == "ok: 0.0 ms ahead of this machine's (± 10 ms)");
  CHECK(
      trial.about("clock", 2) ==
      "warning: 2.0 s ahead of that of 10.0.0.1 (± 20 ms); 2.0 s ahead of this machine's (± 10 ms); bases 2 wants them within 500 ms → set "
      "the clocks by NTP on all hosts: `timedatectl set-ntp true`, or chrony");
}

TEST_CASE("our own clock may be the wrong one") {
  const auto trial = with(1h, 1h);
  CHECK(trial.about("clock", 1).starts_with("ok: "));
  CHECK(trial.about("clock", 2).starts_with("ok: "));
}

TEST_CASE("far apart is a failure") {
  const auto trial = with(0ms, -5min);
  CHECK(trial.about("clock", 2).starts_with("failure: 300 s behind that of 10.0.0.1"));
}

TEST_CASE("what is within the error is not held against a host") {
  auto trial = with(0ms, 510ms);
  CHECK(trial.about("clock", 2).starts_with("ok: "));
  trial.look(1).sent -= 1s, trial.look(1).received += 1s;
  CHECK(trial.about("clock", 2).find("and that cannot be told so coarsely") != std::string::npos);
}

TEST_CASE("a host that does not mind has no row") {
  auto trial = with(0ms, 1h);
  trial.needs(2) = {};
  CHECK(trial.about("clock", 2) == "");
  CHECK(trial.about("clock", 1).starts_with("ok: "));
}

}  // namespace tidelab::preflight
