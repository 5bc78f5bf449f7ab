// Names of hosts, which of them are one machine, and what must be equal on one.
#pragma once

#include "topology/topology.hpp"

namespace tidelab::topology {

/// Complains (T004) unless it is a name or an address.
bool is_host(const Text& text, source::Diagnostics& diagnostics);

/// One spelling for all of a host: lower case, the shortest form of an IPv6 address, 127.0.0.1 for this machine's loopback.
std::string same_host(const std::string& host);

/// Gives each placed instance the number of its machine: what shares a `host` or a `manage_host` is one.
void number_machines(Topology& topology);

/// T022: fields that must be equal on all of a machine.
void check_equal_per_host(const Topology& topology, const std::vector<Param>& fields, source::Diagnostics& diagnostics);

}  // namespace tidelab::topology
