// Calls of the agent that look at a host before anything is touched.
#pragma once

#include <string>

#include "preflight/judge.hpp"

namespace tidelab::live {

/// For preflight::read_facts. `after_looks`: behind the looks of agent::unless_settled().
std::string preflight_calls(const preflight::Asked& asked, bool after_looks);
/// The call that sets what --fix may set.
std::string knob_calls(const preflight::Knob& knob);

}  // namespace tidelab::live
