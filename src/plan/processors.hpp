// Where a topology writes no processor, that of each host decides which archives it gets. What hosts say of it, learnt.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "topology/topology.hpp"

namespace tidelab::plan {

/// Hosts to ask before this plan's archives are got: lanes of components that take some, and for which no processor is written.
/// `known`: of whom it was found before is asked again all the same, or that is taken.
enum class Known { asked_again, taken };
std::set<int> lanes_to_ask(const topology::Topology& topology, const Plan& plan, Known known);

/// `said` by lane, as `uname -m` prints it; empty: nothing. True: the plan was made for other processors, and is to be made anew.
bool learn_processors(topology::Topology& topology, const playbook::Common& common, const Plan& plan, const std::vector<std::string>& said);

}  // namespace tidelab::plan
