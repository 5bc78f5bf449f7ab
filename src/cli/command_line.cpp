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
      {writing,
       "template",
       "print a topology to start from",
       print_template,
       guides,
       {"template one_host > lab.yaml", "template four_hosts --hosts 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4 > lab.yaml"}},
      {writing,
       "validate",
       "read topologies and tell every mistake in them",
       validate,
       files | strict,
       {"validate lab.yaml", "validate topologies/*.yaml --strict --format sarif"}},
      {writing, "graph", "draw a topology and the way of its data", graph, guides, {"graph lab.yaml > lab.svg", "graph lab --format dot"}},
      {writing,
       "diff",
       "what changes between two topologies, and what a running lab refuses",
       diff,
       guides,
       {"diff lab lab.yaml", "diff old.yaml new.yaml --format json"}},
      {writing,
       "schema",
       "the JSON Schema of topologies, for editors",
       schema,
       guides,
       {"schema > tidelab.schema.json", "schema --format markdown"}},
      {writing, "playbooks", "list the components that there are playbooks for", playbooks, 0, {"playbooks"}},
      {before,
       "plan",
       "print what `up` would make true; contacts no host",
       plan,
       topology | hosts | source | plans,
       {"plan lab.yaml", "plan lab.yaml --diff --ssh-user admin"}},
      {before,
       "fetch",
       "get the archives of a topology into the cache; contacts no host",
       fetch,
       topology | source,
       {"fetch lab.yaml", "fetch lab.yaml --source assembled"}},
      {before,
       "preflight",
       "look at the hosts before anything is touched",
       cli::preflight,
       topology | hosts | source | strict | looks,
       {"preflight lab.yaml", "preflight lab.yaml --fix --ask-sudo-password"}},
      {whole,
       "up",
       "bring the lab up; a second time it changes nothing",
       up,
       topology | hosts | source | report_to | formats,
       {"up lab.yaml", "up lab.yaml --source assembled --report out"}},
      {whole,
       "verify",
       "write rows and watch them at every hop",
       verify,
       topology | hosts | report_to | formats | strict,
       {"verify lab", "verify lab --strict --report out --format junit"}},
      {whole,
       "down",
       "take the lab away without residue",
       down,
       topology | hosts | report_to | formats | ends,
       {"down lab", "down lab --yes --keep-data"}},
      {whole,
       "smoke",
       "up, verify, down: one exit code for a CI job",
       smoke,
       topology | hosts | source | report_to | keeps | formats | strict,
       {"smoke lab.yaml --report out", "smoke lab.yaml --keep --strict"}},
      {daily, "list", "your labs: state, since when, on which hosts; contacts no host", list, tables, {"list", "list --format json"}},
      {daily,
       "status",
       "who runs where, whether it serves, and how its topics and jobs fare",
       status,
       topology | hosts | nodes | tables,
       {"status lab", "status lab --role kafka --format json"}},
      {daily,
       "logs",
       "the end of the components' logs",
       logs,
       topology | hosts | nodes | tails,
       {"logs lab -f --node 10.0.0.2:9092", "logs lab --archive lab.tar.gz"}},
      {daily,
       "exec",
       "run a command on the lab's hosts, all at once",
       cli::exec,
       topology | hosts | nodes | runs,
       {"exec lab --role kafka -- kafka-topics.sh --list --bootstrap-server 10.0.0.2:9092", "exec lab --sh 'df -h /opt | tail -1'"}},
      {daily,
       "start",
       "start services of some nodes, or of all",
       start,
       topology | hosts | nodes | source | formats,
       {"start lab", "start lab --host 10.0.0.3"}},
      {daily,
       "stop",
       "stop services of some nodes, or of all",
       stop,
       topology | hosts | nodes | formats,
       {"stop lab", "stop lab --node 10.0.0.2:9092"}},
      {daily,
       "restart",
       "stop, then start",
       restart,
       topology | hosts | nodes | source | formats,
       {"restart lab", "restart lab --host 10.0.0.2"}},
      {further, "explain", "tell more about a diagnostic, with a wrong and a right example", explain, codes, {"explain", "explain T012"}},
      {further,
       "report",
       "make the report of a journal again",
       cli::report,
       topology | report_to | formats,
       {"report lab.jsonl", "report lab.jsonl --format html > report.html"}},
      {further, "help", "all commands, or the options of one", nullptr, asks, {"help", "help up"}},
  };
  return rows;
}

