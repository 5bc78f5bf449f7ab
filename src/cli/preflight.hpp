// The look at all hosts before anything is changed, for `preflight` and for `up`.
#pragma once

#include "live/live.hpp"
#include "report/preflight.hpp"
#include "topology/topology.hpp"

namespace tidelab::cli {

/// Where no processor is written, that of the host counts. True: some are others than the plan was made for, so it is to be made anew.
bool learn_processors(topology::Topology& topology, const plan::Plan& plan, const report::Preflight& found);

/// One remote command on each host; nothing is changed.
report::Preflight look_at_hosts(const plan::Plan& plan, live::Setup& setup, const preflight::Sizes& sizes, const step::Control& control);

}  // namespace tidelab::cli
