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

// A file of which not all counts for its services is one that they are compared with by themselves.
bool counts(const plan::Plan& plan, const plan::Group::Member& member, int step) {
  const auto action_of = [&](int id) -> const step::Action& { return plan.steps[static_cast<std::size_t>(id)].action; };
  const auto* file = std::get_if<step::File>(&action_of(step));
  return file == nullptr || std::all_of(member.services.begin(), member.services.end(), [&](const auto id) {
           const auto* service = std::get_if<step::Service>(&action_of(id));
           return service == nullptr || service->counts_whole(file->path);
         });
}

bool is_touched(const plan::Plan& plan, const plan::Group::Member& member, const std::function<const Looked&(int)>& looked) {
  return std::any_of(member.steps.begin(), member.steps.end(), [&](const auto step) {
    const auto state = looked(step).state;
    return (state == Looked::State::differs || state == Looked::State::unasked) && counts(plan, member, step);
  });
}

// Services that stop a member are as they must be when it does not run.
bool is_there(const plan::Group::Member& member, const std::function<const Looked&(int)>& looked) {
  if (member.leaves)
    return std::any_of(member.services.begin(), member.services.end(),
                       [&](const auto step) { return looked(step).state != Looked::State::holds; });
  return std::any_of(member.services.begin(), member.services.end(),
                     [&](const auto step) { return looked(step).state == Looked::State::holds || looked(step).serves; });
}

bool is_new(const plan::Group::Member& member, const std::function<const Looked&(int)>& looked) {
  return std::any_of(member.data.begin(), member.data.end(), [&](const auto step) { return looked(step).state == Looked::State::differs; });
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
step::Failure not_whole(const Asked& asked, bool leaves, const std::string& what, step::Failure failure) {
  if (failure.why == step::Why::interrupted) return failure;
  const auto* const before = asked.joining ? "does not join before those that are there serve"
                             : leaves      ? "is not taken away, since another loss could stop its group"
                                           : "is not changed, since another loss could stop its group";
  failure.what = fmt::format("{}: {}: {}", before, what, failure.what);
  failure.help = fmt::format("repair that, then `tidelab up{}` goes on where this stopped", leaves ? " --prune" : "");
  return failure;
}

bool some_leave(const plan::Group& group) {
  return std::any_of(group.members.begin(), group.members.end(), [](const auto& each) { return each.leaves; });
}

}  // namespace

std::vector<Roll> make_rolls(const plan::Plan& plan, const std::function<const Looked&(int step)>& looked) {
  std::vector<Roll> out;
  for (const auto& group : plan.groups) {
    Roll made{&group, {}, {}, {}, {}};
    bool anybody = false;
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      const auto& member = group.members[i];
      const bool there = is_there(member, looked);
      anybody = anybody || there;
      if (member.services.empty() || !is_touched(plan, member, looked)) continue;
      if (member.lost || (member.leaves && !there)) made.down.push_back(i);
      (there || member.leaves ? made.rest : is_new(member, looked) ? made.joining : made.first).push_back(i);
    }
    if (made.rest.empty() && (made.joining.empty() || !anybody)) continue;
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
  if (!roll.first.empty())
    out += fmt::format("{} first, since {} not run; then ", nodes(roll.first), roll.first.size() == 1 ? "it does" : "they do");
  if (roll.joining.size() == 1) out += nodes(roll.joining) + " joins";
  if (roll.joining.size() > 1)
    out += fmt::format("{} join{}", nodes(roll.joining), roll.group->joins_one_at_a_time ? ", one after the other" : "");
  if (roll.rest.empty()) return out + "; no other restarts";
  if (!roll.joining.empty()) out += "; then ";
  out += nodes(roll.rest);
  if (!roll.at_once.empty()) return out + " " + order;
  if (roll.rest.size() > 1) out += ", " + order;
  return out;
}

