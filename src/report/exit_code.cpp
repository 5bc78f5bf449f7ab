#include "report/exit_code.hpp"

#include <algorithm>

#include "report/layout.hpp"
#include "report/preflight.hpp"
#include "report/report.hpp"

namespace tidelab::report {

bool changes_lab(const Report& report) {
  const std::string& command = report.opened.command;
  return command == "up" || command == "prune" || command == "down" || command == "start" || command == "stop" || command == "restart";
}

int exit_code_of(const Report& report) {
  if (report.interrupted) return exit_interrupted;
  if (changes_lab(report) && (report.failed + report.blocked > 0 || !report.troubles.empty())) return exit_no_lab;
  if (count_of(report, Verdict::fail) > 0) return exit_false;
  if (!report.complete || !report.troubles.empty()) return exit_unknown;
  if (report.rows.empty() && !changes_lab(report)) return exit_unknown;
  const int warned = count_of(report, Verdict::warn);
  if (count_of(report, Verdict::pass) + warned != static_cast<int>(report.rows.size())) return exit_unknown;
  return exit_true;
}

int exit_code_of(const Preflight& found) {
  using preflight::Outcome;
  const auto has = [&](Outcome outcome) {
    return std::any_of(found.rows.begin(), found.rows.end(), [&](const auto& row) { return row.outcome == outcome; });
  };
  if (has(Outcome::failure) || (found.strict && has(Outcome::warning))) return exit_false;
  return has(Outcome::unknown) ? exit_unknown : exit_true;
}

}  // namespace tidelab::report
