// The real Effects: one std::visit from a word to a host or a client.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/turn.hpp"
#include "artifact/artifact.hpp"
#include "host/host.hpp"
#include "plan/plan.hpp"
#include "preflight/judge.hpp"
#include "run/effects.hpp"

namespace tidelab::live {

struct Setup {
  /// Hosts by lane; lane 0 is this machine. As many as the plan has lanes.
  host::Hosts hosts;
  /// For each lane the account that files and services belong to, or empty when it is the one we come as.
  std::vector<std::string> users;
  /// For each lane whether, where systemd runs, services are units of that account's manager rather than the system's.
  std::vector<bool> of_user;
  /// Put before the agent's argv where we come as somebody who is not root but needs to be: {"sudo","-n"}.
  std::vector<std::string> elevate;
  std::map<std::string, artifact::Acquired> acquired;  ///< by plan::Artifact::key
  /// Names the run that holds the lab's lock; empty for one that only looks. What such a run starts on a host carries
  /// this name, and what carries that of an earlier one, which was killed, is ended before anything is looked at.
  std::string run;
  agent::Claim claim;    ///< of such a run: who holds the lab on its hosts
  bool settled = false;  ///< that was done already, by look_before()
  /// What is known of services, by lane and name; who asks for one is told this, in place of a look at its host.
  std::map<std::pair<int, std::string>, step::Result<std::string>> processes{};
  /// What look_before() found of steps on its way, for a run that follows: by plan::Step::id.
  std::map<int, run::Looked> looked{};
};

/// The words of a command, for the account that things belong to; empty: for the one that we come as.
std::vector<std::string> words_as(const std::string& account, std::vector<std::string> words);
/// The same for what services of that lane run under, with what it takes to become that account there.
std::vector<std::string> words_of_services(const Setup& setup, std::size_t lane, std::vector<std::string> words);

std::unique_ptr<run::Effects> make_live(const plan::Plan& plan, Setup setup);

/// Everything that the plan's artifacts need, side by side. The failures, one an artifact, when some cannot be had.
struct Acquisition {
  std::map<std::string, artifact::Acquired> acquired;
  std::vector<step::Failure> failures;
};
Acquisition acquire_all(const plan::Plan& plan, artifact::Store& store, const step::Control& control);

/// Those of them that are in the cache, by key. Nothing is fetched.
std::map<std::string, artifact::Acquired> cached(const plan::Plan& plan, artifact::Store& store, const step::Control& control);

/// Looks at the services that the plan asks for of components that `nodes` mean (plan::means_any), in one command on each
/// host and at all hosts at once; fills `processes`.
void look_at_services(const plan::Plan& plan, Setup& setup, const std::vector<std::string>& nodes, const step::Control& control);

/// What is asked of an instance beside any plan's steps.
struct Question {
  const step::Action& action;
  int lane = 0;
  std::string scope{};
};
/// The answers, in this order; each is asked once, all side by side.
std::vector<step::Result<step::Answer>> ask_once(const plan::Plan& plan, Setup& setup, const std::vector<Question>& questions,
                                                 const step::Control& control);

/// Where this room logs to: stderr, warnings only unless `verbose`. Call once.
void open_log(bool verbose);

/// Looks at every host before anything is changed, one remote command each, all at once. By lane; lane 0 is empty.
/// Changes nothing but that a run which holds the lab's lock ends what an earlier one left acting. Such a run looks at the plan's
/// steps, too; `also_steps`: so does who only looks, which needs all archives.
std::vector<preflight::Look> look_before(const plan::Plan& plan, Setup& setup, const step::Control& control, bool also_steps = false);

/// What the hosts of these lanes say of their processors (`uname -m`), by lane, in one command on each, all at once, which changes
/// nothing and claims nothing. Empty: it was not asked, or did not answer.
std::vector<std::string> ask_processors(const plan::Plan& plan, Setup& setup, const std::set<int>& lanes, const step::Control& control);

/// Sets the knobs of these rows, looks again, and says in each row what came of it: `fixed`, or why not.
void set_what_is_safe(const plan::Plan& plan, Setup& setup, std::vector<preflight::Finding>& rows, const step::Control& control);

}  // namespace tidelab::live
