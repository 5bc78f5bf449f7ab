// Private to the room: what an ssh connection runs over.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "host/host.hpp"
#include "process/wake.hpp"

namespace tidelab::host {

/// What may end the making of a connection, besides its own time limit.
struct Patience {
  const process::Wake& wake;
  const std::atomic<bool>& quit;
  step::Clock::time_point until;

  /// Waits for `events` of `fd`. False when there is no time left, or all is to end.
  bool wait(int fd, short events) const;
  /// Waits for so long. False when there is not so much time left, or all is to end.
  bool rest(std::chrono::milliseconds pause) const;
};

/// The child process that carries our bytes over another host (ProxyJump, ProxyCommand). Ended with its owner.
class Jump {
public:
  /// `speaks`: it tells on stderr whatever goes wrong, as OpenSSH's client does and other programs may not.
  Jump(int pid, process::Fd said, std::string way, bool speaks);
  ~Jump();
  Jump(const Jump&) = delete;
  Jump& operator=(const Jump&) = delete;

  const std::string& way() const { return way_; }
  bool speaks() const { return speaks_; }
  std::string said() const;  ///< on stderr, so far

private:
  int pid_;
  process::Fd said_;
  std::string way_;
  bool speaks_;
};

struct Socket {
  process::Fd fd;
  std::unique_ptr<Jump> jump;
};

/// "root@192.168.12.21:22"
std::string render_target(const SshTarget& target);

/// What the password of the account opens.
Lock account_lock(const SshTarget& target);

/// Where to connect to: the configuration's HostName, else the address as it was given.
const std::string& address_of(const SshTarget& target);

Result<Socket> open_socket(const SshTarget& target, const Patience& patience);

}  // namespace tidelab::host
