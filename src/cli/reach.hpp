// From what the topology and the command line say to hosts that commands can be run on.
#pragma once

#include <set>

#include "cli/options.hpp"
#include "live/live.hpp"
#include "plan/plan.hpp"
#include "topology/topology.hpp"

namespace tidelab::cli {

/// Fills hosts, users and elevate. What the command line says goes before the topology, that before OpenSSH's
/// configuration, and that before what is usual. A host that cannot be made says so when it is first used.
void reach_hosts(live::Setup& setup, const plan::Plan& plan, const Options& options, const topology::Global& global);

/// The lanes of hosts that the command is about: all, or those of what --node, --role and --host name.
std::set<std::size_t> lanes_meant(const plan::Plan& plan, const Options& options);

}  // namespace tidelab::cli
