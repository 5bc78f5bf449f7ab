#include "run/rolling.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "run/standing.hpp"

namespace tidelab::run {

namespace {

using step::Clock;
using step::Result;

constexpr auto patience = std::chrono::seconds(5);          // for who leads now
constexpr auto until_it_serves = std::chrono::seconds(30);  // an election takes less, and whoever is started is waited for then

const plan::Component& component_of(const plan::Plan& plan, const plan::Group::Member& member) {
  return plan.components[static_cast<std::size_t>(member.component)];
}

std::string who(const plan::Plan& plan, const plan::Group::Member& member) {
  const auto& component = component_of(plan, member);
  return fmt::format("{} {}", component.title, component.node);
}

bool is_touched(const plan::Group::Member& member, const std::function<const Looked&(int)>& looked) {
  return std::any_of(member.steps.begin(), member.steps.end(), [&](const auto step) {
    const auto state = looked(step).state;
    return state == Looked::State::differs || state == Looked::State::unasked;
  });
}

bool is_there(const plan::Group::Member& member, const std::function<const Looked&(int)>& looked) {
  return std::any_of(member.services.begin(), member.services.end(),
                     [&](const auto step) { return looked(step).state == Looked::State::holds || looked(step).serves; });
}

// Whether an archive of this name is to be unpacked for it.
bool gets_another(const plan::Plan& plan, const plan::Group::Member& member, const std::string& artifact,
                  const std::function<const Looked&(int)>& looked) {
  return std::any_of(member.steps.begin(), member.steps.end(), [&](const auto id) {
    const auto* unpack = std::get_if<step::Unpack>(&plan.steps[static_cast<std::size_t>(id)].action);
    return unpack != nullptr && unpack->artifact.value.starts_with(artifact + " ") && looked(id).state == Looked::State::differs;
  });
}

// All questions of a member or a group, one after the other; what is said by the first that is not answered as it should be.
template <class Steps, class Bound>
Result<void> ask_all(const Steps& steps, Effects& effects, const std::stop_token& stop, const Bound& bound) {
  for (const plan::Step* each : steps) {
    const auto done = effects.perform(*each, {Clock::now() + bound(*each), stop, {}});
    if (!done) return tl::unexpected(done.error());
  }
  return {};
}

std::vector<const plan::Step*> all_of(const std::vector<plan::Step>& steps) {
  std::vector<const plan::Step*> out;
  for (const auto& step : steps) out.push_back(&step);
  return out;
}

// Why the next member is not touched.
step::Failure not_whole(const std::string& what, step::Failure failure) {
  if (failure.why == step::Why::interrupted) return failure;
  failure.what = fmt::format("is not changed, since another loss could stop its group: {}: {}", what, failure.what);
  failure.help = "repair that, then `tidelab up` goes on where this stopped";
  return failure;
}

}  // namespace

std::vector<Roll> make_rolls(const plan::Plan& plan, const std::function<const Looked&(int step)>& looked) {
  std::vector<Roll> out;
  for (const auto& group : plan.groups) {
    Roll made{&group, {}, {}, {}};
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      const auto& member = group.members[i];
      if (member.services.empty() || !is_touched(member, looked)) continue;
      (is_there(member, looked) ? made.rest : made.first).push_back(i);
    }
    if (made.rest.empty()) continue;
    made.at_once = plan::why_at_once(group, [&](const auto& member, const std::string& artifact) {
      return is_there(member, looked) && gets_another(plan, member, artifact, looked);
    });
    out.push_back(std::move(made));
  }
  return out;
}

std::string render_roll(const plan::Plan& plan, const Roll& roll) {
  const auto nodes = [&](const std::vector<std::size_t>& members) {
    std::string out;
    for (const auto at : members) out += (out.empty() ? "" : ", ") + component_of(plan, roll.group->members[at]).node;
    return out;
  };
  auto out = roll.group->section + ": ";
  const auto order = plan::order_of(*roll.group, roll.at_once);
  if (!roll.at_once.empty()) return fmt::format("{}{} {}", out, nodes(roll.rest), order);
  if (!roll.first.empty())
    out += fmt::format("{} first, since {} not run; then ", nodes(roll.first), roll.first.size() == 1 ? "it does" : "they do");
  out += nodes(roll.rest);
  if (roll.rest.size() > 1) out += ", " + order;
  return out;
}

step::Result<Turn> choose(const plan::Plan& plan, const Asked& asked, Effects& effects, std::stop_token stop,
                          const std::function<void(const std::string&)>& says) {
  const auto& members = asked.group->members;
  Turn silent{Turn::Why::does_not_serve, {}};
  const auto last = Clock::now() + until_it_serves;
  const auto bound = [&](const plan::Step&) { return std::max<Clock::duration>(last - Clock::now(), std::chrono::seconds(2)); };
  const auto now = [](const plan::Step&) { return patience; };
  const auto serves = [&](std::size_t at) -> Result<void> {
    const auto ready = all_of(members[at].ready);
    if (ask_all(ready, effects, stop, now)) return {};
    says(fmt::format("{} does not serve; waits until it does, at most {} s", who(plan, members[at]), until_it_serves.count()));
    return ask_all(ready, effects, stop, bound);
  };
  for (const auto at : asked.remaining) {
    const auto served = serves(at);
    if (!served && stop.stop_requested()) return tl::unexpected(served.error());
    if (!served) silent.members.push_back(at);
  }
  if (!silent.members.empty()) return silent;
  for (const auto at : asked.others) {
    const auto served = serves(at);
    if (!served) return tl::unexpected(not_whole(who(plan, members[at]), served.error()));
  }
  const auto whole = [](const plan::Step& step) { return step.within; };
  for (const auto& member : members) {
    if (member.whole.empty() || ask_all(all_of(member.whole), effects, stop, now)) continue;
    says(fmt::format("{}: not so yet: {}", who(plan, member), member.whole.front().title));
    if (const auto later = ask_all(all_of(member.whole), effects, stop, whole); !later)
      return tl::unexpected(not_whole(who(plan, member), later.error()));
  }
  std::optional<std::size_t> leader;
  for (const auto at : asked.remaining) {
    const bool leads = !members[at].leads.empty() && ask_all(all_of(members[at].leads), effects, stop, now);
    if (!leads) return Turn{Turn::Why::serves, {at}};
    if (!leader) leader = at;
  }
  return Turn{Turn::Why::leads, {*leader}};
}

