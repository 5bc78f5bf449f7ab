// Private to the room: how many connections at once are on their way through one jump host, and which ones are tried again.
//
// An sshd drops connections at random while ten are not let in yet (MaxStartups 10:30:100, its default), and all hosts of a
// lab are connected to at once. So those that go through one jump host take turns, and whoever is turned away before the
// other side has said who it is tries again: others may connect there, too.
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <string_view>

#include "host/ssh_socket.hpp"

namespace tidelab::host {

/// The jump host that a target is reached through, the nearest to us: "host" or "host:port". Commands (ProxyCommand) count as
/// one. Empty: it is reached directly.
std::string way_of(const SshTarget& target);

/// As long as a handshake takes at most, where all is well.
inline constexpr std::chrono::milliseconds kHandshake{2'000};

/// A place among those who are on their way through one jump host. It counts until leave(), the destructor, or until `counts`
/// has passed: what has been let in there long ago may still wait for a target that is off.
class Turn {
public:
  /// Waits for its turn, first come first served. `way` empty: it need not wait.
  Turn(const std::string& way, const Patience& patience, std::chrono::milliseconds counts = kHandshake);
  ~Turn() { leave(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  bool taken() const { return taken_; }  ///< false: no time was left, or all is to end
  void leave();

private:
  struct Way;
  static Way& find(const std::string& way);

  Way* way_ = nullptr;
  std::list<step::Clock::time_point>::iterator place_{};
  bool taken_ = true;
};

/// How long to wait before the next try: longer after each, and not the same for any two.
std::chrono::milliseconds pause_after(int tries);

/// What OpenSSH's client `said` speaks of a connection that was closed before the other side said who it is, and of nothing
/// else: not of keys, names or routes.
bool says_turned_away(std::string_view said);

/// When there was no time for a further try. `said`: by OpenSSH's client, if it was one.
step::Failure make_turned_away(const SshTarget& target, std::string said);

}  // namespace tidelab::host
