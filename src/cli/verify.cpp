// `tidelab verify`: rows are written and watched at every hop.
#include "cli/session.hpp"

namespace tidelab::cli {

int verify(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  auto made = plan::make_verify(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  auto lenient = options;  // of a file that is applied already, warnings are no errors
  lenient.strict = false;
  if (!told_no_errors(*lab->loaded, lenient)) return exit_bad_file;
  made.strict = options.strict;
  const auto lock = take_lock(*lab, made.lab, "verify");
  if (!lock) return exit_unknown;
  auto result = run_plan(made, *lab, make_setup(made, *lab));
  give_report(result, options);
  return result.exit_code;
}

}  // namespace tidelab::cli
