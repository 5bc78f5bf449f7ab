// What instances must not have in common: ports, directories, names.
#pragma once

#include "topology/topology.hpp"

namespace tidelab::topology {

/// T012 a port twice on a host, T013 a directory twice or inside another's, T015 two of one name.
void check_conflicts(const Topology& topology, source::Diagnostics& diagnostics);

/// T023: some are at a loopback address, and others, which look for them, on other machines.
void check_loopback(const Topology& topology, source::Diagnostics& diagnostics);

/// T028: one that others reach at its host, and that listens on loopback only.
void check_listening(const Topology& topology, source::Diagnostics& diagnostics);

/// T019: a port or a directory that a lab which is up has already on the same machine.
void check_other_lab(const Topology& topology, const Topology& other, source::Diagnostics& diagnostics);

}  // namespace tidelab::topology
