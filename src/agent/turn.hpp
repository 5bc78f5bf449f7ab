// Whose turn it is on a host: calls of the agent that claim a lab, end what earlier runs left, and look without a claim.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace tidelab::agent {

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

/// A function of the calls that look at steps, for the two below.
std::string looks_function(const std::string& looks);
/// It is called; then `facts`, unless each of its `count` steps was found as it must be, which is said as `settled`.
std::string unless_settled(std::size_t count, const std::string& facts);
/// Before a lab is claimed: it is called where nobody works on the lab. Where each step was found as it must be, and nobody
/// has claimed the lab meanwhile, it says `unclaimed` and `settled`, and the script ends there.
std::string settled_unclaimed(std::size_t count, const std::string& state_dir, const std::string& run);

}  // namespace tidelab::agent
