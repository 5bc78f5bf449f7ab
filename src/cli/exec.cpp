// `tidelab exec`: a command on the lab's hosts, all at once. Its words arrive as they are; no shell looks at them.
#include <iostream>
#include <mutex>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/by_hand.hpp"
#include "cli/feed.hpp"
#include "cli/reach.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "step/thread.hpp"

namespace tidelab::cli {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_kept = 8 << 20;  // bytes of each stream that JSON holds of one host

/// What one host answered.
struct HostAnswer {
  std::string host;
  int code = -1;  ///< -1: could not be asked, see `problem`
  std::string out, err, problem;
  bool cut = false;
  std::string meant{};  ///< of a program that is not there: one that is

  void keep(std::string& stream, std::string_view part) {
    const auto room = most_kept - stream.size();
    stream += part.substr(0, room);
    cut = cut || part.size() > room;
  }
};

/// Whole lines of several hosts, each with its host's name before it; never two in one.
class Lines {
public:
  Lines(std::string prefix, std::ostream& to, std::mutex& mutex, const std::vector<std::string>& secrets)
      : prefix_(std::move(prefix)), to_(to), mutex_(mutex), secrets_(secrets) {}
  ~Lines() {
    if (!rest_.empty()) say(rest_ + "\n");
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  void operator()(std::string_view text) {
    rest_ += text;
    auto end = rest_.rfind('\n');
    if (end == std::string::npos && rest_.size() > most_kept) end = rest_.size() - 1;  // a line without an end is told in pieces
    if (end == std::string::npos) return;
    say(rest_.substr(0, end + 1));
    rest_.erase(0, end + 1);
  }

private:
  void say(const std::string& lines) {
    std::string out;
    for (std::size_t at = 0; at < lines.size();) {
      const auto end = std::min(lines.find('\n', at), lines.size() - 1);
      out += prefix_ + plan::mask(lines.substr(at, end + 1 - at), secrets_);
      at = end + 1;
    }
    const std::lock_guard lock(mutex_);
    print_bytes(to_, out);
  }

  std::string prefix_, rest_;
  std::ostream& to_;
  std::mutex& mutex_;
  const std::vector<std::string>& secrets_;
};

// The lab's account runs it, as it runs the services, unless the account that logs in is asked for.
host::Command as_asked(const Options& options, const live::Setup& setup, std::size_t lane, std::vector<std::string> argv) {
  if (!options.as_login) argv = live::words_of_services(setup, lane, std::move(argv));
  return {std::move(argv), {}, {}, {}, {}};
}

std::vector<std::string> words_of(const Options& options) {
  std::vector<std::string> words;
  if (!options.script.empty()) words = {"sh", "-c", options.script, "sh"};
  words.insert(words.end(), options.words.begin(), options.words.end());
  return words;
}

// Whether who logs in, root perhaps, runs it rather than the services' account: then nothing looks into directories that are the
// account's, where it may have put an `ls`.
bool is_for_another(const Options& options, const live::Setup& setup, std::size_t lane) {
  return options.as_login && !setup.users[lane].empty();
}

// Of a program that is not there: what it may be called. Asked of the host, since only it knows what is in those directories.
std::string look_for_meaning(const HostAnswer& answer, const Options& options, const plan::Plan& plan, const live::Setup& setup,
                             std::size_t lane) {
  if (answer.code != 127 || options.words.empty() || !options.script.empty()) return {};
  if (is_for_another(options, setup, lane)) return {};
  auto question = question_for_missing(tool_owners(plan, lane, options.nodes), options.words.front());
  if (question.empty()) return {};
  const auto listed = setup.hosts[lane]->run(as_asked(options, setup, lane, std::move(question)),
                                             {step::Clock::now() + std::chrono::seconds(20), options.stop, {}});
  return listed ? what_was_meant(options.words.front(), listed->out) : std::string();
}

void ask_host(HostAnswer& answer, host::Host& host, host::Command command, const Options& options, const plan::Plan& plan,
              std::mutex& mutex, std::size_t width) {
  const bool text = options.format == "text";
  const auto prefix = fmt::format("{:<{}} │ ", answer.host, width);
  Lines out(prefix, std::cout, mutex, plan.secrets), err(prefix, std::cerr, mutex, plan.secrets);
  command.on_out = [&](std::string_view part) { text ? out(part) : answer.keep(answer.out, part); };
  command.on_err = [&](std::string_view part) { text ? err(part) : answer.keep(answer.err, part); };
  const auto output = host.run(command, {step::Clock::time_point::max(), options.stop, {}});
  if (output)
    answer.code = output->code;
  else
    answer.problem = output.error().what;
}

void print_json(const plan::Plan& plan, const std::vector<HostAnswer>& answers) {
  auto rows = ordered_json::array();
  for (const auto& a : answers) {
    // Bytes that are no text are replaced: JSON has no others.
    rows.push_back({{"host", a.host},
                    {"exit", a.problem.empty() ? ordered_json(a.code) : ordered_json()},
                    {"stdout", plan::mask(a.out, plan.secrets)},
                    {"stderr", plan::mask(a.err, plan.secrets)},
                    {"cut", a.cut},
                    {"did_you_mean", a.meant.empty() ? ordered_json() : ordered_json(a.meant)},
                    {"problem", a.problem.empty() ? ordered_json() : ordered_json(a.problem)}});
  }
  std::cout << ordered_json{{"lab", plan.lab}, {"hosts", rows}}.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace

int exec(const Options& options) {
  if (options.words.empty() && options.script.empty()) {
    std::cerr << "tidelab: nothing to run\nhelp: `tidelab exec LAB -- COMMAND ARGUMENTS…`, or `--sh TEXT` for a text that a shell runs\n";
    return exit_usage;
  }
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_status(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto setup = make_setup(made, *lab);
  std::vector<HostAnswer> answers;
  std::size_t width = 0;
  const auto meant = lanes_meant(made, options);
  const std::vector<std::size_t> lanes(meant.begin(), meant.end());
  for (const auto lane : lanes) {
    answers.push_back({made.lanes[lane].name, -1, {}, {}, {}, false});
    width = std::max(width, answers.back().host.size());
  }
  std::optional<Feed> feed;
  if (has_input_for(lanes.size())) feed.emplace(lanes.size(), options.stop);
  std::mutex mutex;
  std::vector<step::Thread> threads;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto ask = [&, i, lane = lanes[i]] {
      // Programs in directories of another account are for nobody else to run by name.
      auto words =
          is_for_another(options, setup, lane) ? words_of(options) : with_tools(tool_owners(made, lane, options.nodes), words_of(options));
      auto command = as_asked(options, setup, lane, std::move(words));
      if (feed) command.input.file = feed->path(i);
      ask_host(answers[i], *setup.hosts[lane], std::move(command), options, made, mutex, width);
      if (feed) feed->leave(i);
      answers[i].meant = look_for_meaning(answers[i], options, made, setup, lane);
    };
    threads.emplace_back(ask, [&, i](const step::Failure& why) {
      answers[i].problem = why.what;
      if (feed) feed->leave(i);  // the others would wait for it
    });
  }
  threads.clear();
  feed.reset();
  if (options.format == "json") print_json(made, answers);
  int code = exit_true;
  for (const auto& a : answers) {
    if (!a.problem.empty()) std::cerr << fmt::format("tidelab: {}: {}\n", a.host, a.problem);
    if (a.code > 0 && options.format == "text") std::cerr << fmt::format("tidelab: {}: it ended with {}\n", a.host, a.code);
    if (!a.meant.empty()) std::cerr << fmt::format("help: {}: did you mean `{}`?\n", a.host, a.meant);
    code = std::max(code, !a.problem.empty() ? exit_unknown : a.code != 0 ? exit_false : exit_true);
  }
  return options.stop.stop_requested() ? exit_interrupted : code;
}

}  // namespace tidelab::cli
