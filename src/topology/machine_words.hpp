// Private to this room: words of rules about machines, about settings and where they may stand, and about `global`.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "topology/topology.hpp"

namespace tidelab::topology {

/// One breach of a rule. `said` has names for the rule's message.
struct Breach {
  source::Span span;
  std::vector<source::Note> notes;
  std::map<std::string, std::string> said;
};

/// What a rule's word is asked with.
struct MachineQuestion {
  const Instance& instance;
  const Topology& topology;
  std::function<std::string(const char*)> argument;
  /// How many of the instance's section are on its machine; counted once for all questions.
  std::function<int(const Instance&)> on_machine;
};

using MachineWord = void (*)(const MachineQuestion&, std::vector<Breach>&);

/// Null if there is no such word:
///   once_per_host {}                         two of the section on one machine
///   no_more_than {count}                     more instances of the section than that
///   labelled {labels}                        several on one machine, and no setting below `labels`
///   declared {labels, section, list}         a key below `labels` that the section's setting `list` does not name
///   only_in {settings, place}                a setting that stands elsewhere than in server_configs | instance | nowhere
///   needs_setting {settings, with}           one of the settings without the other
///   setting_at_most {setting, count_of}      a number above the count of a section's instances
///   odd_number {}                            an even number of instances
///   not_global {field, value}                this value in `global`
MachineWord find_machine_word(const std::string& name);
std::vector<std::string> machine_words();

}  // namespace tidelab::topology
