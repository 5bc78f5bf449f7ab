#include "live/world.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/script.hpp"
#include "live/agent_answers.hpp"
#include "live/observe.hpp"
#include "step/describe.hpp"

namespace tidelab::live {

World::World(const plan::Plan& p, Setup s) : plan(p), setup(std::move(s)), settling_(p.lanes.size()), booting_(p.lanes.size()) {
  for (std::size_t lane = 0; lane < settling_.size(); ++lane) settling_[lane].done = lane == 0 || setup.run.empty() || setup.settled;
}
World::~World() = default;

namespace {

Setup without_hosts(const Setup& setup) {
  Setup out;
  out.users = setup.users;
  out.of_user = setup.of_user;
  out.elevate = setup.elevate;
  out.run = setup.run;
  out.claim = setup.claim;
  out.acquired = setup.acquired;
  return out;
}

}  // namespace

Lent::Lent(const plan::Plan& plan, Setup& setup) : setup_(setup), world_(plan, without_hosts(setup)) {
  std::swap(world_.setup.hosts, setup_.hosts);
}
Lent::~Lent() { std::swap(world_.setup.hosts, setup_.hosts); }

// sudo drops variables that it is not told about, so behind it they are given by `env`.
host::Command World::marked(int lane, std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> env) const {
  if (lane > 0 && !setup.run.empty()) env.push_back(agent::run_mark(state_dir(lane), setup.run));
  host::Command out;
  const bool elevated = lane > 0 && !setup.elevate.empty();
  if (elevated) {
    out.argv = setup.elevate;
    if (!env.empty()) out.argv.push_back("env");
    for (const auto& [name, value] : env) out.argv.push_back(name + "=" + value);
  } else {
    out.env = std::move(env);
  }
  out.argv.insert(out.argv.end(), argv.begin(), argv.end());
  return out;
}

Result<host::Command> World::command_on(int lane, const step::Texts& argv, const step::Pairs& env, const Control& control) {
  if (!settling_[static_cast<std::size_t>(lane)].is_done()) {
    if (auto output = agent(lane, "true", {}, control); !output) return tl::unexpected(output.error());
  }
  std::vector<std::string> words;
  for (const auto& each : argv) words.push_back(each.value);
  std::vector<std::pair<std::string, std::string>> variables;
  for (const auto& [name, value] : env) variables.emplace_back(name.value, value.value);
  return marked(lane, words_as(setup.users[static_cast<std::size_t>(lane)], std::move(words)), std::move(variables));
}

Result<host::Output> World::send(int lane, const std::string& calls, const host::Input& input, const Control& control) {
  const auto at = static_cast<std::size_t>(lane);
  const auto& earlier = setup.users[at].empty() ? std::string() : plan.lanes[at].state_dir;
  const auto script = agent::script({state_dir(lane), setup.users[at], setup.of_user[at], earlier}, calls);
  // Without input the script itself goes over stdin: its length is then bounded by nothing.
  const bool over_stdin = input.text.empty() && input.file.empty();
  auto command = marked(lane, over_stdin ? std::vector<std::string>{"sh", "-s"} : std::vector<std::string>{"sh", "-c", script}, {});
  command.input = over_stdin ? host::Input{script, {}} : input;
  spdlog::debug("{}: {}", host(lane).name(), calls.substr(0, 200));
  return host(lane).run(command, control);
}

namespace {

// An answer that says who works on the lab, or why nothing is done, is a failure.
Result<host::Output> unless_held(Result<host::Output> output) {
  if (output && output->code == agent::is_refused) {
    auto reason = output->err;
    while (reason.ends_with('\n')) reason.pop_back();
    return step::fail(Why::failed, reason.substr(reason.rfind('\n') + 1), output->err);
  }
  if (!output || output->code != agent::is_held) return output;
  auto who = output->err;
  while (who.ends_with('\n')) who.pop_back();
  Failure held{Why::failed, fmt::format("this lab is in use by {}", who), {}, {}, {}, {}};
  held.help = "wait until that run has ended; if it hangs, end it there, or go on regardless with `--take-over`";
  return tl::unexpected(std::move(held));
}

// Hosts are told apart by name, since another controller's topology may have them in another order.
int first_lane(const plan::Plan& plan) {
  const auto least =
      std::min_element(plan.lanes.begin() + 1, plan.lanes.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return static_cast<int>(least - plan.lanes.begin());
}

}  // namespace

bool World::holds(int lane, const Control& control) {
  auto& settling = settling_[static_cast<std::size_t>(lane)];
  {
    const std::lock_guard lock(settling.mutex);
    if (settling.done || settling.refused) return settling.done;
  }
  return agent(lane, "true", {}, control).has_value();
}

Result<host::Output> World::agent(int lane, const std::string& calls, const host::Input& input, const Control& control,
                                  const std::string& unclaimed) {
  auto& settling = settling_[static_cast<std::size_t>(lane)];
  if (settling.is_done()) return unless_held(send(lane, calls, input, control));
  std::unique_lock lock(settling.mutex);
  if (!settling.done && control.expired() && !control.stopped())
    return step::fail(step::Why::unreachable, fmt::format("{} has answered nothing so far", host(lane).name()));
  if (settling.done) {
    lock.unlock();
    return unless_held(send(lane, calls, input, control));
  }
  // It goes with the first calls, so it costs no command of its own; other calls of this lane wait for it.
  const auto before = fmt::format("claim {}\n{}\n", agent::claim_words(setup.claim), agent::end_orphans_call(state_dir(lane), setup.run));
  auto output = send(lane, unclaimed + before + calls, input, control);
  // Two that come at once to a lab that is there may hold some hosts each. Whoever has the first one goes on, and the other
  // one gives up, which takes a moment.
  if (const int first = first_lane(plan); output && output->code == agent::is_held && lane != first && holds(first, control)) {
    const auto end = step::Clock::now() + std::chrono::seconds(5);
    while (output && output->code == agent::is_held && step::Clock::now() < end && step::pause(control, std::chrono::milliseconds(100)))
      output = send(lane, unclaimed + before + calls, input, control);
  }
  settling.refused = output && output->code == agent::is_held;
  output = unless_held(std::move(output));
  if (!output || (!unclaimed.empty() && ("\n" + output->out).find("\nunclaimed\n") != std::string::npos)) return output;
  if (output->code == agent::orphans_stay)
    return step::fail(Why::failed, fmt::format("an earlier run of this lab still acts on {}", host(lane).name()), output->err);
  settling.done = true;
  return output;
}

namespace {

std::string boot_call(const agent::Claim& claim) {
  return fmt::format("boot {} || {{ why=$(no_room); printf '%s\\n' \"${{why# }}\" >&2; exit 1; }}\n", agent::claim_words(claim));
}

}  // namespace

// Of two controllers that come at once one gets all hosts, and not each some: everybody begins with the same host. That one
// goes alone, so that the others wait for nothing that takes long. What is wrong with it is said by its own steps.
Result<void> World::claim_first(const Control& control) {
  if (plan.lanes.size() < 3) return {};
  const int lane = first_lane(plan);
  auto& booting = booting_[static_cast<std::size_t>(lane)];
  if (booting.is_done()) return {};
  const std::lock_guard lock(booting.mutex);
  if (booting.done) return {};
  const auto output = agent(lane, boot_call(setup.claim), {}, control);
  booting.done = output && output->code == 0;
  if (!output && output.error().why == Why::failed) return tl::unexpected(output.error());
  return {};
}

Result<host::Output> World::agent_acts(int lane, const std::string& calls, const host::Input& input, const Control& control) {
  if (auto first = claim_first(control); !first) return tl::unexpected(first.error());
  auto& booting = booting_[static_cast<std::size_t>(lane)];
  if (booting.is_done()) return agent(lane, calls, input, control);
  std::unique_lock lock(booting.mutex);  // two that make the directory at once would not know who made it
  if (booting.done) {
    lock.unlock();
    return agent(lane, calls, input, control);
  }
  auto output = agent(lane, boot_call(setup.claim) + calls, input, control);
  booting.done = output && output->code == 0;
  return output;
}

Result<std::vector<run::Looked>> World::agent_looks(int lane, const std::string& calls, std::size_t count, const Control& control) {
  const auto output = agent(lane, calls, {}, control);
  if (!output) return tl::unexpected(output.error());
  return read_looks(output->out, count);
}

step::Values World::values(const std::string& scope) {
  const std::lock_guard lock(mutex_);
  return values_[scope];
}

Result<void> World::take(const step::Answer& answer, const step::Takes& takes, const std::string& scope) {
  if (takes.empty()) return {};
  const std::lock_guard lock(mutex_);
  if (const auto missing = step::take(answer, takes, values_[scope]))
    return tl::unexpected(Failure{Why::differs,
                                  fmt::format("the answer has nothing to take as `{}`", *missing),
                                  {},
                                  "a value for `" + *missing + "`",
                                  answer.text().substr(0, 400),
                                  {}});
  return {};
}

namespace {

// Every `@{name}` of a text; one that is not known stays, and is named in `missing`.
void bind_text(std::string& text, const step::Values& known, std::string& missing) {
  for (auto at = text.find("@{"); at != std::string::npos; at = text.find("@{", at)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) return;
    const auto name = text.substr(at + 2, end - at - 2);
    const auto found = known.find(name);
    if (found == known.end()) {
      missing = name;
      at = end;
      continue;
    }
    text.replace(at, end - at + 1, found->second);
    at += found->second.size();  // what was put in is not looked into again
  }
}

}  // namespace

std::optional<std::string> World::bind(const std::string& text, const std::string& scope) {
  auto out = text;
  std::string missing;
  bind_text(out, values(scope), missing);
  return missing.empty() ? std::optional(std::move(out)) : std::nullopt;
}

std::size_t World::first_member(const std::string& group) {
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(group);
  return found == members_.end() ? 0 : found->second;
}

void World::remember_member(const std::string& group, std::size_t member) {
  const std::lock_guard lock(mutex_);
  members_[group] = member;
}

Result<step::Action> World::bind(const step::Action& action, const std::string& scope) {
  auto out = action;
  const auto known = values(scope);
  std::string missing;
  step::each_text(out, [&](step::Text& text) { bind_text(text.value, known, missing); });
  if (!missing.empty()) return step::fail(Why::failed, fmt::format("no answer so far gave a value for `@{{{}}}`", missing));
  return out;
}

Result<std::unique_ptr<client::SqlSession>> World::borrow(const client::SqlTarget& target, const Control& control) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = sessions_.find(target); found != sessions_.end()) {
      auto session = std::move(found->second);
      sessions_.erase(found);
      return session;
    }
  }
  return client::open_sql(target, control);
}

void World::give_back(const client::SqlTarget& target, std::unique_ptr<client::SqlSession> session) {
  const std::lock_guard lock(mutex_);
  sessions_.emplace(target, std::move(session));
}

void World::add_watch(const std::string& name, std::unique_ptr<Watch> watch, std::vector<step::Step> finish, Where where) {
  const std::lock_guard lock(mutex_);
  watches_[name] = Watched{std::move(watch), std::move(finish), std::move(where)};
}

Watch* World::find_watch(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(name);
  return found == watches_.end() ? nullptr : found->second.watch.get();
}

void World::close(const Control& control) {
  std::map<std::string, Watched> closing;
  {
    const std::lock_guard lock(mutex_);
    closing.swap(watches_);
  }
  for (auto& [name, each] : closing)
    if (each.watch) each.watch->stop();
  for (auto& [name, each] : closing) {
    each.watch.reset();
    for (const auto& step : each.finish) {
      const auto done = perform(*this, step.action, each.where, control);
      if (!done) spdlog::warn("tidying up after {}: {}: {}", name, step::render_action(step.action), done.error().what);
    }
  }
}

}  // namespace tidelab::live
