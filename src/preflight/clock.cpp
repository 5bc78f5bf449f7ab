// Clocks of hosts against each other, each as it looked from here. The error of a difference is the sum of both errors.
#include <algorithm>

#include <fmt/format.h>

#include "preflight/bench.hpp"

namespace tidelab::preflight {

namespace {

struct Clock {
  int lane = 0;
  Offset offset;
};

struct Limits {
  Micros warn{0}, fail{0};
  std::string who;
};

Micros magnitude(Micros time) { return time < Micros(0) ? -time : time; }

// The strictest of a host's components; zero: none of them minds.
Limits limits_of(const Bench& bench, int lane) {
  Limits out;
  const auto lower = [](Micros& limit, Micros by) { limit = by == Micros(0) || (limit != Micros(0) && limit < by) ? limit : by; };
  for (const auto* each : components_on(bench.plan, lane)) {
    const auto& needs = each->host_needs;
    if (out.who.empty() && (needs.clock_warn.count() > 0 || needs.clock_fail.count() > 0)) out.who = each->name;
    lower(out.warn, needs.clock_warn);
    lower(out.fail, needs.clock_fail);
  }
  return out;
}

std::vector<Clock> clocks(const Bench& bench) {
  std::vector<Clock> out;
  for (int lane = 1; lane < static_cast<int>(bench.looks.size()); ++lane) {
    const auto& look = bench.looks[static_cast<std::size_t>(lane)];
    const auto offset = look.failure ? std::nullopt : offset_of(look);
    if (offset && !limits_of(bench, lane).who.empty()) out.push_back({lane, *offset});
  }
  return out;
}

// What most clocks say, ours among them: of two that differ, the one that is farther from it is to blame.
Micros middle(const std::vector<Clock>& clocks) {
  std::vector<Micros> all{Micros(0)};
  for (const auto& each : clocks) all.push_back(each.offset.ahead);
  const auto at = all.begin() + static_cast<long>(all.size() / 2);
  std::nth_element(all.begin(), at, all.end());
  return *at;
}

std::string apart_text(Offset offset, const std::string& whose) {
  return fmt::format("{} {} {} (± {})", duration_text(magnitude(offset.ahead)), offset.ahead < Micros(0) ? "behind" : "ahead of", whose,
                     duration_text(offset.by));
}

}  // namespace

void judge_clock(const Bench& bench) {
  const auto limits = limits_of(bench, bench.lane);
  if (limits.who.empty()) return;
  const auto offset = offset_of(bench.look());
  if (!offset) {
    bench.add("clock", Outcome::unknown, "it could not be read (`date +%s`)");
    return;
  }
  const auto all = clocks(bench);
  const auto most = middle(all);
  const Clock* other = nullptr;
  for (const auto& each : all) {
    const bool blamed = magnitude(offset->ahead - most) >= magnitude(each.offset.ahead - most);
    const auto apart = [&](const Clock& c) { return magnitude(offset->ahead - c.offset.ahead); };
    if (each.lane != bench.lane && blamed && (other == nullptr || apart(each) > apart(*other))) other = &each;
  }
  const auto here = apart_text(*offset, "this machine's");
  if (other == nullptr) {
    bench.add("clock", Outcome::ok, here);
    return;
  }
  const auto ahead = offset->ahead - other->offset.ahead;
  const auto by = offset->by + other->offset.by;
  const auto sure = magnitude(ahead) - by;  // at least so far apart
  const auto& name = bench.plan.lanes[static_cast<std::size_t>(other->lane)].name;
  const auto limit = limits.fail > Micros(0) && sure > limits.fail ? limits.fail : limits.warn;
  const auto found = fmt::format("{}; {}", apart_text({ahead, by}, "that of " + name), here);
  const auto wish = fmt::format("; {} wants them within {}", limits.who, duration_text(limit));
  const auto* fix = "set the clocks by NTP on all hosts: `timedatectl set-ntp true`, or chrony";
  if (limits.fail > Micros(0) && sure > limits.fail)
    bench.add("clock", Outcome::failure, found + wish, fix);
  else if (limits.warn > Micros(0) && sure > limits.warn)
    bench.add("clock", Outcome::warning, found + wish, fix);
  else if (limits.warn > Micros(0) && by > limits.warn)
    bench.add("clock", Outcome::warning, found + wish + ", and that cannot be told so coarsely",
              "look again when hosts and link are less busy");
  else
    bench.add("clock", Outcome::ok, found);
}

}  // namespace tidelab::preflight
