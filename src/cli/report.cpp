// `tidelab report JOURNAL`: folds a journal again, in any format.
#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"
#include "run/journal.hpp"
#include "topology/topology.hpp"

namespace tidelab::cli {

namespace {

int refuse(const std::string& what) {
  std::cerr << fmt::format("tidelab: {}\n", what);
  return exit_bad_file;
}

// Files are named after the command, and the journal of the lab is looked for: what a journal says names no place.
bool names_are_names(const run::Event& event) {
  const auto* opened = std::get_if<run::Opened>(&event.what);
  return opened == nullptr || (topology::is_lab_name(opened->command) && (opened->lab.empty() || topology::is_lab_name(opened->lab)));
}

}  // namespace

int report(const Options& options) {
  const auto text = read_input(options.target, options.stop, most_of_a_journal + 1);
  if (!text) return refuse(fmt::format("cannot read {}: {}", options.target, text.error().what));
  if (text->size() > most_of_a_journal) return refuse(fmt::format("{} is larger than {} MiB", options.target, most_of_a_journal >> 20));
  std::vector<run::Event> events;
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto event = run::parse_line(std::string(rest.substr(0, end)));
    const bool last_and_cut = end == rest.size();
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (event && names_are_names(*event)) {
      events.push_back(*event);
    } else if (!last_and_cut) {  // a run that was killed may have left half a line; anything else is no journal
      std::cerr << fmt::format("{}:{}:1: this is not a line of a tidelab journal\n", options.target, number);
      return exit_bad_file;
    }
  }
  if (events.empty()) return refuse(options.target + " holds no events");
  const auto folded = report::fold(events);
  give_report(folded, options, true, &*text);
  return folded.exit_code;
}

}  // namespace tidelab::cli
