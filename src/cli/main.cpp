// The command line: a table of commands, and the one place where a signal becomes a wish to stop.
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/keyring.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "source/diagnostic.hpp"

namespace {

using namespace tidelab::cli;
namespace live = tidelab::live;

enum Flag : unsigned {
  topology = 1,
  hosts = 2,
  source = 4,
  nodes = 8,
  report_to = 16,
  keeps = 32,
  plans = 64,
  tails = 128,
  strict = 256,
  formats = 512,
  guides = 1024,  // its flags are its own
  files = 2048,
  codes = 4096,
  ends = 8192,
  looks = 16384,
  runs = 32768
};

struct Row {
  const char* name;
  const char* help;
  Command command;
  unsigned flags;
};

constexpr Row rows[] = {
    {"validate", "read a topology and tell every mistake in it", validate, files | strict},
    {"explain", "tell more about a diagnostic, with a wrong and a right example", explain, codes},
    {"plan", "print what `up` would make true; contacts no host", plan, topology | hosts | source | plans},
    {"fetch", "get the archives of a topology into the cache; contacts no host", fetch, topology | source},
    {"preflight", "look at the hosts before anything is touched", tidelab::cli::preflight, topology | hosts | source | strict | looks},
    {"up", "bring the lab up; a second time it changes nothing", up, topology | hosts | source | report_to | formats},
    {"verify", "write rows and watch them at every hop", verify, topology | hosts | report_to | formats},
    {"down", "take the lab away without residue", down, topology | hosts | report_to | formats | ends},
    {"smoke", "up, verify, down: one exit code for a CI job", smoke, topology | hosts | source | report_to | keeps | formats},
    {"status", "who runs where, and whether it serves", status, topology | hosts | nodes | formats},
    {"logs", "the end of the components' logs", logs, topology | hosts | nodes | tails},
    {"exec", "run a command on the lab's hosts, all at once", tidelab::cli::exec, topology | hosts | nodes | runs},
    {"start", "start services of some nodes, or of all", start, topology | hosts | nodes | source | formats},
    {"stop", "stop services of some nodes, or of all", stop, topology | hosts | nodes | formats},
    {"restart", "stop, then start", restart, topology | hosts | nodes | source | formats},
    {"report", "make the report of a journal again", tidelab::cli::report, topology | report_to | formats},
    {"schema", "the JSON Schema of topologies, for editors", schema, guides},
    {"template", "print a topology to start from", print_template, guides},
    {"graph", "draw a topology and the way of its data", graph, guides},
    {"diff", "what changes between two topologies, and what may not while the lab is up", diff, guides},
    {"playbooks", "list the components that there are playbooks for", playbooks, 0},
};

// How a topology is read.
void add_reading_flags(CLI::App& app, Options& o) {
  app.add_option("--lab", o.lab, "name of the lab, in place of the file's name");
  app.add_option("--version-of", o.versions, "COMPONENT=VERSION, before what the file says; covers what follows that component")
      ->allow_extra_args(false)  // what stands behind it is the topology
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.find('=') > 0 && text.find('=') + 1 < text.size() ? std::string() : "not COMPONENT=VERSION";
          },
          "COMPONENT=VERSION"));
}

void add_secret(CLI::App& app, const std::string& name, SecretFrom& from, const std::string& what) {
  auto* ask = app.add_flag("--ask-" + name, from.ask, "ask on the terminal, now and once for all, for the " + what);
  auto* fd = app.add_option("--" + name + "-fd", from.fd, "read it from this file descriptor, one line");
  fd->check(CLI::NonNegativeNumber)->excludes(ask);
  if (name == "passphrase") return;
  app.add_option("--" + name + "s-fd", from.list_fd, "read a list from it: lines `HOST PASSWORD`, `*` for all others")
      ->check(CLI::NonNegativeNumber)
      ->excludes(ask)
      ->excludes(fd);
}