std::vector<std::string> Rolling::begin() {
  std::vector<std::string> out;
  auto rolls = make_rolls(plan_, [&](const int step) -> const Looked& { return standing_.of(step).looked; });
  for (auto& roll : rolls) {
    if (!roll.at_once.empty()) {
      out.push_back(render_roll(plan_, roll));
      continue;
    }
    State state{roll, roll.rest, {}, false};
    for (const auto at : roll.first) {
      const auto& ends = member(state, at).ends;
      state.before.insert(state.before.end(), ends.begin(), ends.end());
    }
    for (const auto at : roll.rest)
      for (const auto step : member(state, at).steps) standing_.hold(step);
    states_.push_back(std::move(state));
  }
  return out;
}

bool Rolling::is_due(const State& state) const {
  if (state.choosing || state.remaining.empty() || !standing_.ended(state.before)) return false;
  const auto& services = member(state, state.remaining.front()).services;
  return std::all_of(services.begin(), services.end(),
                     [&](const auto step) { return standing_.passed(plan_.steps[static_cast<std::size_t>(step)]); });
}

std::optional<std::size_t> Rolling::take_due() {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!is_due(states_[i])) continue;
    states_[i].choosing = true;
    return i;
  }
  return std::nullopt;
}

bool Rolling::release_blocked(std::size_t roll) {
  auto& state = states_[roll];
  auto after = state.before;
  for (const auto step : member(state, state.remaining.front()).services)
    for (const auto& need : plan_.steps[static_cast<std::size_t>(step)].gates)
      if (need.must_hold) {
        const auto& steps = plan_.gates[static_cast<std::size_t>(need.gate)].steps;
        after.insert(after.end(), steps.begin(), steps.end());
      }
  if (standing_.held(after)) return false;
  release_remaining(state, after);
  return true;
}

Asked Rolling::asked(std::size_t roll) const {
  const auto& state = states_[roll];
  Asked out{state.roll.group, state.remaining, {}};
  for (std::size_t i = 0; i < out.group->members.size(); ++i)
    if (std::find(out.remaining.begin(), out.remaining.end(), i) == out.remaining.end()) out.others.push_back(i);
  return out;
}

std::string Rolling::says(std::size_t roll, const Turn& turn) const {
  const auto& state = states_[roll];
  const auto all = state.roll.rest.size();
  std::string whose;
  for (const auto at : turn.members) whose += (whose.empty() ? "" : ", ") + who(plan_, member(state, at));
  const auto which = all > 1 ? fmt::format(" ({} of {})", all - state.remaining.size() + 1, all) : std::string();
  switch (turn.why) {
    case Turn::Why::does_not_serve:
      return turn.members.size() > 1 ? whose + " do not serve, so they come first" : whose + " does not serve, so it comes first";
    case Turn::Why::leads:
      return fmt::format("{} is the {}, so it comes last{}", whose, member(state, turn.members.front()).leads.front().title, which);
    case Turn::Why::serves: return fmt::format("{} is next{}", whose, which);
  }
  return whose;
}

std::string Rolling::says_untouched(std::size_t roll) const {
  std::string out;
  for (const auto at : states_[roll].remaining) out += (out.empty() ? "" : ", ") + who(plan_, member(states_[roll], at));
  return out + (states_[roll].remaining.size() == 1 ? " stays as it is" : " stay as they are");
}

void Rolling::release(std::size_t roll, const Turn& turn) {
  auto& state = states_[roll];
  state.choosing = false;
  state.before.clear();
  for (const auto at : turn.members) {
    state.remaining.erase(std::find(state.remaining.begin(), state.remaining.end(), at));
    for (const auto step : member(state, at).steps) standing_.release(step, {});
    const auto& ends = member(state, at).ends;
    state.before.insert(state.before.end(), ends.begin(), ends.end());
  }
}

int Rolling::first_step(std::size_t roll) const {
  const auto& state = states_[roll];
  return member(state, state.remaining.front()).services.front();
}

void Rolling::stop(std::size_t roll, int failed) { release_remaining(states_[roll], {failed}); }

void Rolling::release_remaining(State& state, const std::vector<int>& after) {
  state.choosing = false;
  for (const auto at : std::exchange(state.remaining, {}))
    for (const auto step : member(state, at).steps) standing_.release(step, after);
}

bool Rolling::release_all() {
  bool any = false;
  for (auto& state : states_) {
    if (state.choosing || state.remaining.empty()) continue;
    any = true;
    release_remaining(state, {});
  }
  return any;
}

}  // namespace tidelab::run