namespace {

constexpr int most_fd = 1 << 20, most_lines = 1'000'000'000;
constexpr const char* of_what = "What";
constexpr const char* of_hosts = "Hosts";
constexpr const char* of_secrets = "Secrets";
constexpr const char* of_output = "Output";

// Shown as `a|b`; the library would show its type and its check.
CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& words) {
  CLI::IsMember check(words);
  check.description("");
  return option->check(check)->type_name(fmt::format("{}", fmt::join(words, "|")));
}

CLI::Option* number(CLI::Option* option, int least, int most) {
  CLI::Range check(least, most);
  check.description("");
  return option->check(check)->type_name("N");
}

// How a topology is read.
void add_reading_flags(CLI::App& app, Options& o) {
  app.add_option("--lab", o.lab, "name of the lab, in place of the file's name")->type_name("NAME");
  app.add_option("--version-of", o.versions, "of a component, before what the file says; covers what follows that component")
      ->type_name("COMPONENT=VERSION")
      ->allow_extra_args(false)  // what stands behind it is the topology
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.find('=') > 0 && text.find('=') + 1 < text.size() ? std::string() : "not COMPONENT=VERSION";
          },
          ""));
}

void add_secret(CLI::App& app, const std::string& name, SecretFrom& from, const std::string& what) {
  auto* ask = app.add_flag("--ask-" + name, from.ask, "ask on the terminal, now and once for all, for the " + what);
  auto* fd = app.add_option("--" + name + "-fd", from.fd, "read it from this file descriptor, one line");
  number(fd, 0, most_fd)->excludes(ask)->group(of_secrets);
  ask->group(of_secrets);
  if (name == "passphrase") return;
  auto* list = app.add_option("--" + name + "s-fd", from.list_fd, "read a list from it: lines `HOST PASSWORD`, `*` for all others");
  number(list, 0, most_fd)->excludes(ask)->excludes(fd)->group(of_secrets);
}

// Commands that only read and print.
void add_guide_flags(CLI::App& app, std::string_view name, Options& o) {
  const auto format = [&](const std::string& first, const std::string& second) {
    one_of(app.add_option("--format", o.format, fmt::format("{} unless it is said", first)), {first, second})->group(of_output);
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
    app.add_option("--hosts", o.hosts, "your hosts, in order")->type_name("A,B,…")->delimiter(',')->allow_extra_args(false);
    app.add_option("--host", o.role_hosts, "where one role runs; may be given again")->type_name("ROLE=A,B,…")->allow_extra_args(false);
    app.add_option("--user", o.user, "account that services run under")->type_name("NAME");
    app.add_option("--dir", o.dir, "directory below which everything is installed")->type_name("DIR");
  }
}

