// `tidelab fetch`: the archives of a topology into the cache, for hosts and hours without a network. Touches no host.
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

int fetch(const Options& options) {
  const auto lab = open_lab(options, true);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_up(lab->loaded->inputs(options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto store = open_store();
  if (!store) return exit_no_lab;
  const step::Control control{step::Clock::now() + std::chrono::hours(3), options.stop, [](const std::string& line) {
                                std::cout << "· " + line + "\n" << std::flush;
                              }};
  const auto acquisition = live::acquire_all(made, *store, control);
  for (const auto& [key, got] : acquisition.acquired) std::cout << fmt::format("{:<30} {}\n", key, got.path);
  for (const auto& each : acquisition.failures) {
    std::cerr << fmt::format("  ✗ {}\n", each.what);
    if (!each.help.empty()) std::cerr << fmt::format("      help: {}\n", each.help);
  }
  if (options.stop.stop_requested()) return exit_interrupted;
  return acquisition.failures.empty() ? exit_true : exit_no_lab;
}

}  // namespace tidelab::cli
