// Private to this room: what the words share while a plan is carried out.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/sql.hpp"
#include "live/live.hpp"
#include "run/effects.hpp"
#include "step/words.hpp"

namespace tidelab::live {

using step::Control;
using step::Failure;
using step::Result;
using step::Why;

class Watch;  // observe.hpp

/// Where a step is carried out, and whose values it sees.
struct Where {
  int lane = 0;
  std::string scope;
  bool lenient = false;
  bool differs = false;  ///< a look found that it is not true, and nothing since then can have made it so
};

/// Shared state; every member function may be called from several threads.
class World {
public:
  World(const plan::Plan& plan, Setup setup);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const plan::Plan& plan;
  Setup setup;

  host::Host& host(int lane) { return *setup.hosts[static_cast<std::size_t>(lane)]; }
  std::string state_dir(int lane) const {
    const auto at = static_cast<std::size_t>(lane);
    return plan::state_dir(plan.lanes[at], setup.users[at]);
  }
  std::string run_dir(int lane, const std::string& service) const { return state_dir(lane) + "/run/" + service; }

  /// A command for that host, as the account that the lab's things belong to, with the mark of this run. What an
  /// earlier run left acting there has been ended.
  Result<host::Command> command_on(int lane, const step::Texts& argv, const step::Pairs& env, const Control& control);
  /// The agent's functions and some calls of them, on that host. Its stdout; stderr is the evidence of a failure.
  /// The first on each host also claims the lab, and ends what an earlier run left acting there; `unclaimed` goes before that,
  /// and may end the script with that word.
  Result<host::Output> agent(int lane, const std::string& calls, const host::Input& input, const Control& control,
                             const std::string& unclaimed = {});
  /// The same for calls that print one `=N state text` line for each step.
  Result<std::vector<run::Looked>> agent_looks(int lane, const std::string& calls, std::size_t count, const Control& control);
  /// The same for calls that change something: the state directory is made before, and claimed for this run.
  Result<host::Output> agent_acts(int lane, const std::string& calls, const host::Input& input, const Control& control);

  /// `@{name}` replaced in every text of the action.
  Result<step::Action> bind(const step::Action& action, const std::string& scope);
  step::Values values(const std::string& scope);
  Result<void> take(const step::Answer& answer, const step::Takes& takes, const std::string& scope);
  /// The same replacement in a single text; nullopt where a value is not known.
  std::optional<std::string> bind(const std::string& text, const std::string& scope);

  /// Which member of a group (by its list of addresses) is asked first, and that this one has answered.
  std::size_t first_member(const std::string& group);
  void remember_member(const std::string& group, std::size_t member);

  /// An SQL session of the pool, and its way back there.
  Result<std::unique_ptr<client::SqlSession>> borrow(const client::SqlTarget& target, const Control& control);
  void give_back(const client::SqlTarget& target, std::unique_ptr<client::SqlSession> session);

  void add_watch(const std::string& name, std::unique_ptr<Watch> watch, std::vector<step::Step> finish, Where where);
  Watch* find_watch(const std::string& name);
  void close(const Control& control);

private:
  host::Command marked(int lane, std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> env) const;
  Result<void> claim_first(const Control& control);
  bool holds(int lane, const Control& control);
  Result<host::Output> send(int lane, const std::string& calls, const host::Input& input, const Control& control);
  struct Watched {
    std::unique_ptr<Watch> watch;
    std::vector<step::Step> finish;
    Where where;
  };
  std::mutex mutex_;
  std::map<std::string, step::Values> values_;
  std::multimap<client::SqlTarget, std::unique_ptr<client::SqlSession>> sessions_;
  std::map<std::string, Watched> watches_;
  std::map<std::string, std::size_t> members_;
  struct Once {
    std::mutex mutex;
    bool done = false;
    bool refused = false;  // another controller has it
    bool is_done() {
      const std::lock_guard lock(mutex);
      return done;
    }
  };
  std::deque<Once> settling_, booting_;  // by lane: hosts do not wait for each other
};

/// A world of its own for the time of a look: hosts and their connections are lent to it, and come back with its end.
class Lent {
public:
  Lent(const plan::Plan& plan, Setup& setup);
  ~Lent();
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  World& world() { return world_; }

private:
  Setup& setup_;
  World world_;
};

/// What was answered, and when. Looking into it takes time, too, which is not the service's.
struct Asked {
  step::Answer answer;
  step::Clock::time_point returned;
};
inline Asked answered(std::string text, step::Clock::time_point returned = step::Clock::now()) {
  return {step::Answer::parse(std::move(text)), returned};
}

/// Asks once; the answer is checked against `expect` and taken from. The action must be an asking word.
Result<Asked> ask(World& world, const step::Action& action, const Where& where, const Control& control);

/// Asks until the answer fits or the deadline comes; the last thing seen is in the failure.
Result<Asked> ask_until(World& world, const step::Action& action, const Where& where, const std::string& process, const Control& control);

/// Carries out any word.
Result<run::Done> perform(World& world, const step::Action& action, const Where& where, const Control& control);

/// Words that make something true on a host: they look and act in one command.
bool is_host_word(const step::Action& action);
Result<run::Done> perform_on_host(World& world, const step::Action& action, const Where& where, const Control& control);
/// The same for several, those that join (see Effects): in this order, each where those that it needs held.
std::vector<std::optional<Result<run::Done>>> perform_on_host(World& world, int lane, const std::vector<run::Joined>& steps,
                                                              const Control& control);
run::Joins joins_on_host(const step::Action& action);
std::string look_call(World& world, const step::Action& action, int lane, std::size_t number);
/// Before many of them, when nothing acts meanwhile: so they cost few processes on the host.
std::string foresee_call(const std::vector<const step::Action*>& actions);
/// All of it for these steps, numbered as they stand; empty where there is nothing to look at.
std::string look_calls(World& world, int lane, const std::vector<const plan::Step*>& steps);

/// The state of a service.
Result<step::Answer> process_state(World& world, const std::string& service, int lane, const Control& control);

/// A topic as JSON, and as a thing to make true.
Result<Asked> ask_topic(const step::Topic& topic, const Control& control);
Result<run::Done> ensure_topic(const step::Topic& topic, const Control& control);
/// What a broker knows of its cluster, as JSON.
Result<std::string> cluster_state(const step::Brokers& word, const Control& control);

/// The members of the group that a question is for, each as a question of its own: where its address is a list. The others give
/// one, which is the question itself.
std::vector<step::Action> each_member(const step::Action& action);

}  // namespace tidelab::live
