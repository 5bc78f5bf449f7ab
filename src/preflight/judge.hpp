// Facts of hosts → rows that a person or a program reads. Pure: the same looks give the same rows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "preflight/facts.hpp"

namespace tidelab::preflight {

enum class Outcome {
  ok,
  warning,  ///< `up` would work, and something is not as it should be
  failure,  ///< `up` would not work
  fixed,    ///< was a warning, and is ok now
  unknown   ///< it could not be looked at
};
const char* name_of(Outcome outcome);

/// What --fix may set, and the value to set.
struct Knob {
  enum class Of { none, swappiness, huge_pages } of = Of::none;
  std::string value, before;
};

struct Finding {
  int lane = 0;
  std::string host;   ///< as the topology names it
  std::string check;  ///< reachable, rights, arch, … (docs/preflight.md)
  Outcome outcome = Outcome::ok;
  std::string found;       ///< one line
  std::string fix{};       ///< what a person does about it; empty when there is nothing to do
  std::string evidence{};  ///< more lines; may be empty
  Knob knob{};
};

/// Words that the host's part of tidelab itself runs. `owner`: empty, or the account that it acts for.
std::vector<std::string> commands_of_ours(const std::string& owner);

/// What to look at on one host, in the order in which the facts come back.
struct Asked {
  std::vector<std::string> dirs;
  std::vector<int> ports;
  std::vector<std::string> commands;
};
Asked asked_of(const plan::Plan& plan, int lane, const std::string& owner);

/// Bytes that come out of archives, as far as they are known, by plan::Artifact::key.
using Sizes = std::map<std::string, long long>;

/// All rows, by host in the order of the plan. `looks` by lane; lane 0 is not looked at.
std::vector<Finding> judge(const plan::Plan& plan, const Sizes& sizes, const std::vector<Look>& looks);

/// True when every service that the plan has on that host runs: what is only needed to start one is then no matter.
bool all_runs(const plan::Plan& plan, int lane, const Look& look);

}  // namespace tidelab::preflight
