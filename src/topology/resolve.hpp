// Private to this room: versions and defaults, in the order in which they depend on each other.
#pragma once

#include "topology/topology.hpp"

namespace tidelab::topology {

/// A path without `//`, `/./`, `..` and a `/` at its end.
std::string cleaned(const std::string& path);

/// What the file says about versions, by component.
using Versions = std::map<std::string, Text>;

/// Which version each instance has: of the command line, of `component_versions`, of the command line for its family, or
/// the one that its playbook names. T016: none, or not served.
void resolve_versions(Topology& topology, const playbook::Common& common, const Versions& written, const Asked& asked,
                      source::Diagnostics& diagnostics);

/// Gives each param that is not written its default; then everything is a literal and every directory absolute.
/// `heard`: false when sections are missing, so that what is made from them is not told again.
/// T002 a param without a value, T006 one that the version ignores, T014 a directory that cannot be, T033 a circle.
void resolve_values(Topology& topology, bool heard, source::Diagnostics& diagnostics);

}  // namespace tidelab::topology
