// `tidelab smoke`: up, verify, down; one exit code for a CI job.
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

namespace {

void headline(const Options& options, const char* text) {
  if (options.format == "text") std::cout << fmt::format("\n━━ {} {}\n", text, options.target) << std::flush;
}

// A lab that was up before is somebody's: it goes, with its data, only when that is meant. One that smoke brings up is its own.
bool may_take_away(const Options& options) {
  if (options.keep || options.yes) return true;
  const auto lab = open_lab(options, true);
  if (!lab || lab->loaded->diagnostics.has_errors()) return true;  // `up` says what is wrong
  const auto& name = lab->loaded->topology.global.lab.value;
  if (const auto known = lab::read_record(name); !known || !*known) return true;
  return ask_for_consent(name, fmt::format("lab {} is up already, and smoke would take it away in the end, with its data", name),
                         options) == Consent::given;
}

}  // namespace

int collect_logs(const Options& options, const std::string& dir);  // logs.cpp

int smoke(const Options& options) {
  if (!may_take_away(options)) return options.stop.stop_requested() ? exit_interrupted : exit_usage;
  headline(options, "up");
  auto [code, began] = bring_up(options);
  if (!began) return code;  // it has said why; there is nothing to look at or to take away
  if (code == exit_true) {
    headline(options, "verify");
    code = verify(options);
  }
  if (!options.report_dir.empty()) collect_logs(options, options.report_dir + "/logs");
  if (options.stop.stop_requested()) {
    std::cout << fmt::format("\nthe lab is still up; take it away with `tidelab down {}`\n", options.target);
    return exit_interrupted;
  }
  if (options.keep) {
    std::cout << fmt::format("\nthe lab is still up, as --keep asked; take it away with `tidelab down {}`\n", options.target);
    return code;
  }
  headline(options, "down");
  auto own = options;
  own.yes = true;  // it brought the lab up itself, or it was asked before
  const auto gone = down(own);
  return code == exit_true ? gone : code;
}

}  // namespace tidelab::cli
