// Private to the room: a child process of this machine, watched to its end.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "host/host.hpp"
#include "host/launch.hpp"

namespace tidelab::host {

/// Who hears what the child says, as it comes.
struct Ears {
  std::function<void(std::string_view)> out, err;
  std::function<bool()> may_end{};  ///< if set: at the deadline or the stop it is waited for, two seconds at most
  std::function<bool()> over{};     ///< if set and true: all was heard, the child need not end by itself
};

struct Ended {
  int code = 0;                      ///< 128 + signal when a signal ended it
  std::optional<step::Why> by{};     ///< ended by us, at the deadline or the stop: TERM to its group, KILL two seconds later
  std::optional<Problem> problem{};  ///< it could not be started
  long taken = 0;                    ///< bytes of its stdin that it read
};

/// Failure only when there is no child at all.
Result<Ended> run_child(const Command& command, const Control& control, const Ears& ears);

}  // namespace tidelab::host
