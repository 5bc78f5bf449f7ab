// Carries out a plan: every step as soon as its needs allow, many at once, and tells what happens as events.
#pragma once

#include <functional>
#include <stop_token>

#include "plan/plan.hpp"
#include "run/effects.hpp"
#include "run/event.hpp"

namespace tidelab::run {

/// Called for every event, in order, never from two threads at once.
using Listener = std::function<void(const Event&)>;

struct Options {
  int at_once = 64;              ///< steps carried out side by side; waiting ones count, so it is generous
  bool look_first = true;        ///< one look per host at everything that can be looked at, before the first act
  std::vector<Warned> warned{};  ///< of a look that came before the run; told behind the first event
};

/// True when every step held or was made. Steps whose needs did not hold are blocked; the others go on.
/// `opened` becomes the first event; its steps are filled in from the plan. The last event is `Closed`.
bool carry_out(const plan::Plan& plan, Opened opened, Effects& effects, const Listener& listener, std::stop_token stop,
               const Options& options = {});

/// Looks only, and gives for each step what it found: what `plan --diff` prints.
std::vector<Looked> look_at_all(const plan::Plan& plan, Effects& effects, std::stop_token stop);

}  // namespace tidelab::run
