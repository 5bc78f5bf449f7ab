// What runs on a host: POSIX sh functions, sent along with each command, that look at and act on files and
// services. Nothing is installed there. One line of output per step: `=N<TAB>state<TAB>text`.
#pragma once

#include <string>
#include <vector>

namespace tidelab::live {

/// The functions, without a call.
const std::string& agent_source();

/// The loop that keeps a service running, as a script of its own on the host.
struct Supervised {
  std::string run_dir;  ///< state of this service
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd, log, stop_signal;
};
std::string supervisor_source(const Supervised& service);

}  // namespace tidelab::live