step::Result<Turn> choose(const plan::Plan& plan, const Asked& asked, Effects& effects, std::stop_token stop,
                          const std::function<void(const std::string&)>& says) {
  const auto& members = asked.group->members;
  const bool leave = some_leave(*asked.group);
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
  const auto others_serve = [&]() -> Result<void> {
    for (const auto at : asked.others)
      if (const auto served = serves(at); !served) return tl::unexpected(not_whole(asked, leave, who(plan, members[at]), served.error()));
    return {};
  };
  for (const auto at : asked.joining ? std::vector<std::size_t>{} : asked.remaining) {
    const bool down = std::find(asked.down.begin(), asked.down.end(), at) != asked.down.end();
    const auto served = down ? tl::unexpected(step::Failure{}) : serves(at);
    if (!served && stop.stop_requested()) return tl::unexpected(step::Failure{step::Why::interrupted, "interrupted"});
    if (!served) silent.members.push_back(at);
  }
  if (!silent.members.empty() && !leave) return silent;
  if (const auto serve = others_serve(); !serve) return tl::unexpected(serve.error());
  // Whoever leaves is taken out by the others, and nobody goes at the same time.
  if (!silent.members.empty()) return silent.members.resize(1), silent;
  auto asking = asked.joining ? std::vector<std::size_t>{} : asked.remaining;
  asking.insert(asking.end(), asked.others.begin(), asked.others.end());
  std::sort(asking.begin(), asking.end());
  const auto whole = [](const plan::Step& step) { return step.within; };
  for (const auto at : asking) {
    const auto& member = members[at];
    if (member.whole.empty() || ask_all(all_of(member.whole), effects, stop, now)) continue;
    says(fmt::format("{}: not so yet: {}", who(plan, member), member.whole.front().title));
    if (const auto later = ask_all(all_of(member.whole), effects, stop, whole); !later)
      return tl::unexpected(not_whole(asked, leave, who(plan, member), later.error()));
  }
  if (asked.joining) return Turn{Turn::Why::joins, {asked.remaining.front()}};
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
    if (!roll.at_once.empty()) out.push_back(render_roll(plan_, roll));
    State state{roll, {}, {}, {}, false};
    if (roll.group->joins_one_at_a_time) state.joining = roll.joining;
    if (roll.at_once.empty()) state.remaining = roll.rest;
    if (next_of(state).empty()) continue;
    auto begun = roll.first;
    if (!roll.group->joins_one_at_a_time) begun.insert(begun.end(), roll.joining.begin(), roll.joining.end());
    for (const auto at : begun) {
      const auto& ends = member(state, at).ends;
      state.before.insert(state.before.end(), ends.begin(), ends.end());
    }
    for (const auto* list : {&state.joining, &state.remaining})
      for (const auto at : *list)
        for (const auto step : member(state, at).steps) standing_.hold(step);
    states_.push_back(std::move(state));
  }
  return out;
}

bool Rolling::is_due(const State& state) const {
  if (state.choosing || next_of(state).empty() || !standing_.ended(state.before)) return false;
  const auto& services = member(state, next_of(state).front()).services;
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
  for (const auto step : member(state, next_of(state).front()).services)
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
  Asked out{state.roll.group, next_of(state), {}, !state.joining.empty(), state.roll.down};
  for (std::size_t i = 0; i < out.group->members.size(); ++i) {
    const bool remains = std::find(out.remaining.begin(), out.remaining.end(), i) != out.remaining.end();
    if (!remains && !out.group->members[i].leaves) out.others.push_back(i);  // of those that leave, the others are gone
  }
  return out;
}

std::string Rolling::says(std::size_t roll, const Turn& turn) const {
  const auto& state = states_[roll];
  const bool joins = turn.why == Turn::Why::joins;
  const auto all = joins ? state.roll.joining.size() : state.roll.rest.size();
  const auto left = joins ? state.joining.size() : state.remaining.size();
  std::string whose;
  for (const auto at : turn.members) whose += (whose.empty() ? "" : ", ") + who(plan_, member(state, at));
  const auto which = all > 1 ? fmt::format(" ({} of {})", all - left + 1, all) : std::string();
  switch (turn.why) {
    case Turn::Why::does_not_serve:
      return turn.members.size() > 1 ? whose + " do not serve, so they come first" : whose + " does not serve, so it comes first";
    case Turn::Why::leads:
      return fmt::format("{} is the {}, so it comes last{}", whose, member(state, turn.members.front()).leads.front().title, which);
    case Turn::Why::joins: return fmt::format("{} joins{}", whose, which);
    case Turn::Why::serves: return fmt::format("{} {}{}", whose, member(state, turn.members.front()).leaves ? "leaves" : "is next", which);
  }
  return whose;
}

std::string Rolling::says_untouched(std::size_t roll) const {
  const auto& state = states_[roll];
  const auto all_of_them = [&](const std::vector<std::size_t>& members, const char* one, const char* several) {
    std::string out;
    for (const auto at : members) out += (out.empty() ? "" : ", ") + who(plan_, member(state, at));
    return members.empty() ? out : out + (members.size() == 1 ? one : several);
  };
  const auto new_ones = all_of_them(state.joining, " is not started", " are not started");
  const auto old_ones = all_of_them(state.remaining, " stays as it is", " stay as they are");
  return new_ones + (new_ones.empty() || old_ones.empty() ? "" : "; ") + old_ones;
}

void Rolling::release(std::size_t roll, const Turn& turn) {
  auto& state = states_[roll];
  state.choosing = false;
  state.before.clear();
  for (const auto at : turn.members) {
    auto& list = next_of(state);
    list.erase(std::find(list.begin(), list.end(), at));
    for (const auto step : member(state, at).steps) standing_.release(step, {});
    const auto& ends = member(state, at).ends;
    state.before.insert(state.before.end(), ends.begin(), ends.end());
  }
}

int Rolling::first_step(std::size_t roll) const {
  const auto& state = states_[roll];
  return member(state, next_of(state).front()).services.front();
}

void Rolling::stop(std::size_t roll, int failed) { release_remaining(states_[roll], {failed}); }

void Rolling::release_remaining(State& state, const std::vector<int>& after) {
  state.choosing = false;
  for (auto* list : {&state.joining, &state.remaining})
    for (const auto at : std::exchange(*list, {}))
      for (const auto step : member(state, at).steps) standing_.release(step, after);
}

bool Rolling::release_all() {
  bool any = false;
  for (auto& state : states_) {
    if (state.choosing || next_of(state).empty()) continue;
    any = true;
    release_remaining(state, {});
  }
  return any;
}

}  // namespace tidelab::run