// Commands that only read and print.
void add_guide_flags(CLI::App& app, std::string_view name, Options& o) {
  const auto format = [&](const std::string& first, const std::string& second) {
    app.add_option("--format", o.format, fmt::format("{} (if not said) or {}", first, second))->check(CLI::IsMember({first, second}));
  };
  if (name == "schema") format("json", "markdown");
  if (name == "graph") format("svg", "dot");
  if (name == "diff") format("text", "json");
  if (name == "diff") app.add_option("OLD", o.old_target, "a topology file, or the name of a lab that is up")->required();
  if (name == "graph" || name == "diff") {
    app.add_option(name == "diff" ? "NEW" : "TOPOLOGY", o.target, "a topology file, or the name of a lab that is up")->required();
    add_reading_flags(app, o);
  }
  if (name == "template") {
    app.add_option("NAME", o.target, "which one; without it they are listed");
    app.add_option("--hosts", o.hosts, "your hosts, in order, with commas between them")->delimiter(',')->allow_extra_args(false);
    app.add_option("--host", o.role_hosts, "ROLE=ADDRESS[,ADDRESS…]: where one role runs; may be given again")->allow_extra_args(false);
    app.add_option("--user", o.user, "account that services run under");
    app.add_option("--dir", o.dir, "directory below which everything is installed");
  }
}

void add_flags(CLI::App& app, const Row& row, Options& o) {
  if (row.flags & guides) add_guide_flags(app, row.name, o);
  const bool journal = std::string_view(row.name) == "report";
  if (row.flags & topology)
    app.add_option(journal ? "JOURNAL" : "TOPOLOGY", o.target,
                   journal ? "a journal (.jsonl)" : "a topology file, or the name of a lab that is up")
        ->required();
  if (row.flags & (topology | files) && !journal) {
    add_reading_flags(app, o);
  }
  if (row.flags & hosts) {
    app.add_flag("--ssh", o.ssh, "reach every host over ssh, also this machine");
    app.add_option("--ssh-port", o.ssh_port, "port of sshd, in place of the topology's")->check(CLI::Range(1, 65535));
    app.add_option("--ssh-user", o.ssh_user, "account to log in with (default: yours)");
    app.add_option("--identity", o.identities, "private key file; may be given again")->allow_extra_args(false);
    app.add_option("--known-hosts", o.known_hosts, "file of host keys (default: ~/.ssh/known_hosts)");
    app.add_option("--ssh-config", o.ssh_config, "OpenSSH configuration in place of ~/.ssh/config; `none` for none at all");
    app.add_option("--ssh-type", o.ssh_type,
                   "in place of the topology's: builtin (libssh2), system (OpenSSH's client), none (this machine)")
        ->check(CLI::IsMember({"builtin", "system", "none"}));
    add_secret(app, "passphrase", o.keyring->from(Keyring::Kind::key), "passphrase of the private key");
    add_secret(app, "password", o.keyring->from(Keyring::Kind::account), "password of the account, after every key");
    add_secret(app, "sudo-password", o.keyring->from(Keyring::Kind::sudo), "password that sudo asks for on the hosts");
    app.add_flag("--trace", o.trace, "say what each remote command took, and at the end what each host cost");
    app.add_flag("--take-over", o.take_over, "go on though another controller is at work on the lab's hosts");
    app.add_flag("--accept-new-host-keys", o.accept_new, "add the key of a host that is not known yet; a changed key is always refused");
  }
  if (row.flags & source) {
    app.add_option("--mirror", o.mirror, "directory of archives of yours, looked into first; file names as in the playbooks")
        ->check(CLI::ExistingDirectory);
    app.add_option("--source", o.source, "take artifacts only from this kind of source")
        ->check(CLI::IsMember({"official", "maven", "file", "assembled"}));
  }
  if (row.flags & nodes)
    app.add_option("--node,--role,--host", o.nodes, "only this node, component, section or host; may be given again")
        ->allow_extra_args(false);
  if (row.flags & report_to) app.add_option("--report", o.report_dir, "directory for report.json, junit.xml, report.html and logs");
  if (row.flags & keeps)
    app.add_flag("--keep", o.keep, "leave the lab up"),
        app.add_flag("--yes", o.yes, "do not ask, though the lab is up already and goes with its data");
  if (row.flags & ends) {
    app.add_flag("-y,--yes", o.yes, "destroy the lab's data without asking for its name");
    app.add_flag("--keep-data", o.keep_data, "leave the components' data, topics and changefeeds, for a later `up`");
    app.add_flag("--keep-logs", o.keep_logs, "leave the components' logs");
  }
  if (row.flags & plans)
    app.add_flag("--full", o.full, "every field of every step"),
        app.add_flag("--diff", o.diff, "look at the hosts, read-only, and print what would change");
  if (row.flags & tails)
    app.add_option("-n,--lines", o.lines, "how many lines"), app.add_flag("-f,--follow", o.follow, "go on as it grows"),
        app.add_option("--archive", o.archive, "all logs, configurations, units and journals into this .tar.gz");
  if (row.flags & runs) {
    app.add_option("--sh", o.script, "a text that a shell on the hosts runs; what stands behind `--` are its arguments");
    app.add_flag("--as-login", o.as_login, "run it as the account that logs in, rather than as the lab's");
    app.add_option("--format", o.format, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.footer("-- COMMAND ARGUMENTS…   what to run; the words arrive as they are");
  }
  if (row.flags & strict) app.add_flag("--strict", o.strict, "warnings are errors");
  if (row.flags & looks) {
    app.add_flag("--fix", o.fix, "set what is safe to set until the next boot, and say how to undo it");
    app.add_option("--format", o.format, "text, json or junit")->check(CLI::IsMember({"text", "json", "junit"}));
  }
  if (row.flags & formats)
    app.add_option("--format", o.format, "text, json, junit or html")->check(CLI::IsMember({"text", "json", "junit", "html"}));
  if (row.flags & files) {
    app.add_option("TOPOLOGY", o.targets, "topology files; `-` is the standard input")->required();
    app.add_option("--format", o.format, "text, json, sarif or junit")->check(CLI::IsMember({"text", "json", "sarif", "junit"}));
  }
  if (row.flags & codes) app.add_option("CODE", o.target, "a code as diagnostics print it, e.g. T012; none: list them all");
  app.add_option("--color,--colour", o.colour_when, "always, never, or auto: on a terminal, unless NO_COLOR is set or TERM is dumb")
      ->check(CLI::IsMember({"always", "never", "auto"}));
  app.add_flag("-v,--verbose", o.verbose, "say more");
}

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
  std::thread([set, stop]() mutable {
    int number = 0;
    sigwait(&set, &number);
    constexpr char text[] = "\ninterrupted: ending in order; once more to end at once\n";
    if (::write(2, text, sizeof text - 1) < 0) ::_exit(exit_interrupted);
    stop.request_stop();
    sigwait(&set, &number);
    ::_exit(exit_interrupted);
  }).detach();
}

