// `tidelab start | stop | restart`: services of some nodes, or of all.
#include "cli/processors.hpp"

namespace tidelab::cli {

namespace {

int power(const Options& options, plan::Power what) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto plan_anew = [&] { return plan::make_power(lab->loaded->inputs(lab->options), what, lab->loaded->diagnostics); };
  auto made = plan_anew();
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto lock = take_lock(*lab, made.lab, made.command);
  if (!lock) return exit_no_lab;
  auto setup = make_setup(made, *lab);
  if (what != plan::Power::stop) {
    // What a service was unpacked from is part of what it is compared with, so the cache is asked for its digests.
    const auto store = open_store();
    if (!store) return exit_no_lab;
    // For which processor, `up` has written down, unless it is an older one's record.
    if (const auto fit = fit_to_hosts(*lab, made, plan_anew, setup, plan::Known::taken); !fit) return fit.error();
    setup.acquired = live::acquire_all(made, *store, {step::Clock::now() + std::chrono::hours(1), options.stop, {}}).acquired;
  }
  const auto result = run_plan(made, *lab, std::move(setup));
  give_report(result, options);
  return result.exit_code;
}

}  // namespace

int start(const Options& options) { return power(options, plan::Power::start); }
int stop(const Options& options) { return power(options, plan::Power::stop); }
int restart(const Options& options) {
  if (options.rolling) return power(options, plan::Power::restart);
  const auto stopped = power(options, plan::Power::stop);
  return stopped == exit_true ? power(options, plan::Power::start) : stopped;
}

}  // namespace tidelab::cli
