// `tidelab report JOURNAL`: folds a journal again, in any format.
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"
#include "run/journal.hpp"

namespace tidelab::cli {

int report(const Options& options) {
  const auto text = read_file(options.target);
  if (!text) {
    std::cerr << fmt::format("tidelab: cannot read {}\n", options.target);
    return exit_bad_file;
  }
  std::vector<run::Event> events;
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto event = run::parse_line(std::string(rest.substr(0, end)));
    const bool last_and_cut = end == rest.size();
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (event) {
      events.push_back(*event);
    } else if (!last_and_cut) {  // a run that was killed may have left half a line; anything else is no journal
      std::cerr << fmt::format("{}:{}:1: this is not a line of a tidelab journal\n", options.target, number);
      return exit_bad_file;
    }
  }
  if (events.empty()) {
    std::cerr << fmt::format("tidelab: {} holds no events\n", options.target);
    return exit_bad_file;
  }
  const auto folded = report::fold(events);
  give_report(folded, options);
  return folded.exit_code;
}

}  // namespace tidelab::cli
