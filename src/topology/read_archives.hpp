// `archives` of a topology: where one artifact is to come from, in place of all that its playbook lists.
#pragma once

#include "playbook/playbook.hpp"
#include "source/diagnostic.hpp"
#include "topology/topology.hpp"
#include "yaml/document.hpp"

namespace tidelab::topology {

/// `NAME: {url: URL, sha256: HEX}`, or `NAME VERSION:` for one release. Codes: T001 no such artifact, T002 no url or no digest, T007
/// neither of them.
void read_archives(const yaml::Node& node, const playbook::Library& library, Topology& out, source::Diagnostics& diagnostics);

}  // namespace tidelab::topology
