#include "report/timeline.hpp"

#include <algorithm>
#include <map>

namespace tidelab::report {

namespace {

using std::chrono::microseconds;

/// A step as its events tell it.
struct Told {
  bool begun = false, has_ended = false;
  microseconds began{}, ended{}, observed{};
  run::Outcome outcome = run::Outcome::held;
};

}  // namespace

std::vector<Bar> bars_of(const std::vector<run::Event>& events) {
  const run::Opened* opened = nullptr;
  std::map<int, Told> told;
  for (const auto& event : events) {
    if (const auto* first = std::get_if<run::Opened>(&event.what)) {
      opened = first;
      told.clear();
    } else if (const auto* started = std::get_if<run::Started>(&event.what)) {
      auto& each = told[started->step];
      each.begun = true, each.began = event.at;
    } else if (const auto* ended = std::get_if<run::Ended>(&event.what)) {
      auto& each = told[ended->step];
      each.has_ended = true, each.ended = event.at, each.observed = ended->observed, each.outcome = ended->outcome;
    }
  }
  std::vector<Bar> out;
  if (opened == nullptr) return out;
  for (const auto& line : opened->steps) {
    const auto found = told.find(line.id);
    if (found == told.end() || !found->second.begun || !found->second.has_ended) continue;
    const auto& each = found->second;
    Bar bar{line.id, line.hop ? line.hop->title : line.title, line.component, line.hop.has_value(), each.began, each.ended, each.outcome};
    if (line.hop) {
      const auto zero = told.find(line.hop->since);
      if (zero != told.end() && zero->second.has_ended) bar.from = zero->second.observed;
      const bool seen = each.outcome == run::Outcome::held || each.outcome == run::Outcome::made;
      if (seen) bar.to = each.observed;
    }
    bar.to = std::max(bar.to, bar.from);
    out.push_back(std::move(bar));
  }
  std::stable_sort(out.begin(), out.end(), [](const Bar& a, const Bar& b) { return a.from < b.from; });
  return out;
}

}  // namespace tidelab::report
