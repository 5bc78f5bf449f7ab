// Private to this room: which instance of one topology is which of another.
#pragma once

#include <string>
#include <vector>

#include "topology/topology.hpp"

namespace tidelab::guide {

/// One of them is missing where an instance came or went.
struct Pair {
  const topology::Instance* before = nullptr;
  const topology::Instance* after = nullptr;
};

/// First those that the lab knows as the same, then, since a port is a part of that, those that stand on the same host.
std::vector<Pair> pair_instances(const topology::Topology& before, const topology::Topology& after);

/// Its name, and what a lab that is up knows it by.
std::string shown(const topology::Topology& topology, const topology::Instance& instance);

}  // namespace tidelab::guide
