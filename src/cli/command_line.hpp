// Which commands there are, and what each of them takes.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/options.hpp"

namespace CLI {
class App;
class Option;
class ParseError;
}  // namespace CLI

namespace tidelab::cli {

/// A command. Those of one group stand together, in the order in which people come to need them.
struct Row {
  const char* group;
  const char* name;
  const char* help;
  Command command;                                     ///< null: it is of the command line itself
  std::vector<void (*)(CLI::App&, Options&)> options;  ///< what it takes: option_sets.hpp
  std::vector<const char*> examples;                   ///< what stands behind `tidelab`
};
const std::vector<Row>& commands();

/// Gives `app` the options of the command.
void add_options(CLI::App& app, const Row& row, Options& options);

/// All commands by what people do; of one command its options. False when there is no such command.
void print_overview(std::ostream& to);
bool print_help(const CLI::App& app, const std::string& command, std::ostream& to);

/// The same as a page of the manual, in the language of man(7).
void print_manual(const CLI::App& app, std::ostream& to);

/// `-n, --lines N`
std::string spelled(const CLI::Option& option);

/// The names of the options that a command has, as they are written.
std::vector<std::string> option_names(const CLI::App& app);

/// Says so, and which one was probably meant. The exit code.
int no_such_command(const std::string& word);

/// Says what is wrong with the command line and what was probably meant. The exit code.
int tell_mistake(const CLI::App& app, const CLI::ParseError& error);

}  // namespace tidelab::cli
