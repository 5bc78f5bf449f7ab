// Private to this room: how far a plan is. One thread owns it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "plan/plan.hpp"
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
};

class Standing {
public:
  explicit Standing(const plan::Plan& plan);

  Progress& of(int step) { return progress_[static_cast<std::size_t>(step)]; }
  const Progress& of(int step) const { return progress_[static_cast<std::size_t>(step)]; }
  bool all_held() const;

  /// All that it needs or comes after has ended.
  bool ready(const plan::Step& step) const;
  /// Of a step that is ready: takes over from what it needs whether something acted, and who failed first.
  /// True when something that must hold did not.
  bool inherit(const plan::Step& step);
  /// A look said that it holds, and nothing that it needs has acted since.
  bool clean(const plan::Step& step) const;
  void end(int step, Outcome outcome);

  /// The step, and all later ones of its lane that can go along in one command: those that need nothing that is still
  /// to come, or only what goes along as well.
  std::vector<Joined> together(const plan::Step& step, const Effects& effects) const;

private:
  // What has come through a gate so far.
  struct Passage {
    std::size_t open = 0;  // steps that have not ended
    bool held = true, dirty = false;
    std::set<int> roots;
  };
  const Passage& passage_of(const plan::GateNeed& need) const { return passages_[static_cast<std::size_t>(need.gate)]; }
  bool needs_acted(const plan::Step& step) const;
  std::optional<std::vector<std::size_t>> needs_among(const plan::Step& step, const std::map<int, std::size_t>& places) const;

  const plan::Plan& plan_;
  std::vector<Progress> progress_;
  std::vector<Passage> passages_;
  std::vector<std::vector<std::size_t>> gates_behind_;  // by step
};

}  // namespace tidelab::run
