#include "preflight/judge.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "preflight/bench.hpp"

namespace tidelab::preflight {

namespace {

using step::Why;

// What does not answer cannot be judged; what answers wrongly can.
void judge_failure(const Bench& bench, const step::Failure& failure) {
  const bool silent = failure.why == Why::unreachable || failure.why == Why::timed_out || failure.why == Why::interrupted;
  const auto& host = bench.plan.lanes[static_cast<std::size_t>(bench.lane)].name;
  const auto fix =
      failure.help.empty() && failure.why == Why::unreachable ? fmt::format("see that `ssh {}` works from here", host) : failure.help;
  auto& row = bench.add(silent ? "reachable" : "look", silent ? Outcome::unknown : Outcome::failure, failure.what, fix);
  row.evidence = failure.evidence;
}

void judge_host(const Bench& bench) {
  const auto& look = bench.look();
  if (look.failure) return judge_failure(bench, *look.failure);
  if (look.facts.settled) {
    bench.add("reachable", Outcome::ok,
              fmt::format("nothing is to be changed there; checked in {}", duration_text(look.received - look.sent)));
    return;
  }
  bench.add("reachable", Outcome::ok, fmt::format("as {}; checked in {}", look.facts.user, duration_text(look.received - look.sent)));
  if (!look.facts.complete) {
    bench.add("look", Outcome::unknown, "the look at this host ended before it was complete", "run it again; with -v it says more");
    return;
  }
  judge_rights(bench);
  judge_arch(bench);
  judge_commands(bench);
  judge_dirs(bench);
  judge_leftovers(bench);
  judge_disk(bench);
  judge_memory(bench);
  judge_ports(bench);
  judge_files(bench);
  judge_knobs(bench);
  judge_clock(bench);
}

}  // namespace

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::warning: return "warning";
    case Outcome::failure: return "failure";
    case Outcome::fixed: return "fixed";
    case Outcome::unknown: return "unknown";
  }
  return "unknown";
}

std::string size_text(long long bytes) {
  constexpr double kilo = 1024;
  const auto mega = static_cast<double>(bytes) / kilo / kilo;
  if (mega < 1) return fmt::format("{} KB", bytes / 1024);
  return mega < 1000 ? fmt::format("{:.0f} MB", mega) : fmt::format("{:.1f} GB", mega / kilo);
}

std::string with_help(std::string fix, const std::set<std::string>& more) {
  for (const auto& each : more)
    if (!each.empty()) fix += "; " + each;
  return fix;
}

std::string duration_text(Micros time) {
  const auto ms = std::chrono::duration<double, std::milli>(time).count();
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : ms < 100'000 ? fmt::format("{:.1f} s", ms / 1000) : fmt::format("{:.0f} s", ms / 1000);
}

std::string count_text(std::size_t count, const char* noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

bool runs(const plan::Component& component, const Facts& facts) {
  return std::all_of(component.services.begin(), component.services.end(), [&](const std::string& service) {
    return std::find(facts.services.begin(), facts.services.end(), service) != facts.services.end();
  });
}

std::vector<const plan::Component*> components_on(const plan::Plan& plan, int lane) {
  std::vector<const plan::Component*> out;
  for (const auto& each : plan.components)
    if (each.lane == lane && lane > 0) out.push_back(&each);
  return out;
}

std::vector<const plan::Component*> to_start(const plan::Plan& plan, int lane, const Facts& facts) {
  auto out = components_on(plan, lane);
  out.erase(std::remove_if(out.begin(), out.end(), [&](const auto* each) { return runs(*each, facts); }), out.end());
  return out;
}

bool overlap(const std::string& a, const std::string& b) { return a == b || a.starts_with(b + "/") || b.starts_with(a + "/"); }

std::vector<WantedDir> dirs_on(const plan::Plan& plan, int lane, const std::string& owner) {
  std::vector<WantedDir> out{{plan::state_dir(plan.lanes[static_cast<std::size_t>(lane)], owner)}};
  const auto add = [&](const std::string& path, int component, bool made) {
    const auto known = std::find_if(out.begin(), out.end(), [&](const WantedDir& d) { return d.path == path; });
    if (known != out.end())
      known->made = known->made || made;
    else if (path.starts_with('/'))
      out.push_back({path, component, made});
  };
  for (const auto& step : plan.steps) {
    if (step.lane != lane) continue;
    if (const auto* dir = std::get_if<step::Dir>(&step.action)) add(dir->path.value, step.component, true);
    if (const auto* unpack = std::get_if<step::Unpack>(&step.action)) add(unpack->into.value, step.component, true);
  }
  return out;
}

std::vector<std::string> commands_of_ours(const std::string& owner) {
  std::vector<std::string> out{"sh",    "tar",      "gzip",    "awk",  "sed",  "cut", "head",  "tail", "stat", "sha256sum", "setsid",
                               "flock", "readlink", "dirname", "grep", "sort", "tr",  "xargs", "find", "id",   "timeout"};
  if (!owner.empty()) out.insert(out.end(), {"runuser", "useradd"});
  return out;
}

Asked asked_of(const plan::Plan& plan, int lane, const std::string& owner) {
  Asked out;
  for (const auto& each : dirs_on(plan, lane, owner)) out.dirs.push_back(each.path);
  out.commands = commands_of_ours(owner);
  std::set<int> ports;
  for (const auto* component : components_on(plan, lane)) {
    ports.insert(component->ports.begin(), component->ports.end());
    for (const auto& each : component->host_needs.commands)
      if (std::find(out.commands.begin(), out.commands.end(), each) == out.commands.end()) out.commands.push_back(each);
  }
  out.ports.assign(ports.begin(), ports.end());
  return out;
}

std::vector<Finding> judge(const plan::Plan& plan, const Sizes& sizes, const std::vector<Look>& looks) {
  std::vector<Finding> rows;
  for (int lane = 1; lane < static_cast<int>(looks.size()); ++lane) judge_host({plan, sizes, looks, lane, rows});
  return rows;
}

bool all_runs(const plan::Plan& plan, int lane, const Look& look) {
  return !look.failure && (look.facts.settled || to_start(plan, lane, look.facts).empty());
}

}  // namespace tidelab::preflight
