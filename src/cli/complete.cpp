// `tidelab complete WORD…`: from the words of a command line to what the last of them may become.
#include "cli/complete.hpp"

#include <algorithm>
#include <iostream>
#include <set>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"
#include "source/cells.hpp"

namespace tidelab::cli {

namespace {

constexpr std::size_t longest_about = 100;

/// The words before the one at the cursor, as far as they say what that one is.
struct Typed {
  const CLI::App* of = nullptr;  ///< the command, or the program while there is none yet
  bool command = false;
  std::string home;
  std::vector<std::string> places;  ///< words that are no options
  std::set<const CLI::Option*> given;
  const CLI::Option* option = nullptr;  ///< whose value stands at the cursor
  std::string name;                     ///< as which it was written
  std::string head, word;               ///< at the cursor: `--format=` and what is behind it
  bool ours = true;                     ///< false: it stands where nobody knows what may
};

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// An option before the cursor; what stands behind its `=`, or in the next word, is its value.
void note_option(Typed& typed, const std::string& word) {
  const auto equals = word.find('=');
  const auto* option = typed.of->get_option_no_throw(word.substr(0, equals));
  if (option == nullptr) return;
  typed.given.insert(option);
  typed.name = word.substr(0, equals);
  if (equals == std::string::npos)
    typed.option = takes_value(*option) ? option : nullptr;
  else if (typed.name == "--home")
    typed.home = word.substr(equals + 1);
}

void note_place(Typed& typed, const std::string& word) {
  if (typed.command) return typed.places.push_back(word);
  const auto all = typed.of->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
  if (all.empty()) return void(typed.ours = false);
  typed.of = all.front();
  typed.command = true;
}

void note_value(Typed& typed, const std::string& word) {
  if (typed.name == "--home") typed.home = word;
  typed.option = nullptr;
}

void note_last(Typed& typed, const std::string& word) {
  typed.word = word;
  const auto equals = word.find('=');
  if (typed.option != nullptr || !word.starts_with("--") || equals == std::string::npos) return;
  const auto* option = typed.of->get_option_no_throw(word.substr(0, equals));
  if (option == nullptr || !takes_value(*option)) return void(typed.ours = false);
  typed.option = option;
  typed.name = word.substr(0, equals);
  typed.head = word.substr(0, equals + 1);
  typed.word = word.substr(equals + 1);
}

Typed read_words(const CLI::App& app, const std::vector<std::string>& words) {
  Typed typed;
  typed.of = &app;
  for (std::size_t i = 0; i < words.size() && typed.ours; ++i) {
    const auto& word = words[i];
    if (i + 1 == words.size())
      note_last(typed, word);
    else if (typed.option != nullptr)
      note_value(typed, word);
    else if (word == "--")
      typed.ours = false;  // of `exec`: it is the hosts that know what they have
    else if (word.size() > 1 && word.front() == '-')
      note_option(typed, word);
    else
      note_place(typed, word);
  }
  return typed;
}

Offers choices(const std::string& of) {
  Offers out;
  for (std::size_t at = 0; at <= of.size();) {
    const auto end = std::min(of.find('|', at), of.size());
    out.push_back({of.substr(at, end - at), ""});
    at = end + 1;
  }
  return out;
}

// In the place of a word: the shell's own completion.
Offer files(const std::string& which) { return {"<" + which + ">", "", true}; }

Offers known_commands() {
  Offers out;
  for (const auto& row : commands()) out.push_back({row.name, row.help});
  return out;
}

Offers with_equals(Offers offers) {
  for (auto& each : offers) each.word += '=';
  return offers;
}

Offers nodes_of(const Typed& typed, const std::string& name) {
  if (typed.places.empty()) return {};
  return parts_of(typed.home, typed.places.front(), name == "--role" ? Part::role : name == "--host" ? Part::host : Part::node);
}

// What the value of an option may be is said by its help: `a|b`, FILE, DIR, NAME.
Offers values_of(const Typed& typed) {
  const auto type = typed.option->get_type_name();
  if (type.find('|') != std::string::npos) return choices(type);
  if (type == "FILE") return {files("files")};
  if (type == "DIR" || typed.name == "--home") return {files("folders")};
  if (type == "COMPONENT=VERSION") return with_equals(known_components(typed.home));
  if (typed.name == "--lab") return known_labs();
  if (typed.option->check_name("--node")) return nodes_of(typed, typed.name);
  if (type.starts_with("ROLE=") && !typed.places.empty()) return with_equals(roles_of_template(typed.home, typed.places.front()));
  return {};
}

// Those that were not given yet, or may be again; of several names of one, all.
Offers flags_of(const Typed& typed) {
  Offers out;
  for (const auto* option : typed.of->get_options()) {
    const bool again = option->get_items_expected_max() > 1;
    if (option->get_positional() || (!again && typed.given.contains(option))) continue;
    for (const auto& name : option->get_lnames()) out.push_back({"--" + name, option->get_description()});
    for (const auto& name : option->get_snames()) out.push_back({"-" + name, option->get_description()});
  }
  return out;
}

Offers labs_and_files(const CLI::Option& place) {
  auto out = place.get_items_expected_max() > 1 ? Offers{} : known_labs();  // several: it is files that are meant
  out.push_back(files("yaml"));
  return out;
}

Offers place_of(const Typed& typed) {
  std::vector<const CLI::Option*> places;
  for (const auto* option : typed.of->get_options())
    if (option->get_positional()) places.push_back(option);
  if (places.empty()) return {};
  const bool more = places.back()->get_items_expected_max() > 1;
  if (typed.places.size() >= places.size() && !more) return {};
  const auto& place = *places[std::min(typed.places.size(), places.size() - 1)];
  const auto name = place.get_name(true);
  if (place.get_type_name().find('|') != std::string::npos) return choices(place.get_type_name());
  if (name == "CODE") return known_codes(typed.home);
  if (name == "COMMAND") return known_commands();
  if (name == "NAME") return known_templates(typed.home);
  if (name == "JOURNAL") return {files("jsonl")};
  return labs_and_files(place);
}

Offers offers_for(const Typed& typed) {
  if (!typed.ours) return {};
  if (typed.option != nullptr) return values_of(typed);
  if (typed.word.starts_with('-')) return flags_of(typed);
  if (!typed.command) return known_commands();
  auto out = place_of(typed);
  return out.empty() ? flags_of(typed) : out;
}

}  // namespace

int complete(const CLI::App& app, const std::vector<std::string>& words) {
  std::cerr.rdbuf(nullptr);  // in the middle of a line that somebody types
  const auto typed = read_words(app, words);
  for (const auto& [word, about, mark] : offers_for(typed)) {
    if (mark)
      std::cout << word << "\t\n";
    else if (word.starts_with(typed.word) && !word.starts_with('<') && source::printable(word, word.size()) == word)
      std::cout << fmt::format("{}{}\t{}\n", typed.head, word, source::printable(about, longest_about));
  }
  return exit_true;
}

}  // namespace tidelab::cli
