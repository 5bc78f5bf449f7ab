// Private to this room: how far a plan is. One thread owns it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "plan/plan.hpp"
#include "run/due.hpp"
#include "run/effects.hpp"
#include "run/event.hpp"

namespace tidelab::run {

enum class State { waiting, running, ended };

struct Progress {
  State state = State::waiting;
  Outcome outcome = Outcome::held;
  bool held() const { return state == State::ended && (outcome == Outcome::held || outcome == Outcome::made); }
  bool dirty = false;   ///< it, or something that it needs, acted: an earlier look says nothing any more
  std::set<int> roots;  ///< which steps failed first
  Looked looked;
  std::size_t open = 0;  ///< of what it needs or comes after, how much has not ended
};

class Standing {
public:
  explicit Standing(const plan::Plan& plan);

  Progress& of(int step) { return progress_[static_cast<std::size_t>(step)]; }
  const Progress& of(int step) const { return progress_[static_cast<std::size_t>(step)]; }
  bool all_held() const;

  /// Takes out the first of the steps that wait, and for which all that they need or come after has ended.
  std::optional<int> take_ready();
  /// Of a step that is ready: takes over from what it needs whether something acted, and who failed first.
  /// True when something that must hold did not.
  bool inherit(const plan::Step& step);
  /// A look said that it holds, and nothing that it needs has acted since.
  bool clean(const plan::Step& step) const;
  void end(int step, Outcome outcome);
  /// Of a step that was started, but was not tried.
  void wait_again(int step);

  /// It waits, whatever it needs, until it is released; then it is blocked where one of `after` did not hold.
  void hold(int step);
  void release(int step, const std::vector<int>& after);
  /// Whether all have ended, and whether they held.
  bool ended(const std::vector<int>& steps) const;
  bool held(const std::vector<int>& steps) const;
  /// Whether all that comes through the step's gates has.
  bool passed(const plan::Step& step) const;

  /// The step, and all of its lane that can go along in one command: those that are due, and those that need nothing
  /// that is still to come but what goes along as well.
  std::vector<Joined> together(const plan::Step& step, const Due& due, const Effects& effects) const;

private:
  // What has come through a gate so far.
  struct Passage {
    std::size_t open = 0;  // steps that have not ended
    bool held = true, dirty = false;
    std::set<int> roots;
  };
  const Passage& passage_of(const plan::GateNeed& need) const { return passages_[static_cast<std::size_t>(need.gate)]; }
  bool needs_acted(const plan::Step& step) const;
  void close_one(int step);
  const plan::Step& step(int id) const { return plan_.steps[static_cast<std::size_t>(id)]; }
  std::optional<std::vector<std::size_t>> needs_among(const plan::Step& step, const std::map<int, std::size_t>& places) const;

  const plan::Plan& plan_;
  std::vector<Progress> progress_;
  std::vector<Passage> passages_;
  // Who waits: an end tells those, and nobody looks through the plan for them.
  std::vector<std::vector<int>> steps_behind_;          // by step
  std::vector<std::vector<int>> steps_behind_gate_;     // by gate
  std::vector<std::vector<std::size_t>> gates_behind_;  // by step
  std::set<int> ready_;
  std::map<int, std::vector<int>> after_;  // of those that were released
};

}  // namespace tidelab::run
