// `tidelab down`: the lab is gone but for what is asked to stay, and what was there before is as it was.
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

namespace {

// What is at stake, in one sentence.
std::string stakes(const plan::Plan& made, bool keeps_logs) {
  std::string hosts;
  for (std::size_t lane = 1; lane < made.lanes.size(); ++lane) hosts += (lane > 1 ? ", " : "") + made.lanes[lane].name;
  return fmt::format("this takes lab {} away, with its data{}, from {}", made.lab, keeps_logs ? "" : " and its logs", hosts);
}

std::string kept_by(const Options& options) {
  if (!options.keep_data) return options.keep_logs ? "logs" : "";
  return options.keep_logs ? "data and logs" : "data";
}

// The lab is down and still has something on its hosts: its record stays, so that `up` finds that and `down` removes it.
void keep_record(const std::string& lab, const std::string& kept, const Options& options) {
  if (auto known = lab::read_record(lab); known && *known) {
    auto& record = **known;
    record.kept = kept;
    record.last = "down", record.outcome = "done";
    noted(lab::write_record(record));
  }
  if (options.format == "text")
    std::cout << fmt::format("kept: {}; `tidelab up` takes them up again, `tidelab down {}` removes them\n", kept, lab);
}

}  // namespace

int down(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_down(lab->loaded->inputs(lab->options), {options.keep_data, options.keep_logs}, lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  switch (options.keep_data ? Consent::given : ask_for_consent(made.lab, stakes(made, options.keep_logs), options)) {
    case Consent::given: break;
    case Consent::nobody: return exit_usage;
    case Consent::refused: return options.stop.stop_requested() ? exit_interrupted : exit_usage;
  }
  const auto lock = take_lock(*lab, made.lab, "down");
  if (!lock) return exit_no_lab;
  noted(lab::note_in_record(made.lab, "down", "begun"));
  const auto result = run_plan(made, *lab, make_setup(made, *lab));
  give_report(result, options);
  if (result.exit_code != exit_true) {
    noted(lab::note_in_record(made.lab, "down", outcome_of(result)));
    return result.exit_code;
  }
  if (const auto kept = kept_by(options); kept.empty())
    noted(lab::remove_record(made.lab));
  else
    keep_record(made.lab, kept, options);
  return exit_true;
}

}  // namespace tidelab::cli
