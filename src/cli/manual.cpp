// The page of the manual, made of what the command line knows of itself: `tidelab help --format man`.
#include <algorithm>
#include <iostream>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"
#include "cli/session.hpp"

namespace tidelab::cli {

namespace {

constexpr std::pair<int, const char*> codes[] = {
    {exit_true, "What was asked is true or done; there may be warnings."},
    {exit_false, "A claim is false: a row was lost, a host is not ready, two topologies differ."},
    {exit_unknown, "Nobody could find out."},
    {exit_no_lab, "The lab could not be brought up, changed or taken down."},
    {exit_usage, "The command line cannot be understood."},
    {exit_bad_file, "A file cannot be used; a topology has mistakes, say."},
    {exit_bug, "A bug in tidelab."},
    {exit_interrupted, "Interrupted."},
};

constexpr std::pair<const char*, const char*> files[] = {
    {"/usr/share/tidelab",
     "Playbooks, checks, topologies to start from, and the pages of `tidelab explain`. Beside a program that is installed "
     "elsewhere: `../share/tidelab`."},
    {"~/.local/state/tidelab", "What this machine knows of your labs: their topologies as applied, and the journals of their commands."},
    {"~/.cache/tidelab", "Archives of components."},
    {"~/.ssh/config", "How hosts are reached, as ssh(1) reads it."},
    {"~/.ssh/known_hosts", "The keys of hosts."},
};

constexpr std::pair<const char*, const char*> variables[] = {
    {"TIDELAB_HOME", "The directory that holds playbooks/ and checks/, in place of the one that the program came with."},
    {"TIUP_MIRRORS", "Another TiUP mirror, a URL or a directory, in place of the one that the playbooks name."},
    {"SSL_CERT_FILE", "Certificates to trust for downloads, in place of the system's."},
    {"XDG_STATE_HOME", "In place of ~/.local/state."},
    {"XDG_CACHE_HOME", "In place of ~/.cache."},
    {"HOME", "Where the two above are looked for, and ~/.ssh."},
    {"NO_COLOR", "No colours, unless `--colour always` is said."},
    {"TERM", "`dumb` is a terminal without colours and without a line that is written over."},
    {"COLUMNS", "How wide tables may be, in place of the terminal's width."},
    {"SSH_AUTH_SOCK", "The agent that holds keys."},
    {"SHELL", "What runs a ProxyCommand of OpenSSH's configuration."},
    {"SUDO_USER", "Whose labs may be meant, where root asks for one that it does not have."},
    {"no_proxy, NO_PROXY",
     "Servers of archives that are asked directly; `http_proxy`, `https_proxy` and `all_proxy` name the proxy of the others."},
};

// What roff would take for a request, an escape or a typographic sign of its own.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '^' || c == '~')
      out += c == '^' ? "\\(ha" : "\\(ti";
    else
      out += c;
  }
  return out.starts_with('.') ? "\\&" + out : out;
}

// What stands between backquotes is bold.
std::string roff(std::string_view text) {
  std::string out;
  for (bool bold = false; !text.empty(); bold = !bold) {
    const auto part = text.substr(0, text.find('`'));
    if (!part.empty()) out += bold ? "\\fB" + plain(part) + "\\fR" : plain(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return out;
}

// A sentence, whatever it was as the text of an option; one that begins with a word which is typed keeps it as it is.
std::string sentence(std::string text, const std::string& typed = "") {
  const auto first = text.substr(0, text.find_first_of(" :"));
  if (("|" + typed + "|").find("|" + first + "|") == std::string::npos)
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return roff(text.ends_with('.') ? text : text + ".");
}

// In lines that people can edit; none begins as a request does.
std::string in_lines(std::string_view text) {
  constexpr std::size_t width = 78;
  std::string out, line;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!line.empty() && line.size() + 1 + word.size() > width) out += line + "\n", line.clear();
    if (line.empty() && word.starts_with('.')) line = "\\&";
    line += (line.empty() || line == "\\&" ? "" : " ") + std::string(word);
  }
  return out + line + "\n";
}

constexpr const char* either = "a topology file, or the name of a lab that is up";  // as option_sets.cpp says it

class Page {
public:
  Page(const CLI::App& app, std::ostream& to) : to_(to) {
    for (const auto& row : commands()) {
      const auto found = app.get_subcommands([&](const CLI::App* each) { return each->get_name() == row.name; });
      apps_.emplace_back(&row, found.front());
    }
    collect();
  }

  void print() {
    head();
    all_commands();
    all_options();
    tail();
  }

private:
  struct Shared {
    const CLI::Option* option;
    std::vector<std::string> of;
  };

  static bool is_flag(const CLI::Option& option) { return !option.get_positional() && !option.check_name("--help"); }

  // The same option is told once, with the commands that have it.
  void collect() {
    for (const auto& [row, app] : apps_)
      for (const auto* option : app->get_options()) {
        if (!is_flag(*option)) continue;
        auto at = std::find_if(options_.begin(), options_.end(), [&](const Shared& each) { return is_same(*each.option, *option); });
        if (at == options_.end()) at = options_.insert(at, {option, {}});
        at->of.emplace_back(row->name);
      }
  }

  static bool is_same(const CLI::Option& a, const CLI::Option& b) {
    return spelled(a) == spelled(b) && a.get_description() == b.get_description();
  }

  void section(const char* name) { to_ << fmt::format(".SH {}\n", name); }
  void item(const std::string& name, const std::string& text) { to_ << fmt::format(".TP\n{}\n{}", name, in_lines(text)); }

