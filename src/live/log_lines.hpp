// Private to this room: which lines of a log matter. A pure function of the end of a log, so that it can be tested on samples.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.hpp"

namespace tidelab::live {

/// Wall clock of a host, since 1970.
using HostTime = std::chrono::milliseconds;

/// The end of a log as it was read from its host.
struct LogEnd {
  std::string path;
  std::string text;
  bool main = true;               ///< false: where a program writes when it has no logger; what does not matter there is not told
  bool whole = true;              ///< false: there is more before it, and its first line may be cut
  std::chrono::seconds offset{};  ///< of the host's time zone: for times that name none
};

/// What was found in one log, or in several of one component.
struct LogChoice {
  std::vector<std::string> lines;
  std::size_t left_out = 0;      ///< lines that matter, too, and are older than these
  bool timed = false;            ///< there are times in it; without any, these are the last lines of a main log, whatever they say
  bool reaches_back = true;      ///< what was read begins before `since`
  std::string out_of_memory{};   ///< the line that says so
  std::optional<HostTime> last;  ///< the newest time in it
};

/// Warnings and errors since then, of which lines our own asking left do not count; all that there are where `since` is not known.
/// A stack trace stays with its line. What is repeated is told once.
LogChoice choose_lines(const LogEnd& log, const plan::LogLook& look, std::optional<HostTime> since, std::size_t most);

/// The time that a line begins with, if it does; `offset` is for times without a zone.
std::optional<HostTime> time_of(std::string_view line, std::chrono::seconds offset);

/// "21:00:05" on a host whose zone has that offset.
std::string clock_text(HostTime time, std::chrono::seconds offset);

}  // namespace tidelab::live
