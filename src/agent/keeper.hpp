// Services as a host runs them: by a keeper of ours, where no systemd does it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tidelab::agent {

struct Kept {
  std::string run_dir;  ///< state of this service
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd, log, stop_signal;  ///< stop_signal: without `SIG`; empty: TERM
};
/// The loop that keeps a service running, as a script of its own on the host.
std::string keeper_script(const Kept& service);
/// A program once, in place of the shell that is given this.
std::string once_script(const Kept& service);
/// The same program once, in place of the shell: for what a unit of systemd cannot say itself.
std::string exec_script(const Kept& service);

}  // namespace tidelab::agent
