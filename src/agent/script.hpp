// What is sent to a host: functions of the agent, of which each command gets those that it needs, and calls. Nothing is
// installed there. One line of output per step: `=N<TAB>state<TAB>text` (answers.hpp).
#pragma once

#include <string>
#include <string_view>

namespace tidelab::agent {

/// A lab on a host.
struct At {
  std::string state_dir;            ///< root's, and the whole way to it, where `user` is another account than we come as
  std::string user{};               ///< its things belong to this account; empty: to whoever runs the script
  bool of_user = false;             ///< where systemd runs, services are units of that account's manager
  std::string earlier_state_dir{};  ///< where an earlier release had its records; empty: in the same place
};
/// Calls, and the functions that they need, as one script. A shell that gets only a part of it, because whoever sent it was
/// killed, runs none of it. It ends with `is_refused` where nothing is done, with the reason on stderr.
std::string script(const At& at, const std::string& calls);
inline constexpr int is_refused = 77;

/// All functions, and their texts, as they are put together: what Parts reads.
std::string functions();

/// A script that runs by itself, by its name below programs/: `sh -c PROGRAM sh WORDS…`. Throws std::out_of_range where there is
/// none of that name.
const std::string& program(std::string_view name);

/// Logins may leave out the directories that the tools of accounts are in: a shell's words that put them behind the others.
inline constexpr std::string_view whole_path = "PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace tidelab::agent
