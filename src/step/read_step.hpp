// YAML → steps. A step is a mapping with exactly one word among its keys, and perhaps `on`, `title`, `versions`.
#pragma once

#include <vector>

#include "step/words.hpp"
#include "yaml/document.hpp"

namespace tidelab::step {

/// A list of steps (or one alone). Codes: S001 no word, S002 more than one word, S003 a field is missing,
/// S004 a word that does not fit here, S005 a bad pattern, S006 an unknown comparison.
std::vector<Step> read_steps(const yaml::Node& node, source::Diagnostics& diagnostics);

/// `{"/pointer": value, "/pointer": {ge: 3}}`.
Match read_match(const yaml::Node& node, source::Diagnostics& diagnostics);

/// Whether a setting may be a list of lists or mappings (else, and where one holds a null, Y010).
enum class Nested { refused, kept };

/// Nested or dotted keys, flattened: a configuration map as playbooks and topologies write it. Code S007: a key is set twice.
Settings read_settings(const yaml::Node& node, source::Diagnostics& diagnostics, Nested nested = Nested::refused);

/// The same of a playbook, where a list is one of groups: settings, or `{versions: RANGE, set: settings}`. A key may be in several groups.
Settings read_setting_groups(const yaml::Node& node, source::Diagnostics& diagnostics);

/// `versions:` of a step: a range, or a mapping from sections to ranges. Whether they are ranges is for others to tell.
std::vector<std::pair<Text, Text>> read_ranges(const yaml::Node& node, source::Diagnostics& diagnostics);

/// Names of all words, for the documentation test and for did-you-mean.
std::vector<std::string> word_names();

}  // namespace tidelab::step
