// One command on each host, all at once, that brings back what the preflight judges; and the few things that may be set.
#include <mutex>

#include <fmt/format.h>

#include "agent/script.hpp"
#include "agent/turn.hpp"
#include "live/agent_answers.hpp"
#include "live/preflight_calls.hpp"
#include "live/world.hpp"
#include "step/thread.hpp"

namespace tidelab::live {

namespace {

using preflight::Look;
using preflight::Micros;

// Our own wall clock, read once: what is measured against it is steady.
struct WallClock {
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();
  step::Clock::time_point steady = step::Clock::now();
  Micros at(step::Clock::time_point time) const { return std::chrono::duration_cast<Micros>(wall.time_since_epoch() + (time - steady)); }
};

// Where a run has more to do than to look, the lab must stand still for it: it is claimed first.
bool only_host_words(const plan::Plan& plan) {
  return std::all_of(plan.steps.begin(), plan.steps.end(), [](const auto& step) { return is_host_word(step.action); });
}

class Looker {
public:
  Looker(const plan::Plan& plan, World& world, const Control& control)
      : plan_(plan), world_(world), control_(control), claims_later_(only_host_words(plan)) {}

  /// Whether what is settled is said without a claim.
  bool claims_later() const { return claims_later_; }

  enum class Steps { none, first, anew };
  /// `first`: where a run follows, which asks for its steps first. Nothing has acted then, so they go along and it asks no
  /// more; and where all of them are as they must be, nothing will be touched, and nothing else is looked at. `anew`: that
  /// was found without a claim, but now there is one; or nothing follows, and all is to be known.
  Look look(int lane, Steps which) {
    const auto at = static_cast<std::size_t>(lane);
    Look out;
    out.owner = world_.setup.users[at];
    out.of_user = world_.setup.of_user[at];
    const bool with_steps = which != Steps::none;
    const auto steps = with_steps ? steps_on(lane) : std::vector<const plan::Step*>();
    const auto asked = preflight::asked_of(plan_, lane, out.owner);
    const auto facts = preflight_calls(asked, with_steps);
    auto from = step::Clock::now();
    auto output = which == Steps::first ? look_at_steps(steps, lane, facts)
                  : which == Steps::anew
                      ? world_.agent(lane, agent::looks_function(look_calls(world_, lane, steps)) + "looks\n" + facts, {}, control_)
                      : world_.agent(lane, facts, {}, control_);
    const bool all_hold = output && output->code == 0 && note_looks(output->out, steps);
    if (!output && output.error().why == Why::unreachable && !world_.setup.elevate.empty()) {
      // Without sudo most of it can be seen all the same; when that works, sudo is what is wrong.
      const auto script = agent::script({world_.state_dir(lane), out.owner, out.of_user}, preflight_calls(asked, false));
      from = step::Clock::now();
      auto plain = world_.host(lane).run({{"sh", "-s"}, {}, {}, {script, {}}, {}}, control_);
      if (plain) out.no_root = output.error(), output = std::move(plain);
    }
    const auto until = step::Clock::now();
    if (!output) {
      out.failure = output.error();
      return out;
    }
    out.facts = preflight::read_facts(output->out);
    out.sent = clock_.at(output->began == step::Clock::time_point{} ? from : output->began);
    out.received = clock_.at(until);
    out.holds = all_hold && with_steps && out.facts.complete;
    if (!out.facts.complete)
      out.failure = Failure{Why::failed, fmt::format("the look at this host ended with {}", output->code), output->err, {}, {}, {}};
    return out;
  }

  /// Of steps, by their ids; where the look was part of a run.
  std::map<int, run::Looked> looked() { return std::move(looked_); }

  // Sets each that it can, and gives back what a look finds then, with what was complained of.
  Result<std::pair<preflight::Facts, std::string>> set(int lane, const std::vector<preflight::Knob>& knobs) {
    std::string calls;
    for (const auto& each : knobs) calls += knob_calls(each);
    const auto output = world_.agent(lane, calls + "pre_knobs\nfact end\n", {}, control_);
    if (!output) return tl::unexpected(output.error());
    return std::pair(preflight::read_facts(output->out), output->err);
  }

private:
  std::vector<const plan::Step*> steps_on(int lane) const {
    std::vector<const plan::Step*> out;
    for (const auto& step : plan_.steps)
      if (step.changes && step.lane == lane) out.push_back(&step);
    return out;
  }

  Result<host::Output> look_at_steps(const std::vector<const plan::Step*>& steps, int lane, const std::string& facts) {
    const auto on_host = std::count_if(steps.begin(), steps.end(), [](const auto* step) { return is_host_word(step->action); });
    const auto count = static_cast<std::size_t>(on_host);
    const auto looks = agent::looks_function(look_calls(world_, lane, steps)), rest = agent::unless_settled(count, facts);
    if (!claims_later_) return world_.agent(lane, looks + rest, {}, control_);
    return world_.agent(lane, rest, {}, control_, looks + agent::settled_unclaimed(count, world_.state_dir(lane), world_.setup.run));
  }

