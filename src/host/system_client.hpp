// Private to the room: OpenSSH's client as it is called, and what its words mean.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/host.hpp"
#include "process/wake.hpp"

namespace tidelab::host {

/// A directory of our own, mode 0700, gone with us: the multiplexing socket, and the small program by which the client
/// asks for secrets. The secrets themselves stay in memory of ours, which only our own user can open. What it was asked and
/// could not answer, it notes.
class SystemClient {
public:
  explicit SystemClient(SshTarget target);
  ~SystemClient();
  SystemClient(const SystemClient&) = delete;
  SystemClient& operator=(const SystemClient&) = delete;

  enum class Way { shared, alone };  ///< over the master connection and no other, or over one of its own if need be

  /// In this order, for connections from now on; empty: as the client has them.
  void prefer_ciphers(std::string names) { ciphers_ = std::move(names); }
  /// Connects and goes into the background once it is authenticated. Takes the secrets as they are known by now.
  Command make_master();
  /// After a connection that failed and `said` why: which secrets were missing, or wrong.
  std::vector<Wish> read_wishes(const std::string& said) const;
  Command make_command(const std::string& line, Way way) const;
  /// "check" or "exit"
  Command make_control(const std::string& what) const;
  /// A connection that says which host key it was shown.
  Command make_look() const;

  bool usable() const { return !folder_.empty(); }

private:
  std::vector<std::string> options() const;
  void write_askpass();
  void ask_by_askpass(Command& command) const;

  SshTarget target_;
  std::string folder_, ciphers_;
  std::vector<process::Fd> held_;
  std::map<std::string, std::string> given_;  ///< by the question's key, or the account, as of the last connection
};

/// Why there is no connection, from what the client printed. `shown`: what make_look() printed, or empty.
step::Failure explain_refusal(const SshTarget& target, const std::string& said, const std::string& shown);

bool says_no_known_key(const std::string& said);

}  // namespace tidelab::host
