// Private to this room: who may join a section that is up, and who may leave it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "guide/pairs.hpp"

namespace tidelab::guide {

class Members {
public:
  Members(const topology::Topology& before, const topology::Topology& after) : before_(before), after_(after) {}
  void count(const std::vector<Pair>& pairs);

  /// Why this one may not join those of its section that are there; empty: it may.
  std::string why_it_may_not_join(const topology::Instance& joining) const;
  /// Why this one may not be taken away from those of its section that are there; empty: it may.
  std::string why_it_stays(const topology::Instance& leaving) const;
  /// What its playbook does with it, in the playbook's words.
  std::string how_it_leaves(const topology::Instance& leaving) const;

private:
  std::size_t staying(const std::string& section) const;
  std::string too_few(const topology::Instance& leaving, std::size_t stay) const;
  std::string needed_by_others(const std::string& section) const;
  std::string nobody_to_hand_over_to(const topology::Instance& leaving) const;

  const topology::Topology &before_, &after_;
  std::map<std::string, std::size_t> joining_, leaving_;  // by section, how many
};

}  // namespace tidelab::guide
