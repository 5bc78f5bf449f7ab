// One authenticated ssh connection: socket, handshake, host key, user key. Used by one thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/algorithms.hpp"
#include "host/known_hosts.hpp"
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

  /// What came first, in the clear: for whoever must say why there is no connection. Kept until the handshake is done.
  const std::string& greeting() const { return greeting_; }
  void note_greeting(std::string_view bytes) {
    if (greeting_.size() < kMostGreeting && !greeted_) greeting_ += bytes;
  }
  /// The connection was closed before the other side, or a jump host, said who it is: it may be tried again.
  bool turned_away() const;
  void end_greeting() { greeted_ = true, greeting_ = {}; }

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

  process::Fd socket_;
  std::unique_ptr<Jump> jump_;
  std::string greeting_;
  bool greeted_ = false;
  _LIBSSH2_SESSION* session_ = nullptr;
};

/// Takes a turn, if there is a jump host; then it has `target.connect_within`, and whoever is turned away tries again.
/// `wishes`: what was missing, when it fails for want of a secret.
Result<std::unique_ptr<Link>> open_link(const SshTarget& target, const process::Wake& wake, const std::atomic<bool>& quit,
                                        std::vector<Wish>& wishes);

/// In ssh_hostkey.cpp: handshake, and the host key is one that we know.
Result<void> greet(Link& link, const SshTarget& target, const Patience& patience);

/// In ssh_methods.cpp: nothing but what is allowed for this host may be agreed on from now on; that, as far as libssh2 knows
/// it. Failure: the configuration asks for what libssh2 cannot do.
Result<Algorithms> restrict_algorithms(const Link& link, const SshTarget& target, const std::vector<KnownKey>& known);

/// After a handshake that failed: what the host offers, what is `taken`, and how to allow more for this host. nullopt: it
/// was something else.
std::optional<step::Failure> explain_disagreement(const Link& link, const SshTarget& target, const Algorithms& taken);

/// What libssh2 itself says, since its version number tells little about how it was built.
bool signs_rsa_by_sha2(const Link& link);

/// In ssh_auth.cpp.
Result<void> authenticate(Link& link, const SshTarget& target, const Patience& patience, std::vector<Wish>& wishes);

/// "~/.ssh/x" of this user.
std::string home_file(const std::string& name);

}  // namespace tidelab::host
