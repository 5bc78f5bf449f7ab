// The lock of a lab on this machine.
#pragma once

#include <string>
#include <vector>

#include "agent/turn.hpp"
#include "lab/record.hpp"
#include "process/fd.hpp"

namespace tidelab::lab {

/// Held while a command works on a lab.
class Lock {
public:
  /// Who works on the lab now, as the lock says; empty: nobody.
  static std::string holder(const std::string& lab);
  /// Where another command has it: who, since when. `take_over`: though another controller is at work on the lab's hosts.
  static Known<Lock> take(const std::string& lab, const std::string& command, bool take_over);
  /// Of this one run: no two runs have the same.
  const std::string& run() const { return run_; }
  /// How this run is known on the lab's hosts, to controllers that know nothing of this machine's lock.
  const agent::Claim& claim() const { return claim_; }
  /// What of it could not be written down for others; empty: nothing.
  const std::vector<std::string>& problems() const { return problems_; }

private:
  Lock() = default;
  process::Fd fd_;
  std::string run_;
  agent::Claim claim_;
  std::vector<std::string> problems_;
};

}  // namespace tidelab::lab
