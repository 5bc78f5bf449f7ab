// A service as a unit of systemd: its name and its text. Pure, so that it can be compared and linted without a host.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tidelab::step {

struct UnitFile {
  std::string lab, service;
  std::string state_dir;  ///< of the lab on the host: the first line says whose unit this is
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd, log;     ///< empty: `/`, and the journal
  std::string user;         ///< empty: that of the manager
  std::string stop_signal;  ///< without SIG; empty: TERM
  int stop_seconds = 30;    ///< then it is killed
  bool of_user = false;     ///< for a user's manager rather than the system's
};

/// "tidelab-LAB.SERVICE.service". A lab's name holds no dot, so no two labs share one; what systemd does not take in a
/// name is escaped as `systemd-escape` does.
std::string unit_name(const std::string& lab, const std::string& service);

/// Whether a unit can hold this byte for byte. systemd takes no control characters in the environment, no text that is
/// not UTF-8, and nothing unusual in the path of a program.
bool unit_can_say(const UnitFile& unit);

/// The text. What `unit_can_say` refuses must not be passed.
std::string render_unit(const UnitFile& unit);

}  // namespace tidelab::step
