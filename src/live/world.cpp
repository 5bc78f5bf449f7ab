#include "live/world.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "host/quote.hpp"
#include "live/agent.hpp"
#include "live/observe.hpp"
#include "step/describe.hpp"

namespace tidelab::live {

World::World(const plan::Plan& p, Setup s) : plan(p), setup(std::move(s)) {}
World::~World() = default;

Result<host::Output> World::agent(int lane, const std::string& call, const host::Input& input, const Control& control) {
  auto script = fmt::format("S={}; U={}\n", host::quote(state_dir(lane)), host::quote(setup.users[static_cast<std::size_t>(lane)]));
  script += agent_source() + "\n" + call + "\n";
  host::Command command;
  if (lane > 0) command.argv = setup.elevate;
  command.input = input;
  if (input.text.empty() && input.file.empty()) {
    // The script itself goes over stdin: its length is then bounded by nothing.
    command.argv.insert(command.argv.end(), {"sh", "-s"});
    command.input.text = script;
  } else {
    command.argv.insert(command.argv.end(), {"sh", "-c", script});
  }
  spdlog::debug("{}: {}", host(lane).name(), call.substr(0, 200));
  return host(lane).run(command, control);
}

Result<std::vector<run::Looked>> World::agent_looks(int lane, const std::string& calls, std::size_t count, const Control& control) {
  const auto output = agent(lane, calls, {}, control);
  if (!output) return tl::unexpected(output.error());
  std::vector<run::Looked> out(count);
  std::string_view rest = output->out;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.starts_with('=')) continue;
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    if (second == std::string_view::npos) continue;
    const auto number = static_cast<std::size_t>(std::strtoul(std::string(line.substr(1, first - 1)).c_str(), nullptr, 10));
    if (number >= count) continue;
    const auto state = line.substr(first + 1, second - first - 1);
    out[number] = {state == "differs" ? run::Looked::State::differs : run::Looked::State::holds, std::string(line.substr(second + 1))};
  }
  return out;
}

Result<void> World::boot(int lane, const Control& control) {
  const std::lock_guard lock(boot_mutex_);  // one lane's first step is not the place to save time
  if (booted_[lane]) return {};
  const auto output = agent(lane, "boot", {}, control);
  if (!output) return tl::unexpected(output.error());
  if (output->code != 0)
    return step::fail(Why::failed, fmt::format("cannot make {} on {}", state_dir(lane), host(lane).name()), output->err);
  booted_[lane] = true;
  return {};
}

step::Values World::values(const std::string& scope) {
  const std::lock_guard lock(mutex_);
  return values_[scope];
}

Result<void> World::take(const std::string& answer, const step::Takes& takes, const std::string& scope) {
  if (takes.empty()) return {};
  const std::lock_guard lock(mutex_);
  if (const auto missing = step::take(answer, takes, values_[scope]))
    return tl::unexpected(Failure{Why::differs,
                                  fmt::format("the answer has nothing to take as `{}`", *missing),
                                  {},
                                  "a value for `" + *missing + "`",
                                  answer.substr(0, 400),
                                  {}});
  return {};
}

Result<step::Action> World::bind(const step::Action& action, const std::string& scope) {
  auto out = action;
  const auto known = values(scope);
  std::string missing;
  step::each_text(out, [&](step::Text& text) {
    for (auto at = text.value.find("@{"); at != std::string::npos; at = text.value.find("@{", at)) {
      const auto end = text.value.find('}', at);
      if (end == std::string::npos) return;
      const auto name = text.value.substr(at + 2, end - at - 2);
      const auto found = known.find(name);
      if (found == known.end()) {
        missing = name;
        at = end;
        continue;
      }
      text.value.replace(at, end - at + 1, found->second);
      at += found->second.size();  // what was put in is not looked into again
    }
  });
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

std::string World::log_tail(int component, const Control& control) {
  const auto& c = plan.components[static_cast<std::size_t>(component)];
  if (c.log.empty() || c.lane == 0) return {};
  const auto output = host(c.lane).run({{"tail", "-n", "40", "--", c.log}, {}, {}, {}, {}}, control);
  return output ? output->out : std::string();
}

}  // namespace tidelab::live