// What stands behind `--` of `exec` is not ours to read: it goes to the hosts byte for byte.
int take_words(int argc, char** argv, Options& options) {
  const auto* end = argv + argc;
  auto** dashes = std::find_if(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--"; });
  if (std::none_of(argv, dashes, [](const char* word) { return std::string_view(word) == "exec"; })) return argc;
  for (auto** word = dashes == end ? dashes : dashes + 1; word != end; ++word) options.words.emplace_back(*word);
  return static_cast<int>(dashes - argv);
}

int run(int argc, char** argv) {
  Options options;
  Keyring keyring;
  options.keyring = &keyring;
  argc = take_words(argc, argv, options);
  CLI::App app{"One-command labs of databases, brokers and stream processors, and proof that rows travel through them", "tidelab"};
  app.set_version_flag("--version", program_version());
  app.require_subcommand(1);
  app.add_option("--home", options.home, "directory that holds playbooks/ and checks/");
  std::map<const CLI::App*, const Row*> commands;
  for (const auto& row : rows) {
    auto* sub = app.add_subcommand(row.name, row.help);
    add_flags(*sub, row, options);
    commands[sub] = &row;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (argc > 1 && argv[1][0] != '-' && error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
        app.get_subcommands().empty()) {
      std::vector<std::string> names;
      for (const auto& row : rows) names.emplace_back(row.name);
      const auto near = tidelab::source::did_you_mean(argv[1], names);
      std::cerr << fmt::format("tidelab: there is no command `{}`{}\n", argv[1],
                               near.empty() ? "; `tidelab --help` lists them" : fmt::format("; did you mean `{}`?", near));
      return exit_usage;
    }
    return app.exit(error) == 0 ? exit_true : exit_usage;
  }
  options.colour = wants_colour(options.colour_when, STDOUT_FILENO);
  options.colour_errors = wants_colour(options.colour_when, STDERR_FILENO);
  live::open_log(options.verbose);
  std::stop_source stop;
  options.stop = stop.get_token();
  watch_signals(stop);
  if (const auto code = keyring.read(options.stop)) return *code;
  return commands.at(app.get_subcommands().front())->command(options);
}

}  // namespace

int main(int argc, char** argv) {
#ifdef __GLIBC__
  // Large topologies make many small things: the heap grows in large pieces, and is not given back in between (3 % of `validate`).
  ::mallopt(M_TOP_PAD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
  try {
    const auto code = run(argc, argv);
    std::cout << std::flush;
    return std::cout ? code : exit_unknown;
  } catch (const std::exception& error) {
    std::cerr << fmt::format("this is a bug in tidelab: {}\n", error.what());
    return exit_bug;
  }
}
