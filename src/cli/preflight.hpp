// The look at all hosts before anything is changed, for `preflight` and for `up`.
#pragma once

#include "live/live.hpp"
#include "playbook/playbook.hpp"
#include "report/preflight.hpp"

namespace tidelab::cli {

/// One remote command on each host; nothing is changed. `also_steps`: as for live::look_before().
report::Preflight look_at_hosts(const plan::Plan& plan, live::Setup& setup, const playbook::Common& common, const step::Control& control,
                                bool also_steps = false);

}  // namespace tidelab::cli
