// What a playbook states about topologies: rules as data, over a closed list of words. Which word takes which
// arguments is a table here, so that a rule that could never fire is found when the playbook is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/diagnostic.hpp"
#include "yaml/document.hpp"

namespace tidelab::playbook {

using source::Text;

/// Section ("" = the playbook's own) → range of versions for which an item is there.
using Versions = std::vector<std::pair<Text, Text>>;
/// In place of a range: for a topology that has no instance of that section.
inline constexpr std::string_view of_no_version = "none";
/// The same, for one that has two instances or more, of whatever version.
inline constexpr std::string_view of_several = "several";
/// The same, for one that has a single instance.
inline constexpr std::string_view of_one = "one";
/// A range, or one of these words; the first is for another section than the playbook's own.
bool is_condition(const Text& section, const Text& range);

/// The `versions` of an item. Code P003: not a range.
Versions read_versions(const yaml::Node& item, source::Diagnostics& diagnostics);

/// Where a rule finds a value:
///   port                   a param of the instance         sink?partition-num   a key in the query of a URI in a param
///   configs[max.bytes]     a key of a map param            config[log.dirs]     a setting of the configuration file
///   version                of the component                SECTION.…            any of these, of another section's instances
///   count SECTION          how many instances there are    sum SECTION.PARAM    a param added up over them; or a number
///   N times                before either of the two: that many of it
struct Operand {
  enum class Of { number, param, entry, query, setting, version, count } of = Of::param;
  Text text;               ///< as written, for messages
  std::string section;     ///< empty: the playbook's own
  std::string name;        ///< of a param (also of one that is summed: `of` is count); of a number its digits
  std::string key;         ///< of an entry, a query or a setting
  std::int64_t times = 1;  ///< of a count
};
using Operands = std::vector<Operand>;  ///< `a or b`: the first that has a value

/// Code P022: cannot be read.
Operands read_operands(const Text& text, source::Diagnostics& diagnostics);

/// What an argument of a rule word is.
enum class Takes { operand, section, range, number, texts, text };

struct Parameter {
  const char* name;
  Takes takes;
  bool needed = true;
};

struct RuleWord {
  const char* name;
  std::vector<Parameter> parameters;
};

/// The closed list. What each word means is a function in topology/*_words.cpp.
const std::vector<RuleWord>& rule_words();
const RuleWord* find_rule_word(std::string_view name);

struct Argument {
  Text name;
  std::vector<Text> texts;
  Operands operands;  ///< of an argument that is one
};

/// A fault of a topology that no type can tell.
struct Rule {
  Text code, word, message, help;
  bool warning = false;
  std::vector<Argument> with;
  Versions versions;

  const Argument* find(std::string_view argument) const;
  std::string text(std::string_view argument) const;  ///< empty if it is not given
};

/// Codes: P001 a key is missing, P004 no word or an unknown one, P021 an argument that is missing or that the word does
/// not take, P022 an argument that cannot be read, P003 a bad range.
Rule read_rule(const yaml::Node& node, source::Diagnostics& diagnostics);

struct Library;

/// What only all playbooks together can tell: P023 a rule about a section or a param that does not exist, P024 a rule
/// for no version that the playbook serves.
void check_library(const Library& library, source::Diagnostics& diagnostics);

}  // namespace tidelab::playbook
