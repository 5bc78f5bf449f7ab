// (topology, playbooks, checks) → plan. Pure: nothing is read or contacted, and the same input gives the same plan.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "plan/plan.hpp"
#include "playbook/playbook.hpp"
#include "source/diagnostic.hpp"
#include "topology/topology.hpp"

namespace tidelab::plan {

struct Inputs {
  const topology::Topology& topology;
  const playbook::Library& library;
  const playbook::Templates& templates;
  const std::vector<check::Check>& checks;
  std::string source_kind;          ///< only sources of this kind; empty: all, in the playbook's order
  std::vector<std::string> nodes;   ///< only these instances (node ids or names); empty: all
  std::string token;                ///< unique text of this run, for checks
  long long number = 1;             ///< unique number of this run, for checks: positive, fits into 31 bits
  std::string mirror{};             ///< a directory or URL of archives, looked into before all other sources
  std::string tiup_mirror{};        ///< in place of every mirror of TiUP that playbooks name: a directory or URL
  std::string arch_here = "amd64";  ///< processor of this machine, which is what is built here runs on
};

/// Install, start, wait until ready, then what spans hosts. Codes: L001 a template is missing, L002 needs in a circle,
/// L003 a config cannot be written, L004 no such artifact, L005 no source of the kind asked for, L006 no such node.
Plan make_up(const Inputs& inputs, source::Diagnostics& diagnostics);

/// What a lab that is taken away leaves.
struct Keep {
  bool data = false;  ///< then what spans hosts (topics, changefeeds) stays, too: it is data
  bool logs = false;
};

/// What spans hosts removed, services stopped in reverse, everything that tidelab made taken away but what is kept.
Plan make_down(const Inputs& inputs, const Keep& keep, source::Diagnostics& diagnostics);

/// What `up` does first with instances that leave (Instance::leaves; the topology is the one that is up): of each section they are
/// taken out of their group, stopped and removed, with what is only theirs, who needs others before those. Of those that are lost with
/// their host only what the others do is planned; a step of a lost lane is one that its playbook cannot do from elsewhere.
Plan make_prune(const Inputs& inputs, source::Diagnostics& diagnostics);

/// What cannot be done since it would be done on a lane that is lost: "some 2: TITLE", one each.
std::vector<std::string> undoable(const Plan& plan);

/// Every check whose section and versions are there. C005: a check needs something that is no check,
/// C006: a range of versions in a check is none.
Plan make_verify(const Inputs& inputs, source::Diagnostics& diagnostics);

/// Services of the chosen nodes: started (and waited for), stopped, or stopped and started anew, those of a group one after the other.
enum class Power { start, stop, restart };
Plan make_power(const Inputs& inputs, Power power, source::Diagnostics& diagnostics);

/// One question per service: is it running? And, of each instance in order, those of its readiness.
Plan make_status(const Inputs& inputs, source::Diagnostics& diagnostics);

}  // namespace tidelab::plan
