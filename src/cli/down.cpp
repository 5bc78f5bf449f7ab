// `tidelab down`: the lab is gone, and what was there before is as it was.
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

int down(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_down(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto lock = Lock::take(made.lab, "down", options.take_over);
  if (!lock) return exit_no_lab;
  lab->run = lock->run(), lab->claim = lock->claim();
  const auto result = run_plan(made, *lab, make_setup(made, *lab));
  give_report(result, options);
  if (result.exit_code == exit_true) remove_record(made.lab);
  return result.exit_code;
}

}  // namespace tidelab::cli
