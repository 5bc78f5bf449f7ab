// What the command line says about itself: its commands by what people do, and what was meant by one that cannot be read.
#include <algorithm>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"
#include "source/cells.hpp"
#include "source/diagnostic.hpp"

namespace tidelab::cli {

namespace {

// What these are called where somebody may come from.
constexpr std::pair<const char*, const char*> meanings[] = {
    {"bootstrap", "up"},   {"check", "preflight"}, {"create", "up"},      {"delete", "down"},   {"deploy", "up"},  {"destroy", "down"},
    {"display", "status"}, {"draw", "graph"},      {"info", "status"},    {"init", "template"}, {"install", "up"}, {"lint", "validate"},
    {"log", "logs"},       {"ls", "list"},         {"ps", "status"},      {"remove", "down"},   {"rm", "down"},    {"run", "exec"},
    {"ssh", "exec"},       {"test", "verify"},     {"uninstall", "down"},
};

std::string near_command(const std::string& word) {
  for (const auto& [said, meant] : meanings)
    if (word == said) return meant;
  std::vector<std::string> names;
  for (const auto& row : commands()) names.emplace_back(row.name);
  return source::did_you_mean(word, names);
}

int refuse(const std::string& what, const std::string& help) {
  std::cerr << fmt::format("tidelab: {}\nhelp: {}\n", what, help);
  return exit_usage;
}

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

int no_such_option(const CLI::App& command, const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  const auto near = source::did_you_mean(name, option_names(command));
  return refuse(
      fmt::format("`{}` has no option `{}`", command.get_name(), source::printable(name, 60)),
      near.empty() ? fmt::format("`tidelab help {}` lists its options", command.get_name()) : fmt::format("did you mean `{}`?", near));
}

// An option of the command that stands before it.
int too_early(const CLI::App& command, const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  const auto names = option_names(command);
  if (std::find(names.begin(), names.end(), name) == names.end()) return no_such_option(command, word);
  return refuse(fmt::format("`{}` stands before the command", name),
                fmt::format("write it behind: `tidelab {} … {}`", command.get_name(), name));
}

int one_too_many(const CLI::App& command, const std::string& word) {
  const auto shown = source::printable(word, 60);
  if (command.get_name() == "exec")
    return refuse(fmt::format("`{}` stands where only a lab and options do", shown),
                  fmt::format("what is to run stands behind `--`: `tidelab exec LAB -- {} …`", shown));
  return refuse(fmt::format("`{}` is one word too many for `{}`", shown, command.get_name()),
                fmt::format("`tidelab help {}` tells what it takes", command.get_name()));
}

// What is wrong with a value, or not there, in the words of the library, which name the option.
int wrong_value(const CLI::App& command, const CLI::ParseError& error) {
  const auto help = fmt::format("`tidelab help {}` tells what it takes", command.get_name());
  for (const auto* option : command.get_options())
    if (option->get_required() && option->count() == 0 && option->get_positional())
      return refuse(fmt::format("`{}` needs {}: {}", command.get_name(), option->get_name(true), option->get_description()), help);
  return refuse(error.what(), help);
}

}  // namespace

int no_such_command(const std::string& word) {
  const auto near = near_command(word);
  return refuse(fmt::format("there is no command `{}`", source::printable(word, 60)),
                near.empty() ? "`tidelab help` lists them" : fmt::format("did you mean `tidelab {}`?", near));
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
    for (const auto& name : option->get_snames()) out.push_back("-" + name);
  }
  return out;
}

std::string spelled(const CLI::Option& option) {
  std::string out;
  for (const auto& name : option.get_snames()) out += (out.empty() ? "-" : ", -") + name;
  for (const auto& name : option.get_lnames()) out += (out.empty() ? "--" : ", --") + name;
  const auto value = option.get_type_size() == 0 ? std::string() : option.get_type_name();
  return out + (value.empty() ? "" : " " + value);
}

