#include "run/due.hpp"

namespace tidelab::run {

void Due::put(const plan::Step& step, Joins joins) {
  const Place place{step.lane, joins};
  all_.emplace(step.id, place);
  at_[place].insert(step.id);
}

void Due::take(int step) {
  const auto found = all_.find(step);
  if (found == all_.end()) return;
  at_[found->second].erase(step);
  all_.erase(found);
}

std::set<int> Due::that_join(int lane) const {
  std::set<int> out;
  if (const auto found = at_.find({lane, Joins::always}); found != at_.end()) out = found->second;
  if (const auto found = at_.find({lane, Joins::once}); found != at_.end() && !found->second.empty()) out.insert(*found->second.begin());
  return out;
}

}  // namespace tidelab::run
