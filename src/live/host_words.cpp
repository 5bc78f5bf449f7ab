// Words about files and services, carried out: calls of the agent, and what it answers.
#include <algorithm>

#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/agent_answers.hpp"
#include "live/host_calls.hpp"
#include "live/process_words.hpp"
#include "live/world.hpp"

namespace tidelab::live {

using namespace step;
using host::quote;

namespace {

bool needs_state(const Action& action) { return !std::holds_alternative<Halt>(action) && !std::holds_alternative<Sweep>(action); }

std::string turn_call(std::size_t n, const std::string& look, const std::string& act, const std::vector<std::size_t>& needs) {
  return fmt::format("look_{0}() {{\n{1}\n}}\nact_{0}() {{\n{2}\n}}\nturn {0} {3}\n", n, look, act, fmt::join(needs, " "));
}

constexpr auto patience = std::chrono::seconds(5);  // for the members that are there

// With the arguments of a member that joins others, or of one of the first: nobody answers who does not know this one yet.
Action as_member(World& world, const Action& action, const Where& where, const Control& control) {
  const auto* service = std::get_if<Service>(&action);
  if (service == nullptr || (service->first_members.empty() && service->newcomer.empty())) return action;
  auto brief = control;
  brief.deadline = std::min(control.deadline, Clock::now() + patience);
  const bool joins = !service->joins.empty() && ask(world, service->joins.front().action, where, brief).has_value();
  auto out = *service;
  if (out.argv_without_members.empty()) out.argv_without_members = out.argv;
  const auto& further = joins ? service->newcomer : service->first_members;
  out.argv.insert(out.argv.end(), further.begin(), further.end());
  return out;
}

}  // namespace

std::vector<std::optional<Result<run::Done>>> perform_on_host(World& world, int lane, const std::vector<run::Joined>& steps,
                                                              const Control& control) {
  std::string calls;
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const auto& step = *steps[n].step;
    const auto acting = as_member(world, step.action, {lane, step.scope, step.lenient, false}, control);
    calls += turn_call(n, look_call(world, step.action, lane, n), act_for(world, acting, lane, n).call, steps[n].needs);
  }
  std::vector<std::optional<Result<run::Done>>> out;
  const auto output = world.agent_acts(lane, calls, {}, control);
  auto results = output ? read_results(*output, steps.size()) : decltype(out)(steps.size());
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const auto& needs = steps[n].needs;
    const bool could = std::all_of(needs.begin(), needs.end(), [&](const auto need) { return out[need] && *out[need]; });
    auto& result = results[n];
    if (!result && could) result = output ? nothing_said(*output, n) : tl::unexpected(output.error());
    out.push_back(std::move(result));
  }
  return out;
}

Result<run::Done> perform_on_host(World& world, const Action& action, const Where& where, const Control& control) {
  const auto act = act_for(world, as_member(world, action, where, control), where.lane, 0);
  if (act.call.empty()) return step::fail(Why::failed, "the archive was not acquired");
  const auto look = look_call(world, action, where.lane, 0);
  // What is large is sent only when it is known to be needed.
  const bool large = !act.input.file.empty() || !act.input.text.empty();
  if (large && !where.differs) {
    const auto looked = world.agent_looks(where.lane, look, 1, control);
    if (!looked) return tl::unexpected(looked.error());
    if (looked->front().state == run::Looked::State::holds) return run::Done{false, looked->front().note, {}};
  }
  const auto calls = turn_call(0, look, act.call, {});
  const auto output =
      needs_state(action) ? world.agent_acts(where.lane, calls, act.input, control) : world.agent(where.lane, calls, act.input, control);
  if (!output) return tl::unexpected(output.error());
  return read_results(*output, 1).front().value_or(nothing_said(*output, 0));
}

Result<Answer> process_state(World& world, const std::string& service, int lane, const Control& control) {
  if (const auto known = world.setup.processes.find({lane, service}); known != world.setup.processes.end())
    return known->second.map(Answer::parse);
  const auto output = world.agent(lane, "process_of " + quote(world.run_dir(lane, service)), {}, control);
  if (!output) return tl::unexpected(output.error());
  if (output->code != 0) return step::fail(Why::unreachable, "the state of " + service + " could not be read", output->err);
  return read_process(output->out, service, world.host(lane).name()).map(Answer::parse);
}

}  // namespace tidelab::live
