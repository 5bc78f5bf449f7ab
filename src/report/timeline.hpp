// When things happened: what a run took, and where a row was on its way.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "run/event.hpp"

namespace tidelab::report {

/// From when to when something took, since the run began.
struct Bar {
  int step = 0;
  std::string title;
  int component = -1;  ///< index in Opened::components
  bool hop = false;    ///< then it begins with the hop's time zero (the commit), where it has one
  std::chrono::microseconds from{}, to{};
  run::Outcome outcome = run::Outcome::held;
};

/// Of all steps that were begun and have ended, by their beginning. What was so already took no time and has none.
std::vector<Bar> bars_of(const std::vector<run::Event>& events);

}  // namespace tidelab::report
