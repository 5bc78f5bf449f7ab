// What no type can tell: the rules that playbooks state as data.
#pragma once

#include "topology/hosts.hpp"
#include "topology/topology.hpp"

namespace tidelab::topology {

/// Whether an item with these ranges is there for this instance. A section that has no instance does not hold.
/// One that is outside of the lab (Playbook::outside) counts as there, in some version, unless it is asked itself.
enum class Outside { is_there, is_missing };
bool applies(const playbook::Versions& versions, const Instance& instance, const Topology& topology, Outside outside = Outside::is_there);

/// The playbooks' rules about which sections there must be or must not be. They need no values, and are told
/// before defaults are derived: a default over a section that is missing has the same cause.
void check_presence(const Topology& topology, source::Diagnostics& diagnostics);

/// The playbooks' other rules, under their own codes.
void check_rules(const Topology& topology, source::Diagnostics& diagnostics);

/// `*` and `?` as in table filters: "test.*" matches "test.t1".
bool matches_wildcard(std::string_view text, std::string_view pattern);

}  // namespace tidelab::topology
