// One authenticated ssh connection: socket, handshake, host key, user key. Used by one thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/ssh_socket.hpp"

struct _LIBSSH2_SESSION;

namespace tidelab::host {

class Link {
public:
  explicit Link(Socket socket);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  _LIBSSH2_SESSION* session() const { return session_; }
  int fd() const { return socket_.get(); }
  const Jump* jump() const { return jump_.get(); }

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

  /// Whoever is about to wait for the other side says so here.
  void expect_answer() { expecting = asked; }

  // Written by the socket callbacks.
  long received = 0, sent = 0;
  long round_trips = 1;                   ///< that of TCP; then each answer that was waited for
  bool asked = false, expecting = false;  ///< something was sent since the last answer; and now that is waited for
  std::string ahead;                      ///< received, and not yet asked for
  bool unsent = false;                    ///< the last thing to send did not go out whole
  bool closed = false;                    ///< by the other side, or by the kernel that gave the link up
  int error = 0;                          ///< errno of it, 0 for an orderly end
  const std::string* password = nullptr;  ///< for the callback that answers prompts, while it may

  static constexpr int kAgain = -37;
  static constexpr int kOutOfTime = -1000;

private:
  bool wait(const Patience& patience);

  Fd socket_;
  std::unique_ptr<Jump> jump_;
  _LIBSSH2_SESSION* session_ = nullptr;
};

/// `wishes`: what was missing, when it fails for want of a secret.
Result<std::unique_ptr<Link>> open_link(const SshTarget& target, const Patience& patience, std::vector<Wish>& wishes);

/// In ssh_hostkey.cpp: handshake, and the host key is one that we know.
Result<void> greet(Link& link, const SshTarget& target, const Patience& patience);

/// What libssh2 itself says, since its version number tells little about how it was built.
bool signs_rsa_by_sha2(const Link& link);

/// In ssh_auth.cpp.
Result<void> authenticate(Link& link, const SshTarget& target, const Patience& patience, std::vector<Wish>& wishes);

/// "~/.ssh/x" of this user.
std::string home_file(const std::string& name);

}  // namespace tidelab::host
