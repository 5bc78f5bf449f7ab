// Evidence: see the header. Two commands on the host: one for the process, one for the ends of the logs.
#include "live/evidence.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/script.hpp"
#include "live/agent_answers.hpp"
#include "live/process_words.hpp"
#include "step/describe.hpp"
#include "step/match.hpp"
#include "step/short_digest.hpp"

namespace tidelab::live {

using step::Clock;

namespace {

constexpr std::size_t most_lines = 15, most_of_others = 6;
constexpr auto before_an_end = std::chrono::seconds(10);  // what a process said before it ended
constexpr auto coarse = std::chrono::seconds(1);          // times without fractions, and what our clock is off by
constexpr std::size_t longest_answer = 4000, longest_words = 1000, longest_quote = 300;
constexpr auto process_title = "process";

Result<Logs> ask_for_logs(World& world, const plan::Component& c, const Control& control) {
  std::vector<std::string> files{c.log};
  files.insert(files.end(), c.log_look.also.begin(), c.log_look.also.end());
  const auto mark = "log-" + step::short_digest(fmt::format("{} {}", c.log, Clock::now().time_since_epoch().count()));
  step::Texts words;
  for (const auto& each :
       {std::string("sh"), std::string("-c"), agent::program("log_ends"), std::string("sh"), mark, std::to_string(bytes_of_log)})
    words.push_back({each, {}});
  for (const auto& each : files) words.push_back({each, {}});
  const auto command = world.command_on(c.lane, words, {}, control);
  if (!command) return tl::unexpected(command.error());
  const auto output = world.host(c.lane).run(*command, control);
  if (!output) return tl::unexpected(output.error());
  auto logs = read_logs(output->out, mark, files);
  if (logs.ends.size() != files.size()) return step::fail(Why::failed, "its log could not be read", output->err);
  return logs;
}

/// Of one component: where its log is, and from when on it matters.
struct Period {
  const plan::Component& component;
  const std::string& host;
  HostTime since;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& each : lines) out += (out.empty() ? "" : "\n") + each;
  return out;
}

run::Evidence tell(const Period& period, const LogEnd& log, const LogChoice& choice) {
  const auto place = fmt::format("{} on {}", log.path, period.host);
  if (!choice.timed)
    return {-1, fmt::format("{} of {}, in which no line has a time", log.main ? "the last lines" : "errors", place), joined(choice.lines)};
  auto title = fmt::format("warnings and errors in {} since {}", place, clock_text(period.since, log.offset));
  if (choice.left_out > 0) title += fmt::format(" ({} earlier left out)", choice.left_out);
  if (!choice.reaches_back) title += fmt::format(", as far as its last {} KiB reach", bytes_of_log >> 10);
  return {-1, std::move(title), joined(choice.lines)};
}

// It has nothing to say by itself; what it takes is there for those that follow.
bool only_takes(const step::Step& asked) {
  const auto* http = std::get_if<step::Http>(&asked.action);
  return http != nullptr && asked.say.empty() && !http->ask.take.empty();
}

// That nothing was found is told of the main log, since it is where people look.
run::Evidence tell_nothing(const Period& period, const LogEnd& log, const LogChoice& choice, const std::string& unread) {
  auto text = !unread.empty()    ? fmt::format("{} cannot be read: {}", log.path, unread)
              : log.text.empty() ? fmt::format("{} is empty", log.path)
                                 : fmt::format("no warning or error in {} since {}", log.path, clock_text(period.since, log.offset));
  if (!choice.reaches_back) text += fmt::format(", as far as its last {} KiB reach", bytes_of_log >> 10);
  return {-1, fmt::format("{} on {}", log.path, period.host), std::move(text)};
}

/// Fifteen lines at most in all: what was written without a logger comes first, since programs end with that.
std::vector<run::Evidence> tell_logs(const Period& period, const Logs& logs, bool first, ProcessWords& process,
                                     std::optional<HostTime>& until) {
  std::vector<run::Evidence> out;
  std::size_t room = most_lines;
  LogChoice main;
  for (std::size_t i = logs.ends.size(); i-- > 0;) {
    auto choice = choose_lines(logs.ends[i], period.component.log_look, period.since, i == 0 ? room : std::min(room, most_of_others));
    if (choice.last) until = std::max(until.value_or(*choice.last), *choice.last);
    if (const auto& line = choice.out_of_memory; !line.empty()) {
      process.state = "out of memory";
      process.text += "\nits log says: " + line.substr(0, longest_quote);
    }
    if (i == 0) main = choice;
    if (choice.lines.empty() || (!choice.timed && !first)) continue;
    room -= choice.lines.size();
    out.insert(out.begin(), tell(period, logs.ends[i], choice));
  }
  if (out.empty() && first) out.push_back(tell_nothing(period, logs.ends.front(), main, logs.unread.front()));
  return out;
}

}  // namespace

