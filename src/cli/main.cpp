// From the command line to a command, and the one place where a signal becomes a wish to stop.
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"
#include "cli/complete.hpp"
#include "cli/keyring.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "client/worker_main.hpp"
#include "source/paint.hpp"
#include "source/screen.hpp"
#include "step/thread.hpp"

namespace {

using namespace tidelab::cli;
namespace live = tidelab::live;

// https://no-color.org: set and not empty. A terminal without abilities calls itself dumb.
bool wants_colour(const std::string& when, int stream) {
  if (when != "auto") return when == "always";
  const auto says = [](const char* name) { return std::string_view(std::getenv(name) == nullptr ? "" : std::getenv(name)); };
  return ::isatty(stream) != 0 && says("NO_COLOR").empty() && says("TERM") != "dumb";
}

// The first signal asks everything to end in order; the second ends us at once.
void watch_signals(std::stop_source stop) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const auto wait = [set, stop]() mutable {
    int number = 0;
    sigwait(&set, &number);
    wipe_live_line();
    constexpr char text[] = "\ninterrupted: shutting down cleanly; interrupt again to stop at once\n";
    if (::write(2, text, sizeof text - 1) < 0) ::_exit(exit_interrupted);
    stop.request_stop();
    // `timeout` of coreutils sends its signal to the process and at once to its group: that is one. What came while this thread did
    // not run, on a busy machine, came at once, too.
    using namespace std::chrono;
    for (const auto until = steady_clock::now() + 200ms;;) {
      const auto left = std::max<nanoseconds>(until - steady_clock::now(), 0ns);
      const timespec rest{0, left.count()};
      if (sigtimedwait(&set, nullptr, &rest) < 0 && errno != EINTR) break;
    }
    sigwait(&set, &number);
    wipe_live_line();
    ::_exit(exit_interrupted);
  };
  tidelab::step::Thread(wait, tidelab::step::nobody_is_told).detach();
}

// What stands behind `--` of `exec` is not ours to read: it goes to the hosts byte for byte.
int take_words(int argc, char** argv, Options& options) {
  const auto* end = argv + argc;
  auto** dashes = std::find_if(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--"; });
  if (std::none_of(argv, dashes, [](const char* word) { return std::string_view(word) == "exec"; })) return argc;
  for (auto** word = dashes == end ? dashes : dashes + 1; word != end; ++word) options.words.emplace_back(*word);
  return static_cast<int>(dashes - argv);
}

int help(const CLI::App& app, const Options& options) {
  const auto& command = options.target;
  if (options.format == "man" && command.empty()) {
    print_manual(app, std::cout);
    return exit_true;
  }
  if (print_help(app, command, std::cout)) return exit_true;
  return no_such_command(command);
}

int run(int argc, char** argv) {
  Options options;
  Keyring keyring;
  options.keyring = &keyring;
  const bool completes = argc > 1 && std::string_view(argv[1]) == "complete";
  if (!completes) argc = take_words(argc, argv, options);
  CLI::App app{"", "tidelab"};
  app.set_version_flag("--version", program_version());
  app.require_subcommand(1);
  app.add_option("--home", options.home, "directory that holds playbooks/ and checks/");
  std::map<const CLI::App*, const Row*> by_app;
  for (const auto& row : commands()) {
    auto* sub = app.add_subcommand(row.name, row.help);
    add_options(*sub, row, options);
    by_app[sub] = &row;
  }
  if (completes) return complete(app, {argv + 2, argv + argc});
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto given = app.get_subcommands();
    print_help(app, given.empty() ? std::string() : given.front()->get_name(), std::cout);
    return exit_true;
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : tell_mistake(app, error);
  }
  const auto& row = *by_app.at(app.get_subcommands().front());
  if (row.command == nullptr) return help(app, options);
  options.colour = wants_colour(options.colour_when, STDOUT_FILENO);
  options.colour_errors = wants_colour(options.colour_when, STDERR_FILENO);
  live::open_log(options.verbose);
  std::stop_source stop;
  options.stop = stop.get_token();
  watch_signals(stop);
  if (const auto code = keyring.read(options.stop)) return *code;
  return row.command(options);
}

/// In front of both streams, from the first word on: nothing can be printed past them.
class Screens {
public:
  Screens() : out_(*std::cout.rdbuf(), ::isatty(STDOUT_FILENO) != 0), err_(*std::cerr.rdbuf(), ::isatty(STDERR_FILENO) != 0) {
    tidelab::source::tell_ours_apart();
    std::cout.rdbuf(&out_);
    std::cerr.rdbuf(&err_);
  }
  void finish() {
    out_.finish();
    err_.finish();
  }

private:
  tidelab::source::Screen out_, err_;
};

}  // namespace

int main(int argc, char** argv) {
  tidelab::client::become_worker_if_asked(argc, argv);
  auto& screens = *new Screens;  // never destroyed: threads that are left behind may print until the end
#ifdef __GLIBC__
  // Large topologies make many small things: the heap grows in large pieces, and is not given back in between (3 % of `validate`).
  ::mallopt(M_TOP_PAD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
  try {
    const auto code = run(argc, argv);
    screens.finish();
    std::cout << std::flush;
    return std::cout ? code : exit_unknown;
  } catch (const std::filesystem::filesystem_error& error) {  // of the machine, not of the program: a directory that is gone, say
    std::cerr << fmt::format("tidelab: {}{}{}\n", error.path1().string(), error.path1().empty() ? "" : ": ", error.code().message());
    return exit_unknown;
  } catch (const std::exception& error) {
    std::cerr << fmt::format("this is a bug in tidelab: {}\n", error.what());
    return exit_bug;
  }
}
