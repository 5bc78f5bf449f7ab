// Private to this room: what the judges of single checks share. Each adds rows for one host.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "preflight/judge.hpp"

namespace tidelab::preflight {

/// One host on trial.
struct Bench {
  const plan::Plan& plan;
  const Sizes& sizes;
  const std::vector<Look>& looks;
  int lane = 0;
  std::vector<Finding>& rows;

  const Look& look() const { return looks[static_cast<std::size_t>(lane)]; }
  const Facts& facts() const { return look().facts; }
  Finding& add(std::string check, Outcome outcome, std::string found, std::string fix = {}) const {
    rows.push_back({lane, plan.lanes[static_cast<std::size_t>(lane)].name, std::move(check), outcome, std::move(found), std::move(fix)});
    return rows.back();
  }
};

/// "1.5 GB", "200 MB": for people.
std::string size_text(long long bytes);
std::string duration_text(Micros time);
/// What to do, and what components know to do beside that.
std::string with_help(std::string fix, const std::set<std::string>& more);
std::string count_text(std::size_t count, const char* noun);  ///< "1 host", "2 hosts"

/// Components of a lane that are not up: all of their services run, or there are none.
bool runs(const plan::Component& component, const Facts& facts);
std::vector<const plan::Component*> components_on(const plan::Plan& plan, int lane);
/// … of which some service does not run.
std::vector<const plan::Component*> to_start(const plan::Plan& plan, int lane, const Facts& facts);

/// A directory that some step makes or fills, and whose it is.
struct WantedDir {
  std::string path;
  int component = -1;  ///< -1: the lab's own
  bool made = false;   ///< made for the component, and not only on the way
};
/// `owner`: as in Look.
std::vector<WantedDir> dirs_on(const plan::Plan& plan, int lane, const std::string& owner);

/// Two paths of which one is the other or lies in it.
bool overlap(const std::string& a, const std::string& b);

inline bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// judge_system.cpp
void judge_rights(const Bench& bench);
void judge_arch(const Bench& bench);
void judge_commands(const Bench& bench);
void judge_ports(const Bench& bench);
void judge_files(const Bench& bench);
void judge_knobs(const Bench& bench);
// judge_dirs.cpp
void judge_dirs(const Bench& bench);
void judge_leftovers(const Bench& bench);
// judge_room.cpp
void judge_disk(const Bench& bench);
void judge_memory(const Bench& bench);
// clock.cpp
void judge_clock(const Bench& bench);

}  // namespace tidelab::preflight