void Collector::begin(const plan::Step& step) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  began_[step.id] = now;
  if (std::holds_alternative<step::Service>(step.action)) started_[step.component] = now;
}

// A hop is about what happened since the write; a component that is waited for, since it was started.
Clock::time_point Collector::began(const plan::Step& step) {
  const std::lock_guard lock(mutex_);
  const auto own = began_.find(step.id);
  auto out = own == began_.end() ? Clock::now() : own->second;
  if (step.hop) {
    if (const auto write = began_.find(step.hop->since); write != began_.end()) out = std::min(out, write->second);
  } else if (const auto start = started_.find(step.component); start != started_.end()) {
    out = std::min(out, start->second);
  }
  return out;
}

std::vector<run::Evidence> Collector::collect(const plan::Step& step, const Failure& failure, const Control& control) {
  std::vector<run::Evidence> out;
  const auto& plan = world_.plan;
  // That the lab differs from its topology says nothing of how a component is.
  const bool drift = step.hop && step.hop->drift;
  if (step.component >= 0 && !drift && failure.why != Why::unreachable) {
    const auto& component = plan.components[static_cast<std::size_t>(step.component)];
    Turn* turn = nullptr;
    {
      const std::lock_guard lock(mutex_);
      turn = &turns_[step.component];
    }
    const std::lock_guard lock(turn->mutex);
    if (component.lane > 0) out = about(component, *turn, began(step), control);
    for (auto& each : out) each.component = step.component;
  }
  std::size_t at = out.empty() || out.front().title != process_title ? 0 : 1;
  for (const auto& asked : step.evidence) {
    const auto answer = ask(world_, asked.action, {step.lane, step.scope}, control);
    const auto title = asked.title.empty() ? render_action(asked.action) : asked.title.value;
    if (!answer || answer->answer.text() == "null" || only_takes(asked)) continue;
    run::Evidence told{step.component, title, answer->answer.text().substr(0, longest_answer)};
    if (!asked.say.empty()) {
      const auto said = world_.bind(asked.say.value, step.scope);
      if (!said) continue;  // what it would say is not known
      told.text = said->substr(0, longest_words);
      told.words = true;
    }
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(at++), std::move(told));
  }
  for (auto& each : out) each.step = step.id;
  return out;
}

// What the process is, and the lines of the logs; of either only what this run has not told yet.
std::vector<run::Evidence> Collector::about(const plan::Component& c, Turn& turn, Clock::time_point since, const Control& control) {
  const auto& host = world_.plan.lanes[static_cast<std::size_t>(c.lane)].name;
  ProcessWords process;
  for (const auto& service : c.services) {
    const auto answer = process_state(world_, service, c.lane, control);
    if (!answer) continue;  // then the host cannot be asked, which is told as the failure of whatever asks it
    auto words = describe_process({fmt::format("{} {}", c.title, c.node), host, world_.plan.lab, c.node}, *answer);
    if (process.text.empty() || (process.state.empty() && !words.state.empty())) process = std::move(words);
  }
  std::vector<run::Evidence> logs;
  const auto asked = Clock::now();
  const auto read = c.log.empty() ? Result<Logs>(step::fail(Why::failed, "it has no log")) : ask_for_logs(world_, c, control);
  if (read) {
    auto from = read->now - std::chrono::duration_cast<HostTime>(asked - since) - coarse;
    if (process.ended) from = std::min(from, read->now - std::chrono::seconds(*process.ended) - before_an_end);
    if (turn.until) from = *turn.until + HostTime(1);
    logs = tell_logs({c, host, from}, *read, !std::exchange(turn.told, true), process, turn.until);
  } else if (!c.log.empty()) {
    spdlog::debug("{}: {}", c.log, read.error().what);
  }
  // The same process in the same state is no news, however much older it is.
  const auto news = process.state + process.text.substr(0, process.text.find(", up "));
  if (!process.text.empty() && std::exchange(turn.process, news) != news)
    logs.insert(logs.begin(), {-1, process_title, process.text, process.state});
  return logs;
}

}  // namespace tidelab::live
