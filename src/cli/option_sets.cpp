// Options as commands share them: each function gives a command one set.
#include "cli/option_sets.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/keyring.hpp"
#include "step/url.hpp"

namespace tidelab::cli::takes {

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
void add_reading(CLI::App& app, Options& o) {
  app.add_option("--lab", o.lab, "name of the lab, in place of the file's name")->type_name("NAME");
  app.add_option("--version-of", o.versions, "version of a component, overriding the file; applies also to components that follow it")
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

void add_topology(CLI::App& app, const std::string& name, std::string& target) {
  app.add_option(name, target, "a topology file, or the name of a lab that is up")->required();
}

void add_format(CLI::App& app, Options& o, const std::vector<std::string>& words) {
  one_of(app.add_option("--format", o.format, fmt::format("{} unless it is said", words.front())), words)->group(of_output);
}

}  // namespace

void topology(CLI::App& app, Options& o) {
  add_topology(app, "TOPOLOGY", o.target);
  add_reading(app, o);
}

void two_topologies(CLI::App& app, Options& o) {
  add_topology(app, "OLD", o.old_target);
  add_topology(app, "NEW", o.target);
  add_reading(app, o);
}

void topology_files(CLI::App& app, Options& o) {
  add_reading(app, o);
  app.add_option("TOPOLOGY", o.targets, "topology files; `-` is the standard input")->required();
}

void journal(CLI::App& app, Options& o) { app.add_option("JOURNAL", o.target, "a journal (.jsonl)")->required(); }

void code(CLI::App& app, Options& o) { app.add_option("CODE", o.target, "a code as diagnostics print it, e.g. T012; none: list them all"); }

void command(CLI::App& app, Options& o) {
  app.add_option("COMMAND", o.target, "which one; without it all are listed");
  one_of(app.add_option("--format", o.format, "text unless it is said; `man` is the manual page of all commands"), {"text", "man"})
      ->group(of_output);
}

void shell(CLI::App& app, Options& o) {
  one_of(app.add_option("SHELL", o.target, "bash, zsh or fish"), {"bash", "zsh", "fish"})->required();
}

void wishes(CLI::App& app, Options& o) {
  app.add_option("NAME", o.target, "which one; without it they are listed");
  app.add_option("--hosts", o.hosts, "your hosts, in order")->type_name("A,B,…")->delimiter(',')->allow_extra_args(false);
  app.add_option("--host", o.role_hosts, "where one role runs; may be given again")->type_name("ROLE=A,B,…")->allow_extra_args(false);
  app.add_option("--user", o.user, "account that services run under")->type_name("NAME");
  app.add_option("--dir", o.dir, "directory below which everything is installed")->type_name("DIR");
}

// How hosts are reached: options that most people never need, so they stand together behind the others.
void hosts(CLI::App& app, Options& o) {
  const auto others = app.get_options().size();
  app.add_flag("--ssh", o.reach.ssh, "reach every host over ssh, also this machine");
  number(app.add_option("--ssh-port", o.reach.port, "port of sshd, in place of the topology's"), 1, 65535);
  app.add_option("--ssh-user", o.reach.user, "account to log in with (default: yours)")->type_name("NAME");
  app.add_option("--identity", o.reach.identities, "private key; may be given again")->type_name("FILE")->allow_extra_args(false);
  app.add_option("--known-hosts", o.reach.known_hosts, "host keys (default: ~/.ssh/known_hosts)")->type_name("FILE");
  app.add_option("--ssh-config", o.reach.config, "OpenSSH configuration in place of ~/.ssh/config; `none` for none at all")
      ->type_name("FILE");
  one_of(app.add_option("--ssh-type", o.reach.type, "in place of the topology's: libssh2, OpenSSH's client, or this machine"),
         {"builtin", "system", "none"});
  add_secret(app, "passphrase", o.keyring->from(Keyring::Kind::key), "passphrase of the private key");
  add_secret(app, "password", o.keyring->from(Keyring::Kind::account), "password of the account, after every key");
  add_secret(app, "sudo-password", o.keyring->from(Keyring::Kind::sudo), "password that sudo asks for on the hosts");
  app.add_flag("--trace", o.trace, "say what each remote command took, and at the end what each host cost")->group(of_output);
  app.add_flag("--take-over", o.take_over, "go on though another controller is at work on the lab's hosts");
  app.add_flag("--accept-new-host-keys", o.reach.accept_new,
               "add the key of a host that is not known yet; a changed key is always refused");
  const auto all = app.get_options();
  for (auto at = others; at < all.size(); ++at)
    if (all[at]->get_group() == "Options") all[at]->group(of_hosts);
}

void source(CLI::App& app, Options& o) {
  CLI::Validator place([](std::string& text) { return step::is_url(text) ? std::string() : CLI::ExistingDirectory(text); }, "");
  app.add_option("--mirror", o.mirror, "archives of yours, looked into first: a directory, an unpacked TiUP package, or an http server")
      ->check(place)
      ->type_name("DIR|URL");
  one_of(app.add_option("--source", o.source, "take artifacts only from this kind of source"),
         {"official", "tiup", "index", "maven", "url", "file", "assembled"});
}

void copies(CLI::App& app, Options& o) {
  app.add_option("--to", o.to, "copy them there, too, each with its digest: a directory for `--mirror` of a machine without network")
      ->type_name("DIR");
}

void nodes(CLI::App& app, Options& o) {
  app.add_option("--node,--role,--host", o.nodes, "only this node, component, section or host; may be given again")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

void report_to(CLI::App& app, Options& o) {
  app.add_option("--report", o.report_dir, "for report.json, junit.xml, report.html and logs")->type_name("DIR")->group(of_output);
}

void keeps(CLI::App& app, Options& o) {
  app.add_flag("--keep", o.keep, "leave the lab up");
  app.add_flag("-y,--yes", o.yes, "do not ask, though the lab is up already and goes with its data");
}

void ends(CLI::App& app, Options& o) {
  app.add_flag("-y,--yes", o.yes, "destroy the lab's data without asking for its name");
  app.add_flag("--keep-data", o.keep_data, "leave the components' data, topics and changefeeds, for a later `up`");
  app.add_flag("--keep-logs", o.keep_logs, "leave the components' logs");
}

void rolls(CLI::App& app, Options& o) {
  app.add_flag("--rolling", o.rolling, "one member of a group after the other, so that the group serves on");
}

void prunes(CLI::App& app, Options& o) {
  app.add_flag("--prune", o.prune, "first take away, with their data, the instances that are gone from the topology since the last `up`");
  app.add_option("--lost", o.lost,
                 "this host is gone for good: nothing is asked of it, and the others give up what was on it; may be given again")
      ->type_name("HOST")
      ->allow_extra_args(false)
      ->needs("--prune");
}

void plans(CLI::App& app, Options& o) {
  app.add_flag("--full", o.full, "every field of every step");
  app.add_flag("--diff", o.diff, "look at the hosts, read-only, and print what would change");
}

void tails(CLI::App& app, Options& o) {
  number(app.add_option("-n,--lines", o.lines, "how many lines"), 0, most_lines);
  app.add_flag("-f,--follow", o.follow, "go on as it grows");
  app.add_option("--archive", o.archive, "all logs, configurations, units and journals into this .tar.gz")->type_name("FILE");
}

void runs(CLI::App& app, Options& o) {
  app.add_option("--sh", o.script, "what a shell on the hosts runs; what stands behind `--` are its arguments")->type_name("TEXT");
  app.add_flag("--as-login", o.as_login, "run it as the account that logs in, rather than as the lab's");
  add_format(app, o, {"text", "json"});
  app.footer("what to run, with its arguments; they arrive as they are");
}

void strict(CLI::App& app, Options& o) { app.add_flag("--strict", o.strict, "warnings are errors"); }

void fixes(CLI::App& app, Options& o) {
  app.add_flag("--fix", o.fix, "set what is safe to set until the next boot, and say how to undo it");
}

void text_json(CLI::App& app, Options& o) { add_format(app, o, {"text", "json"}); }

void text_json_junit(CLI::App& app, Options& o) { add_format(app, o, {"text", "json", "junit"}); }

void text_json_junit_html(CLI::App& app, Options& o) { add_format(app, o, {"text", "json", "junit", "html"}); }

void text_json_sarif_junit(CLI::App& app, Options& o) { add_format(app, o, {"text", "json", "sarif", "junit"}); }

void json_markdown(CLI::App& app, Options& o) { add_format(app, o, {"json", "markdown"}); }

void svg_dot(CLI::App& app, Options& o) { add_format(app, o, {"svg", "dot"}); }

void everywhere(CLI::App& app, Options& o) {
  one_of(app.add_option("--color,--colour", o.colour_when, "auto: on a terminal, unless NO_COLOR is set or TERM is dumb"),
         {"always", "never", "auto"})
      ->group(of_output);
  app.add_flag("-v,--verbose", o.verbose, "say more")->group(of_output);
  for (auto* option : app.get_options())
    if (option->get_group() == "Options") option->group(of_what);
}

}  // namespace tidelab::cli::takes
