// What runs on a host: POSIX sh functions, of which each command is sent those that it needs, that look at and act on files
// and services. Nothing is installed there. One line of output per step: `=N<TAB>state<TAB>text`.
#pragma once

#include <string>
#include <vector>

#include "preflight/judge.hpp"

namespace tidelab::live {

/// The functions, without a call.
const std::string& agent_source();
/// Those about who may change the way to a path, and acts there.
const std::string& agent_way_source();
/// Those about the list of what is ours.
const std::string& agent_list_source();
/// Those about archives.
const std::string& agent_unpack_source();
/// Those about processes, and services that a keeper of ours runs.
const std::string& agent_service_source();
/// Those about units of systemd, which the others call.
const std::string& agent_unit_source();
/// Those about a run as a whole: whose turn it is, what an earlier run left, and steps that come together.
const std::string& agent_turn_source();
/// Those that take everything away, and look for what is left.
const std::string& agent_sweep_source();
/// Those that look before anything is touched.
const std::string& agent_preflight_source();
/// Their calls, for preflight::read_facts. `after_looks`: behind the looks of unless_settled().
std::string preflight_calls(const preflight::Asked& asked, bool after_looks);
/// A function of the calls that look at steps, for the two below.
std::string looks_function(const std::string& looks);
/// It is called; then `facts`, unless each of its `count` steps was found as it must be, which is said as `settled`.
std::string unless_settled(std::size_t count, const std::string& facts);
/// Before a lab is claimed: it is called where nobody works on the lab. Where each step was found as it must be, and nobody
/// has claimed the lab meanwhile, it says `unclaimed` and `settled`, and the script ends there.
std::string settled_unclaimed(std::size_t count, const std::string& state_dir, const std::string& run);
/// The call that sets what --fix may set.
std::string knob_calls(const preflight::Knob& knob);

/// A lab on a host.
struct AgentAt {
  std::string state_dir;            ///< root's, and the whole way to it, where `user` is another account than we come as
  std::string user{};               ///< its things belong to this account; empty: to whoever runs the script
  bool of_user = false;             ///< where systemd runs, services are units of that account's manager
  std::string earlier_state_dir{};  ///< where an earlier release had its records; empty: in the same place
};
/// Calls, and the functions that they need, as one script. A shell that gets only a part of it, because whoever sent it was
/// killed, runs none of it. It ends with `is_refused` where nothing is done, with the reason on stderr.
std::string agent_script(const AgentAt& at, const std::string& calls);
inline constexpr int is_refused = 77;

/// The environment variable that marks what a run starts on a host, and its value. `run`: `CONTROLLER-NAME`, as its Claim has it.
std::pair<std::string, std::string> run_mark(const std::string& state_dir, const std::string& run);
/// The call that ends what earlier runs left acting, but not what another controller, behind `claim`, is doing just now; the
/// script ends with `orphans_stay` where that fails.
inline constexpr int orphans_stay = 75;
std::string end_orphans_call(const std::string& state_dir, const std::string& run);

/// Who works on a lab, as its hosts are told: until that controller's connection ends, no other one is let in.
struct Claim {
  std::string controller;  ///< the same for all runs that exclude each other already; one line
  std::string who;         ///< for people; one line
  bool take = false;       ///< whoever holds it
};
/// What the calls `claim` (nothing where the lab is not on the host yet) and `boot` (makes the state directory, then
/// claims) are given. The script ends with `is_held` when another controller is at work, named on stderr.
std::string claim_words(const Claim& claim);
inline constexpr int is_held = 76;

/// Logins may leave out the directories that the tools of accounts are in: a shell's words that put them behind the others.
inline constexpr std::string_view whole_path = "PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin";

/// The loop that keeps a service running, as a script of its own on the host.
struct Supervised {
  std::string run_dir;  ///< state of this service
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd, log, stop_signal;
};
std::string supervisor_source(const Supervised& service);
/// The same program once, in place of the shell: for what a unit of systemd cannot say itself.
std::string exec_source(const Supervised& service);

}  // namespace tidelab::live