  void head() {
    to_ << fmt::format(".TH TIDELAB 1 \"{}\" \"tidelab {}\" \"User Commands\"\n", program_date(), program_release());
    section("NAME");
    to_ << "tidelab \\- one\\-command labs of databases, brokers and stream processors\n";
    section("SYNOPSIS");
    to_ << ".B tidelab\n.RB [ \\-\\-home\n.IR DIR ]\n.I COMMAND\n.RI [ OPTIONS ]\n\\&...\n.br\n.B tidelab \\-\\-version\n";
    section("DESCRIPTION");
    to_ << in_lines(roff(
               "tidelab brings up a lab of databases, brokers and stream processors (`tidelab playbooks` lists them) from one topology "
               "file, "
               "on this machine or on several hosts over ssh. It writes rows and watches them at every hop, with the latency of each, and "
               "when "
               "a row is lost it names the hop and the likely cause. Hosts need no agent, and `tidelab down` removes everything that was "
               "made."))
        << ".PP\n"
        << in_lines(fmt::format("\\fITOPOLOGY\\fR, \\fIOLD\\fR and \\fINEW\\fR: {}; by name, the topology as it was applied.", either));
  }

  void all_commands() {
    section("COMMANDS");
    std::string_view group;
    for (const auto& [row, app] : apps_) {
      if (group != row->group) to_ << fmt::format(".SS {}\n", plain(row->group));
      group = row->group;
      one_command(*row, *app);
    }
  }

  void one_command(const Row& row, const CLI::App& app) {
    std::string name = fmt::format("\\fBtidelab {}\\fR", row.name), places;
    for (const auto* option : app.get_options()) {
      if (!option->get_positional()) continue;
      const auto place = "\\fI" + plain(option->get_name(true)) + "\\fR";
      name += option->get_required() ? " " + place : " [" + place + "]";
      if (option->get_description() != either) places += fmt::format(" {}: {}.", place, roff(option->get_description()));
    }
    const auto behind = app.get_footer();
    if (!behind.empty()) {
      name += " \\fB\\-\\-\\fR \\fICOMMAND\\fR ...";
      places += fmt::format(" \\fICOMMAND\\fR: {}.", roff(behind));
    }
    item(name, sentence(row.help) + places);
    to_ << ".RS\n";
    for (const auto& each : options_)
      if (each.of.size() == 1 && each.of.front() == row.name) one_option(*each.option, "");
    to_ << ".PP\nFor example:\n";
    for (const auto* example : row.examples) to_ << fmt::format(".br\n.B tidelab {}\n", plain(example));
    to_ << ".RE\n";
  }

  void one_option(const CLI::Option& option, const std::string& of) {
    const auto value = option.get_type_size() == 0 ? std::string() : option.get_type_name();
    auto names = spelled(option);
    if (!value.empty()) names.resize(names.size() - value.size() - 1);
    item(fmt::format("\\fB{}\\fR{}", plain(names), value.empty() ? "" : " \\fI" + plain(value) + "\\fR"),
         sentence(option.get_description(), value) + of);
  }

  void all_options() {
    section("OPTIONS");
    to_ << in_lines("What several commands take; what only one takes is told there. They stand behind the command, but for these:");
    item("\\fB\\-\\-home\\fR \\fIDIR\\fR", "The directory that holds playbooks/ and checks/.");
    item("\\fB\\-\\-version\\fR", "Prints the version and the commit.");
    item("\\fB\\-h, \\-\\-help\\fR", "Lists the commands; behind a command, its options.");
    for (const char* group : {"What", "Hosts", "Secrets", "Output"}) {
      to_ << fmt::format(".SS {}\n", group);
      for (const auto& [option, of] : options_)
        if (of.size() > 1 && option->get_group() == group) one_option(*option, said_of(of));
    }
  }

  std::string said_of(const std::vector<std::string>& of) const {
    if (of.size() == apps_.size()) return " Of every command.";
    return fmt::format(" Of \\fB{}\\fR.", fmt::join(of, "\\fR, \\fB"));
  }

  void tail() {
    section("EXIT STATUS");
    for (const auto& [code, what] : codes) item(fmt::format("\\fB{}\\fR", code), roff(what));
    section("FILES");
    for (const auto& [name, what] : files) item("\\fI" + plain(name) + "\\fR", roff(what));
    section("ENVIRONMENT");
    for (const auto& [name, what] : variables) item(fmt::format("\\fB{}\\fR", plain(name)), roff(what));
    section("EXAMPLES");
    to_ << "A lab on this machine, from its topology to its end:\n.PP\n.nf\n.RS\n";
    for (const char* line : {"tidelab template one_host > lab.yaml", "tidelab validate lab.yaml", "tidelab up lab.yaml",
                             "tidelab verify lab", "tidelab down lab"})
      to_ << plain(line) << "\n";
    to_ << ".RE\n.fi\n.PP\nOne step of a CI job, whose exit status is the verdict:\n.PP\n.nf\n.RS\n"
        << plain("tidelab smoke lab.yaml --report out") << "\n.RE\n.fi\n";
    section("SEE ALSO");
    to_ << ".BR ssh (1),\n.BR ssh_config (5),\n.BR dot (1)\n";
  }

  std::ostream& to_;
  std::vector<std::pair<const Row*, const CLI::App*>> apps_;
  std::vector<Shared> options_;
};

}  // namespace

void print_manual(const CLI::App& app, std::ostream& to) { Page(app, to).print(); }

}  // namespace tidelab::cli
