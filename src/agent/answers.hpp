// What the agent says of steps, read: the one place that knows its lines. Pure, since whatever a host prints may be anything at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidelab::agent {

/// `=N<TAB>state<TAB>text` of one step.
struct Said {
  /// nothing: not a whole line about it; outdated: a service that differs and is there; restarted: made, of a service that was there;
  /// other: a state that the agent has none of.
  enum class State { nothing, holds, differs, outdated, made, restarted, failed, other } state = State::nothing;
  std::string note;
};

/// By the numbers 0 to `count` - 1; of several lines about one step the last counts. A line without its end broke off.
std::vector<Said> read_said(std::string_view printed, std::size_t count);

/// What stands on stderr about step `n`, behind its mark `=N`; without one, what was said before any mark.
std::string read_evidence(std::string_view printed, std::size_t n);

}  // namespace tidelab::agent