  // True: all that can be looked at is as it should be.
  bool note_looks(const std::string& text, const std::vector<const plan::Step*>& steps) {
    const auto found = read_looks(text, steps.size());
    bool holds = true;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      looked_[steps[i]->id] = found[i];
      holds = holds && (found[i].state == run::Looked::State::holds || !is_host_word(steps[i]->action));
    }
    return holds;
  }

  const plan::Plan& plan_;
  World& world_;
  const Control& control_;
  const bool claims_later_;
  const WallClock clock_;
  std::mutex mutex_;
  std::map<int, run::Looked> looked_;
};

// The lines that are about one file: another knob's trouble is not this one's.
std::string lines_about(std::string_view text, std::string_view file) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (text.substr(0, end).find(file) != text.npos) out += std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Whether a look afterwards found what was asked for; the row says so.
void settle(preflight::Finding& row, const Result<std::pair<preflight::Facts, std::string>>& done) {
  using preflight::Knob;
  if (!done) {
    row.evidence = done.error().what;
    return;
  }
  const auto& [facts, complaints] = *done;
  const bool swap = row.knob.of == Knob::Of::swappiness;
  const auto now = !swap ? facts.huge_pages : facts.swappiness ? std::to_string(*facts.swappiness) : std::string();
  const auto* file = swap ? "/proc/sys/vm/swappiness" : "/sys/kernel/mm/transparent_hugepage/enabled";
  if (now == row.knob.value) {
    row.outcome = preflight::Outcome::fixed;
    row.found = fmt::format("{} was {}, and is {} until the next boot", file, row.knob.before, now);
    row.fix = fmt::format("undo: `echo {} > {}`", row.knob.before, file);
  } else {
    row.evidence = lines_about(complaints, file);
    if (row.evidence.empty()) row.evidence = fmt::format("{} still says {}", file, now);
  }
}

}  // namespace

std::vector<Look> look_before(const plan::Plan& plan, Setup& setup, const Control& control, bool also_steps) {
  std::vector<Look> out(plan.lanes.size());
  std::map<int, run::Looked> looked;
  bool unclaimed = false;
  {
    Lent lent(plan, setup);
    Looker looker(plan, lent.world(), control);
    using Steps = Looker::Steps;
    const auto which_steps = !setup.run.empty() ? Steps::first : also_steps ? Steps::anew : Steps::none;
    const auto look_at = [&](Steps which, const auto& wanted) {
      std::vector<step::Thread> threads;
      for (std::size_t lane = 1; lane < plan.lanes.size(); ++lane)
        if (wanted(out[lane]))
          threads.emplace_back([&, lane] { out[lane] = looker.look(static_cast<int>(lane), which); },
                               [&, lane](Failure why) { out[lane].failure = std::move(why); });
    };
    look_at(which_steps, [](const Look&) { return true; });
    // Some of what is judged, clocks for one, is between hosts: so where one is to be changed, all are looked at.
    const auto settled = [](const Look& look) { return look.facts.settled; };
    const bool all_settled = std::all_of(out.begin() + 1, out.end(), settled);
    unclaimed = looker.claims_later() && all_settled;
    if (!all_settled) look_at(looker.claims_later() ? Steps::anew : Steps::none, settled);
    looked = looker.looked();
  }
  const auto good = [](const Look& look) { return !look.failure && !look.no_root; };
  const bool known = !setup.run.empty() && std::all_of(out.begin() + 1, out.end(), good);
  setup.settled = known && !unclaimed;
  if (known) setup.looked = std::move(looked);
  return out;
}

std::vector<std::string> ask_processors(const plan::Plan& plan, Setup& setup, const std::set<int>& lanes, const Control& control) {
  std::vector<std::string> out(plan.lanes.size());
  auto run = std::exchange(setup.run, {});
  {
    Lent lent(plan, setup);
    std::vector<step::Thread> threads;
    for (const int lane : lanes)
      threads.emplace_back(
          [&, lane] {
            const auto output = lent.world().agent(lane, "pre_host\n", {}, control);
            if (output) out[static_cast<std::size_t>(lane)] = preflight::read_facts(output->out).processor;
          },
          [](const Failure&) {});
  }
  setup.run = std::move(run);
  return out;
}

void set_what_is_safe(const plan::Plan& plan, Setup& setup, std::vector<preflight::Finding>& rows, const Control& control) {
  Lent lent(plan, setup);
  Looker looker(plan, lent.world(), control);
  std::vector<step::Thread> threads;
  for (int lane = 1; lane < static_cast<int>(plan.lanes.size()); ++lane) {
    std::vector<preflight::Finding*> ours;
    for (auto& row : rows)
      if (row.lane == lane && row.knob.of != preflight::Knob::Of::none) ours.push_back(&row);
    if (ours.empty()) continue;
    threads.emplace_back(
        [&looker, lane, ours] {
          std::vector<preflight::Knob> knobs;
          for (const auto* row : ours) knobs.push_back(row->knob);
          const auto found = looker.set(lane, knobs);
          for (auto* row : ours) settle(*row, found);
        },
        [ours](const Failure& why) {
          for (auto* row : ours) row->evidence = why.what;
        });
  }
}

}  // namespace tidelab::live
