// The one door from a plan to the world. Abstract, so that tests can carry plans out without one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "run/event.hpp"
#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::run {

using step::Control;

/// What a look found, without changing anything.
struct Looked {
  /// unknown: this word cannot be looked at ahead; unasked: it can, and its host gave no answer: `note` says why.
  enum class State { holds, differs, unknown, unasked } state = State::unknown;
  std::string note;
  bool serves = false;  ///< of a service that differs: it is there, only not as it should be
};

/// What carrying out a step came to.
struct Done {
  bool acted = false;
  std::string note;
  step::Clock::time_point observed{};  ///< when the claim became true; epoch: now
  bool restarted = false;              ///< of a service: it ran before
};

using step::Joins;

/// A step that is carried out with others, and which of those, by their place in the list, it needs.
struct Joined {
  const plan::Step* step = nullptr;
  std::vector<std::size_t> needs;
};

/// All calls may come from several threads at once, and must come back soon after control says so.
class Effects {
public:
  virtual ~Effects() = default;

  /// Looks at steps of one lane together (one remote command). Same size and order as `steps`.
  virtual std::vector<Looked> look(int lane, const std::vector<const plan::Step*>& steps, const Control& control) = 0;

  /// Makes the step true, or answers its question.
  virtual step::Result<Done> perform(const plan::Step& step, const Control& control) = 0;

  virtual Joins joins(const plan::Step& step) const = 0;

  /// The same for several of one lane that join, in this order. Same size; nullopt: not tried, since one that it needs
  /// did not hold. Nothing of a lane is told before all of it has ended.
  virtual std::vector<std::optional<step::Result<Done>>> perform_together(int lane, const std::vector<Joined>& steps,
                                                                          const Control& control) = 0;

  /// After a failure: what a person would go and read.
  virtual std::vector<Evidence> collect(const plan::Step& step, const step::Failure& failure, const Control& control) = 0;

  /// Ends observers and does what they left to do. Called once, at the end, also after an interruption.
  virtual void close(const Control& control) = 0;

  /// What it cost so far.
  virtual Closed costs() const = 0;
};

}  // namespace tidelab::run
