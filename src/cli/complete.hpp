// What may stand in place of a word that is being typed.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace tidelab::cli {

/// `tidelab complete WORD…`, which the scripts of completion/ call: the words behind `tidelab` up to the one at the cursor, which may
/// be empty. Prints a line for each word that may stand in its place: the word, a tab, what it is. `<files>`, `<folders>`
/// and `<ENDING>` stand for the shell's own completion: of all files, of folders, of folders and files with that ending. Reads files of
/// this machine and asks no host; what cannot be read completes to nothing, and nothing is ever said about it.
int complete(const CLI::App& app, const std::vector<std::string>& words);

/// A word, and what it is. Words that anybody wrote may look like one of the marks, which only the program itself gives.
struct Offer {
  std::string word, about;
  bool mark = false;
};
using Offers = std::vector<Offer>;

/// What there is on this machine (known_words.cpp); `home`: as Options has it.
Offers known_labs();
Offers known_codes(const std::string& home);
Offers known_templates(const std::string& home);
Offers roles_of_template(const std::string& home, const std::string& name);
Offers known_components(const std::string& home);

/// Of a topology file or a lab that is up: its nodes, its roles, or its hosts.
enum class Part { node, role, host };
Offers parts_of(const std::string& home, const std::string& target, Part part);

}  // namespace tidelab::cli
