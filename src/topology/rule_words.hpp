// The words that rules of playbooks are made of: one small function each. A playbook says what is to hold, for which
// versions, and what is told when it does not; so a new release needs no line here.
#pragma once

#include <string_view>

#include "topology/values.hpp"

namespace tidelab::topology {

/// One breach of a rule. `said` has names for the rule's message: `${value}` at fault, `${other}` that it is measured by.
struct Fault {
  const Instance* instance = nullptr;
  source::Span span;
  std::string label;
  std::vector<source::Note> notes;
  std::map<std::string, std::string> said;
};
using Faults = std::vector<Fault>;

/// A rule, asked at one instance; words about whole sections are asked at the first instance only.
struct Question {
  const playbook::Rule& rule;
  const Instance& instance;
  const Topology& topology;
  const Members& members;

  std::vector<Found> values(std::string_view argument) const;
  const std::vector<const Instance*>& of(const std::string& section) const;
  /// `${…}` replaced as seen by the instance; `${line}` is the first two parts of its version.
  std::string expand(const Text& text) const;
};

using Word = void (*)(const Question&, Faults&);

struct WordRow {
  const char* name;
  Word word;
  bool once = false;      ///< about a section, and so asked once
  bool presence = false;  ///< needs no values, and is asked before defaults are derived
};

/// A row for each of playbook::rule_words(); null if there is none.
const WordRow* find_word(std::string_view name);
const std::vector<WordRow>& words_about_values();
const std::vector<WordRow>& words_about_addresses();
const std::vector<WordRow>& words_about_listeners();
const std::vector<WordRow>& words_about_machines();

/// The fault of a value, measured by another one: at the value where it is written, else at the other, else at the instance.
Fault& blame(Faults& faults, const Question& question, const Found& value, const Found* other = nullptr);

}  // namespace tidelab::topology
