// A group that serves is changed one member at a time: after each, the others must serve again before the next one is touched, and
// the member that leads comes last.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "run/effects.hpp"

namespace tidelab::run {

class Standing;

/// What is to be changed of one group, as members of it; those that are as they should be are in neither list.
struct Roll {
  const plan::Group* group = nullptr;
  std::vector<std::size_t> first;    ///< do not run: at once, and before all others
  std::vector<std::size_t> joining;  ///< are new, where others run; behind `first`
  std::vector<std::size_t> rest;     ///< run: one after the other, behind those
  std::vector<std::size_t> down;     ///< of `rest`, where members leave: do not run any more
  std::string at_once{};             ///< why all of `rest` are changed at once, after all; empty: they are not
};

/// `looked`: what was found of a step. None for a group of which nobody runs, or of which those that run stay as they are and
/// nobody is new.
std::vector<Roll> make_rolls(const plan::Plan& plan, const std::function<const Looked&(int step)>& looked);

/// What `plan --diff` says of a roll; one line.
std::string render_roll(const plan::Plan& plan, const Roll& roll);

/// Whose turn it is.
struct Turn {
  enum class Why { serves, does_not_serve, leads, joins } why = Why::serves;  ///< as seen just now
  std::vector<std::size_t> members;                                           ///< one, or all that do not serve
};

/// Those that are still to be changed, and those whose word counts before one of them is.
struct Asked {
  const plan::Group* group = nullptr;
  std::vector<std::size_t> remaining, others;
  bool joining = false;             ///< the remaining ones are new, so the others are asked, and the first of them is next
  std::vector<std::size_t> down{};  ///< of `remaining`: known not to serve
};

/// Waits until the others serve and the group is whole, then finds out who does not lead. Members that do not serve, and do not
/// begin to for a while, come first, together, and wait for nobody: nothing is lost with them. Fails when the group does not become
/// whole.
step::Result<Turn> choose(const plan::Plan& plan, const Asked& asked, Effects& effects, std::stop_token stop,
                          const std::function<void(const std::string&)>& says);

/// Private to this room: how far all rolls are. Holds the steps of members whose turn has not come.
class Rolling {
public:
  Rolling(const plan::Plan& plan, Standing& standing) : plan_(plan), standing_(standing) {}

  /// After the looks. What is to be said of groups that are changed at once.
  std::vector<std::string> begin();
  /// A roll whose next member can be looked for: what was to end before has.
  std::optional<std::size_t> take_due();
  /// True where something before it did not hold: then nobody's turn comes any more.
  bool release_blocked(std::size_t roll);
  Asked asked(std::size_t roll) const;
  std::string says(std::size_t roll, const Turn& turn) const;
  std::string says_untouched(std::size_t roll) const;
  void release(std::size_t roll, const Turn& turn);
  /// Nobody's turn was found, and the run ends.
  void put_back(std::size_t roll) { states_[roll].choosing = false; }
  /// Of the members that remain, a step that says that the roll has stopped; `stop` lets all others be blocked by it.
  int first_step(std::size_t roll) const;
  void stop(std::size_t roll, int failed);
  /// At an interruption. True where there were any.
  bool release_all();

private:
  struct State {
    Roll roll;
    std::vector<std::size_t> joining, remaining;
    std::vector<int> before;  // steps that must end before the next member's turn
    bool choosing = false;
  };
  const plan::Group::Member& member(const State& state, std::size_t at) const { return state.roll.group->members[at]; }
  // Those of whom one is next.
  static std::vector<std::size_t>& next_of(State& state) { return state.joining.empty() ? state.remaining : state.joining; }
  static const std::vector<std::size_t>& next_of(const State& state) { return state.joining.empty() ? state.remaining : state.joining; }
  bool is_due(const State& state) const;
  void release_remaining(State& state, const std::vector<int>& after);

  const plan::Plan& plan_;
  Standing& standing_;
  std::vector<State> states_;
};

}  // namespace tidelab::run
