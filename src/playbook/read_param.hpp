// Private to this room: what the readers of playbooks and of common.yaml share.
#pragma once

#include "playbook/playbook.hpp"
#include "yaml/document.hpp"

namespace tidelab::playbook {

inline constexpr auto range_help = "for example `>=2.4 <4.0 || 5.0.3`";

/// Which names params may have: those of a playbook must leave alone what means something on every instance.
enum class Names { of_params, any };
std::vector<Param> read_params(const yaml::Node& root, const char* key, Names names, source::Diagnostics& diagnostics);

/// What stands in a mapping from ranges of versions, each with its condition: versions of this component, or of that of the
/// section which `of` names. Complains (P003) about what is no range.
std::vector<std::pair<Versions, const yaml::Node*>> by_version(const yaml::Node& mapping, source::Diagnostics& diagnostics);

/// Whether a name stands for something on every instance, or in every check, so that nothing else may have it.
bool has_meaning(const std::string& name);

// What is under a key; empty (or `otherwise`) when it is not there.
Text text_at(const yaml::Node& node, const char* key, source::Diagnostics& diagnostics);
Texts texts_at(const yaml::Node& node, const char* key, source::Diagnostics& diagnostics);
bool truth_at(const yaml::Node& node, const char* key, bool otherwise, source::Diagnostics& diagnostics);
/// Complains (P001) when it is not there.
Text needed(const yaml::Node& node, const char* key, source::Diagnostics& diagnostics);

/// What people see and use of it by hand: `tools`, `shows`, `opens`.
void read_daily(const yaml::Node& root, Playbook& out, source::Diagnostics& diagnostics);
/// What is asked of it by name, and texts that have one. Params are read before.
void read_questions(const yaml::Node& root, Playbook& out, source::Diagnostics& diagnostics);
void read_let(const yaml::Node& root, Playbook& out, source::Diagnostics& diagnostics);
/// The playbook as if what its `fragments` say stood in it.
yaml::Node with_fragments(yaml::Node root, const Fragments& fragments, source::Diagnostics& diagnostics);
/// Complains (P007) when it is no regular expression.
void check_pattern(const Text& pattern, source::Diagnostics& diagnostics);
/// A regular expression; complains (P007) unless it is one.
Text pattern_at(const yaml::Node& node, const char* key, source::Diagnostics& diagnostics);

/// One item of `host`.
void read_host_need(const yaml::Node& node, std::vector<HostNeed>& out, source::Diagnostics& diagnostics);

}  // namespace tidelab::playbook