void print_overview(std::ostream& to) {
  to << "One-command labs of databases, brokers and stream processors, and proof that\n"
        "rows travel through them.\n\ntidelab COMMAND [OPTIONS] …\n";
  const char* group = nullptr;
  for (const auto& row : commands()) {
    if (row.group != group) to << fmt::format("\n{}\n", row.group);
    group = row.group;
    to << fmt::format("  {:<11}{}\n", row.name, row.help);
  }
  to << "\n`tidelab help COMMAND` lists its options. Options before the command:\n"
        "--home DIR, where playbooks/ and checks/ are; --version takes no command.\n"
        "Exit codes: 0 success, 1 a check failed, 2 could not tell, 3 up/down failed,\n"
        "64 usage, 65 bad file, 130 interrupted.\n";
}

namespace {

constexpr std::size_t column = 30, width = 100;

// The texts have no character wider than one cell.
std::size_t cells_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// In its column, below the name where that is long, and broken between words.
void print_item(std::ostream& to, const std::string& name, std::string_view text) {
  std::string line = "  " + name;
  const auto begin = [&] { line += std::string(column - std::min(column, cells_in(line)), ' '); };
  if (cells_in(line) + 2 > column) to << line << "\n", line.clear();
  begin();
  bool first = true;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!first && cells_in(line) + 1 + cells_in(word) > width) {
      to << line << "\n";
      line.clear(), begin(), first = true;
    }
    line += (first ? "" : " ") + std::string(word);
    first = false;
  }
  to << line << "\n";
}

void print_command(const CLI::App& command, const Row& row, std::ostream& to) {
  std::vector<const CLI::Option*> places, options;
  for (const auto* option : command.get_options())
    if (option->get_positional())
      places.push_back(option);
    else if (!option->check_name("--help"))
      options.push_back(option);
  to << fmt::format("tidelab {}", row.name);
  for (const auto* place : places)
    to << (place->get_required() ? fmt::format(" {}", place->get_name(true)) : fmt::format(" [{}]", place->get_name(true)));
  to << fmt::format(" [OPTIONS]{}\n{}\n", command.get_footer().empty() ? "" : " -- COMMAND …", row.help);
  if (!places.empty()) to << "\n";
  for (const auto* place : places) print_item(to, place->get_name(true), place->get_description());
  if (!command.get_footer().empty()) print_item(to, "-- COMMAND …", command.get_footer());
  for (const char* group : {"What", "Hosts", "Secrets", "Output"}) {
    bool any = false;
    for (const auto* option : options) {
      if (option->get_group() != group) continue;
      if (!std::exchange(any, true)) to << fmt::format("\n{}\n", group);
      print_item(to, spelled(*option), option->get_description());
    }
  }
  to << "\nExamples\n";
  for (const auto* example : row.examples) to << fmt::format("  tidelab {}\n", example);
}

}  // namespace

bool print_help(const CLI::App& app, const std::string& command, std::ostream& to) {
  if (command.empty()) {
    print_overview(to);
    return true;
  }
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  const auto found = std::find_if(all.begin(), all.end(), [&](const CLI::App* each) { return each->get_name() == command; });
  if (found == all.end()) return false;
  const auto row = std::find_if(commands().begin(), commands().end(), [&](const Row& each) { return each.name == command; });
  print_command(**found, *row, to);
  return true;
}

int tell_mistake(const CLI::App& app, const CLI::ParseError& error) {
  const auto given = app.get_subcommands();
  const auto early = app.remaining();
  if (given.empty()) {
    const auto word = std::find_if(early.begin(), early.end(), [](const std::string& each) { return !is_option(each); });
    if (word != early.end()) return no_such_command(*word);
    if (!early.empty())
      return refuse(fmt::format("there is no option `{}`", source::printable(early.front(), 60)), "`tidelab help` lists what there is");
    if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError))
      return refuse(error.what(), "`tidelab help` lists what there is");
    print_overview(std::cerr);
    return exit_usage;
  }
  const auto& command = *given.front();
  if (!early.empty() && is_option(early.front())) return too_early(command, early.front());
  const auto rest = command.remaining();
  const auto option = std::find_if(rest.begin(), rest.end(), is_option);
  if (option != rest.end() && (command.get_name() != "exec" || rest.front() == *option)) return no_such_option(command, *option);
  if (!rest.empty()) return one_too_many(command, rest.front());
  return wrong_value(command, error);
}

}  // namespace tidelab::cli
