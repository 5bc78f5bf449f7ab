// A check as data: what to write, where it must be seen, and by when. Read from checks/NAME.yaml.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "source/diagnostic.hpp"
#include "step/words.hpp"

namespace tidelab::check {

using source::Text;

/// A row of the hop table. Without one, a step only prepares or cleans.
struct Hop {
  Text place, title, look_at;
  std::vector<Text> about;  ///< sections whose trouble explains that it is false, and of the first the log; none: the check's own
  Text heal;                ///< the command that heals it, or looks further; empty: what the component's kind suggests
  bool drift = false;       ///< it tells that the lab differs from its topology, which is no sickness
  bool warns = false;       ///< that it is false is told, and no reason to fail
  Text since;               ///< id of the step whose end is time zero
  bool travels = false;
};

struct CheckStep {
  Text id;
  step::Step step;
  std::optional<Hop> hop;
  std::vector<Text> needs;                          ///< ids of this check, or names of checks: must hold
  std::vector<step::Step> evidence;                 ///< asked when it is false
  std::vector<Text> after;                          ///< the same, but only an order: whatever came of them
  std::optional<std::chrono::milliseconds> within;  ///< in place of what its word states, or of the word's default
};

struct Check {
  Text name, title;
  Text of;  ///< section: once for each of its instances
  std::vector<std::pair<Text, Text>> versions;
  std::vector<std::pair<Text, Text>> lets;  ///< texts with a name, for `${…}` in what follows
  std::vector<CheckStep> steps;
  source::Span span;
};

/// Codes: C001 a key is missing, C002 two steps of one id, C003 a hop without a title, C004 an empty check
/// (it would always pass).
Check read_check(const source::File& file, source::Diagnostics& diagnostics);

}  // namespace tidelab::check
