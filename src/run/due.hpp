// Private to this room: the steps that could be started now, but for the bound on how many run at once.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "run/effects.hpp"

namespace tidelab::run {

class Due {
public:
  bool empty() const { return all_.empty(); }
  /// The one that comes first in the plan.
  int first() const { return all_.begin()->first; }
  void put(const plan::Step& step, Joins joins);
  void take(int step);

  /// What can go along in a command on this lane: all that always join, and the first of those that join once.
  std::set<int> that_join(int lane) const;

private:
  // Apart by lane and kind: a command that starts must not look at all those that would not go along.
  using Place = std::pair<int, Joins>;
  std::map<int, Place> all_;
  std::map<Place, std::set<int>> at_;
};

}  // namespace tidelab::run