// How hosts are reached: options that most people never need, so they stand together behind the others.
void add_host_flags(CLI::App& app, Options& o) {
  const auto others = app.get_options().size();
  app.add_flag("--ssh", o.ssh, "reach every host over ssh, also this machine");
  number(app.add_option("--ssh-port", o.ssh_port, "port of sshd, in place of the topology's"), 1, 65535);
  app.add_option("--ssh-user", o.ssh_user, "account to log in with (default: yours)")->type_name("NAME");
  app.add_option("--identity", o.identities, "private key; may be given again")->type_name("FILE")->allow_extra_args(false);
  app.add_option("--known-hosts", o.known_hosts, "host keys (default: ~/.ssh/known_hosts)")->type_name("FILE");
  app.add_option("--ssh-config", o.ssh_config, "OpenSSH configuration in place of ~/.ssh/config; `none` for none at all")
      ->type_name("FILE");
  one_of(app.add_option("--ssh-type", o.ssh_type, "in place of the topology's: libssh2, OpenSSH's client, or this machine"),
         {"builtin", "system", "none"});
  add_secret(app, "passphrase", o.keyring->from(Keyring::Kind::key), "passphrase of the private key");
  add_secret(app, "password", o.keyring->from(Keyring::Kind::account), "password of the account, after every key");
  add_secret(app, "sudo-password", o.keyring->from(Keyring::Kind::sudo), "password that sudo asks for on the hosts");
  app.add_flag("--trace", o.trace, "say what each remote command took, and at the end what each host cost")->group(of_output);
  app.add_flag("--take-over", o.take_over, "go on though another controller is at work on the lab's hosts");
  app.add_flag("--accept-new-host-keys", o.accept_new, "add the key of a host that is not known yet; a changed key is always refused");
  const auto all = app.get_options();
  for (auto at = others; at < all.size(); ++at)
    if (all[at]->get_group() == "Options") all[at]->group(of_hosts);
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
    auto there = CLI::ExistingDirectory;
    there.description("");
    app.add_option("--mirror", o.mirror, "archives of yours, looked into first; file names as in the playbooks")
        ->check(there)
        ->type_name("DIR");
    one_of(app.add_option("--source", o.source, "take artifacts only from this kind of source"),
           {"official", "maven", "file", "assembled"});
  }
  if (row.flags & nodes)
    app.add_option("--node,--role,--host", o.nodes, "only this node, component, section or host; may be given again")
        ->type_name("NAME")
        ->allow_extra_args(false);
  if (row.flags & report_to)
    app.add_option("--report", o.report_dir, "for report.json, junit.xml, report.html and logs")->type_name("DIR")->group(of_output);
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
    number(app.add_option("-n,--lines", o.lines, "how many lines"), 0, most_lines),
        app.add_flag("-f,--follow", o.follow, "go on as it grows"),
        app.add_option("--archive", o.archive, "all logs, configurations, units and journals into this .tar.gz")->type_name("FILE");
  if (row.flags & runs) {
    app.add_option("--sh", o.script, "what a shell on the hosts runs; what stands behind `--` are its arguments")->type_name("TEXT");
    app.add_flag("--as-login", o.as_login, "run it as the account that logs in, rather than as the lab's");
    one_of(app.add_option("--format", o.format, "text unless it is said"), {"text", "json"})->group(of_output);
    app.footer("what to run, with its arguments; they arrive as they are");
  }
  if (row.flags & strict) app.add_flag("--strict", o.strict, "warnings are errors");
  if (row.flags & looks) {
    app.add_flag("--fix", o.fix, "set what is safe to set until the next boot, and say how to undo it");
    one_of(app.add_option("--format", o.format, "text unless it is said"), {"text", "json", "junit"})->group(of_output);
  }
  if (row.flags & tables) one_of(app.add_option("--format", o.format, "text unless it is said"), {"text", "json"})->group(of_output);
  if (row.flags & asks) app.add_option("COMMAND", o.target, "which one; without it all are listed");
  if (row.flags & formats)
    one_of(app.add_option("--format", o.format, "text unless it is said"), {"text", "json", "junit", "html"})->group(of_output);
  if (row.flags & files) {
    app.add_option("TOPOLOGY", o.targets, "topology files; `-` is the standard input")->required();
    one_of(app.add_option("--format", o.format, "text unless it is said"), {"text", "json", "sarif", "junit"})->group(of_output);
  }
  if (row.flags & codes) app.add_option("CODE", o.target, "a code as diagnostics print it, e.g. T012; none: list them all");
  one_of(app.add_option("--color,--colour", o.colour_when, "auto: on a terminal, unless NO_COLOR is set or TERM is dumb"),
         {"always", "never", "auto"})
      ->group(of_output);
  app.add_flag("-v,--verbose", o.verbose, "say more")->group(of_output);
  for (auto* option : app.get_options())
    if (option->get_group() == "Options") option->group(of_what);
}

}  // namespace tidelab::cli
