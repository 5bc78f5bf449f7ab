// What people want to see of a lab each day: how what runs through it fares, and where to look or type next.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "live/live.hpp"
#include "plan/plan.hpp"

namespace tidelab::cli {

/// What came of a plan::Shown.
struct Fare {
  std::string of, title, state;
  std::optional<bool> good;                               ///< nothing: it could not be asked
  std::vector<std::pair<std::string, std::string>> says;  ///< name, value
  std::vector<std::pair<std::string, double>> ages;       ///< name, seconds
  std::string problem;                                    ///< why it is not good, or could not be asked
};

/// Asks all that the plan shows of the components that are meant, side by side.
std::vector<Fare> ask_how_it_fares(const plan::Plan& plan, live::Setup& setup, const std::vector<std::string>& nodes,
                                   const std::stop_token& stop);
/// The same of one answer; `now_ms` since 1970.
Fare judge(const plan::Shown& shown, const step::Result<step::Answer>& answer, double now_ms);

std::string render_fares(const std::vector<Fare>& fares, bool colour, std::size_t columns);

/// Title and line of what people open or type next: one of each title and section, the first whose question is answered.
/// Asks no host, only the components.
using Lines = std::vector<std::pair<std::string, std::string>>;
Lines what_to_open(const plan::Plan& plan, const std::stop_token& stop);
/// Lines are never cut: they are there to be copied.
std::string render_lines(const Lines& lines, std::size_t columns);

/// "90 s", "5 min", "3 h".
std::string duration_text(double seconds);

}  // namespace tidelab::cli
