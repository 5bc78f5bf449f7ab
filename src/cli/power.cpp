// `tidelab start | stop | restart`: services of some nodes, or of all.
#include "cli/session.hpp"

namespace tidelab::cli {

namespace {

using Make = plan::Plan (*)(const plan::Inputs&, source::Diagnostics&);

plan::Plan make_start(const plan::Inputs& inputs, source::Diagnostics& diagnostics) { return plan::make_power(inputs, true, diagnostics); }
plan::Plan make_stop(const plan::Inputs& inputs, source::Diagnostics& diagnostics) { return plan::make_power(inputs, false, diagnostics); }

int power(const Options& options, Make make) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = make(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto lock = take_lock(*lab, made.lab, made.command);
  if (!lock) return exit_no_lab;
  std::map<std::string, artifact::Acquired> acquired;
  if (made.command != "stop") {
    // What a service was unpacked from is part of what it is compared with, so the cache is asked for its digests.
    const auto store = open_store();
    if (!store) return exit_no_lab;
    acquired = live::acquire_all(made, *store, {step::Clock::now() + std::chrono::hours(1), options.stop, {}}).acquired;
  }
  const auto result = run_plan(made, *lab, make_setup(made, *lab, std::move(acquired)));
  give_report(result, options);
  return result.exit_code;
}

}  // namespace

int start(const Options& options) { return power(options, make_start); }
int stop(const Options& options) { return power(options, make_stop); }
int restart(const Options& options) {
  if (options.rolling) return power(options, plan::make_rolling_restart);
  const auto stopped = power(options, make_stop);
  return stopped == exit_true ? power(options, make_start) : stopped;
}

}  // namespace tidelab::cli
