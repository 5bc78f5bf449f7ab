// Names of hosts, which of them are one machine, and what must be equal on one.
#pragma once

#include "topology/topology.hpp"

namespace tidelab::topology {

/// Which addresses will do: one of a host, or also one that stands for all of a machine's, to listen on.
enum class Addresses { of_host, to_listen_on };

/// Complains (T004) unless it is a name or an address.
bool is_host(const Text& text, source::Diagnostics& diagnostics, Addresses which = Addresses::of_host);

/// This machine, whichever it is: `localhost`, 127.0.0.0/8, ::1.
bool is_loopback(const std::string& host);
/// All addresses of a machine: 0.0.0.0, `::`, `*`, or nothing.
bool is_wildcard(const std::string& host);

/// The machine that two instances are on, in the words of who wrote it: "host 10.0.0.2", or by which `manage_host` two hosts are one.
std::string machine_of(const Instance& a, const Instance& b);

/// One spelling for all of a host: lower case, the shortest form of an IPv6 address, 127.0.0.1 for this machine's loopback.
std::string same_host(const std::string& host);

/// Gives each placed instance the number of its machine: what shares a `host` or a `manage_host` is one.
void number_machines(Topology& topology);

/// T022: fields that must be equal on all of a machine.
void check_equal_per_host(const Topology& topology, const std::vector<Param>& fields, source::Diagnostics& diagnostics);

}  // namespace tidelab::topology
