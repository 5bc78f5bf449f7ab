// One authenticated ssh connection: socket, handshake, host key, user key. Used by one thread only.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "host/fd.hpp"
#include "host/host.hpp"

struct _LIBSSH2_SESSION;

namespace tidelab::host {

/// What may end the making of a connection, besides its own time limit.
struct Patience {
  const Wake& wake;
  const std::atomic<bool>& quit;
  step::Clock::time_point until;

  /// Waits for `events` of `fd`. False when there is no time left, or all is to end.
  bool wait(int fd, short events) const;
};

class Link {
public:
  explicit Link(Fd socket);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  _LIBSSH2_SESSION* session() const { return session_; }
  int fd() const { return socket_.get(); }

  /// A packet is half sent. libssh2 then refuses (LIBSSH2_ERROR_BAD_USE) every call that may send but a
  /// repetition of the very call that returned EAGAIN.
  bool sending() const;

  /// Repeats a call while it says EAGAIN. For the time before there are channels.
  template <class Call>
  int finish(const Patience& patience, Call call) {
    for (;;) {
      const int rc = call();
      if (rc != kAgain) return rc;
      if (!wait(patience)) return kOutOfTime;
    }
  }
  std::string last_error() const;

  // Written by the socket callbacks.
  long received = 0, sent = 0;
  bool closed = false;  ///< by the other side, or by the kernel that gave the link up
  int error = 0;        ///< errno of it, 0 for an orderly end

  static constexpr int kAgain = -37;
  static constexpr int kOutOfTime = -1000;

private:
  bool wait(const Patience& patience) const;

  Fd socket_;
  _LIBSSH2_SESSION* session_ = nullptr;
};

/// "root@192.168.12.21:22"
std::string render_target(const SshTarget& target);

Result<std::unique_ptr<Link>> open_link(const SshTarget& target, const Patience& patience);

/// In ssh_auth.cpp.
Result<void> authenticate(Link& link, const SshTarget& target, const Patience& patience);

/// "~/.ssh/x" of this user.
std::string home_file(const std::string& name);

}  // namespace tidelab::host
