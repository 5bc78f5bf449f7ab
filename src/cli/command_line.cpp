// The commands as a table, and the options that each of them has.
#include "cli/command_line.hpp"

#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/keyring.hpp"

namespace tidelab::cli {

namespace {

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
  runs = 32768,
  tables = 65536,
  asks = 131072
};

constexpr const char* writing = "Write a topology";
constexpr const char* before = "Before anything is touched";
constexpr const char* whole = "Bring a lab up, prove it, take it away";
constexpr const char* daily = "Work with a lab that is up";
constexpr const char* further = "Read further";

}  // namespace

const std::vector<Row>& commands() {
  static const std::vector<Row> rows = {
      {writing, "template", "print a topology to start from", print_template, guides},
      {writing, "validate", "read topologies and tell every mistake in them", validate, files | strict},
      {writing, "graph", "draw a topology and the way of its data", graph, guides},
      {writing, "diff", "what changes between two topologies, and what a running lab refuses", diff, guides},
      {writing, "schema", "the JSON Schema of topologies, for editors", schema, guides},
      {writing, "playbooks", "list the components that there are playbooks for", playbooks, 0},
      {before, "plan", "print what `up` would make true; contacts no host", plan, topology | hosts | source | plans},
      {before, "fetch", "get the archives of a topology into the cache; contacts no host", fetch, topology | source},
      {before, "preflight", "look at the hosts before anything is touched", cli::preflight, topology | hosts | source | strict | looks},
      {whole, "up", "bring the lab up; a second time it changes nothing", up, topology | hosts | source | report_to | formats},
      {whole, "verify", "write rows and watch them at every hop", verify, topology | hosts | report_to | formats | strict},
      {whole, "down", "take the lab away without residue", down, topology | hosts | report_to | formats | ends},
      {whole, "smoke", "up, verify, down: one exit code for a CI job", smoke,
       topology | hosts | source | report_to | keeps | formats | strict},
      {daily, "list", "your labs: state, since when, on which hosts; contacts no host", list, tables},
      {daily, "status", "who runs where, whether it serves, and how its topics and jobs fare", status, topology | hosts | nodes | tables},
      {daily, "logs", "the end of the components' logs", logs, topology | hosts | nodes | tails},
      {daily, "exec", "run a command on the lab's hosts, all at once", cli::exec, topology | hosts | nodes | runs},
      {daily, "start", "start services of some nodes, or of all", start, topology | hosts | nodes | source | formats},
      {daily, "stop", "stop services of some nodes, or of all", stop, topology | hosts | nodes | formats},
      {daily, "restart", "stop, then start", restart, topology | hosts | nodes | source | formats},
      {further, "explain", "tell more about a diagnostic, with a wrong and a right example", explain, codes},
      {further, "report", "make the report of a journal again", cli::report, topology | report_to | formats},
      {further, "help", "all commands, or the options of one", nullptr, asks},
  };
  return rows;
}

namespace {

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

// How hosts are reached: options that most people never need, so they stand together behind the others.
void add_host_flags(CLI::App& app, Options& o) {
  const auto others = app.get_options().size();
  app.add_flag("--ssh", o.ssh, "reach every host over ssh, also this machine");
  app.add_option("--ssh-port", o.ssh_port, "port of sshd, in place of the topology's")->check(CLI::Range(1, 65535));
  app.add_option("--ssh-user", o.ssh_user, "account to log in with (default: yours)");
  app.add_option("--identity", o.identities, "private key file; may be given again")->allow_extra_args(false);
  app.add_option("--known-hosts", o.known_hosts, "file of host keys (default: ~/.ssh/known_hosts)");
  app.add_option("--ssh-config", o.ssh_config, "OpenSSH configuration in place of ~/.ssh/config; `none` for none at all");
  app.add_option("--ssh-type", o.ssh_type, "in place of the topology's: builtin (libssh2), system (OpenSSH's client), none (this machine)")
      ->check(CLI::IsMember({"builtin", "system", "none"}));
  add_secret(app, "passphrase", o.keyring->from(Keyring::Kind::key), "passphrase of the private key");
  add_secret(app, "password", o.keyring->from(Keyring::Kind::account), "password of the account, after every key");
  add_secret(app, "sudo-password", o.keyring->from(Keyring::Kind::sudo), "password that sudo asks for on the hosts");
  app.add_flag("--trace", o.trace, "say what each remote command took, and at the end what each host cost");
  app.add_flag("--take-over", o.take_over, "go on though another controller is at work on the lab's hosts");
  app.add_flag("--accept-new-host-keys", o.accept_new, "add the key of a host that is not known yet; a changed key is always refused");
  const auto all = app.get_options();
  for (auto at = others; at < all.size(); ++at) all[at]->group("Reaching hosts");
}

}  // namespace

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
  if (row.flags & hosts) add_host_flags(app, o);
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
        app.add_flag("-y,--yes", o.yes, "do not ask, though the lab is up already and goes with its data");
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
  if (row.flags & tables) app.add_option("--format", o.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  if (row.flags & asks) app.add_option("COMMAND", o.target, "which one; without it all are listed");
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

}  // namespace tidelab::cli
