// `tidelab down`: the lab is gone, and what was there before is as it was.
#include <iostream>
#include <set>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

namespace {

// What is at stake, in one sentence.
std::string stakes(const plan::Plan& made) {
  std::string hosts;
  for (std::size_t lane = 1; lane < made.lanes.size(); ++lane) hosts += (lane > 1 ? ", " : "") + made.lanes[lane].name;
  return fmt::format("this takes lab {} away, with its data and its logs, from {}", made.lab, hosts);
}

}  // namespace

int down(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_down(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  switch (ask_for_consent(made.lab, stakes(made), options)) {
    case Consent::given: break;
    case Consent::nobody: return exit_usage;
    case Consent::refused: return options.stop.stop_requested() ? exit_interrupted : exit_usage;
  }
  const auto lock = Lock::take(made.lab, "down", options.take_over);
  if (!lock) return exit_no_lab;
  lab->run = lock->run(), lab->claim = lock->claim();
  const auto result = run_plan(made, *lab, make_setup(made, *lab));
  give_report(result, options);
  if (result.exit_code == exit_true) remove_record(made.lab);
  return result.exit_code;
}

}  // namespace tidelab::cli
