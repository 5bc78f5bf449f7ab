// Private to the room: a command as a child process of this machine.
#pragma once

#include "host/host.hpp"
#include "process/run.hpp"

namespace tidelab::host {

/// Whoever hears it is among `ears` alone.
Result<process::Ended> run_child(const Command& command, const Control& control, const process::Ears& ears);

}  // namespace tidelab::host
