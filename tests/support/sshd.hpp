// A real sshd on 127.0.0.1 with a configuration, keys and port of its own, in a temporary directory.
#pragma once

#include <string>

namespace tidelab::support {

class Sshd {
public:
  /// Starts it and waits until it answers. `extra`: further lines of sshd_config, e.g. "MaxSessions 2".
  explicit Sshd(const std::string& extra = {});
  ~Sshd();
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;

  int port() const { return port_; }
  std::string user() const { return "root"; }
  std::string folder() const { return folder_; }
  std::string identity() const { return folder_ + "/id_ed25519"; }
  std::string known_hosts() const { return folder_ + "/known_hosts"; }
  std::string log() const;

  /// A connection that has come so far that it was told who is there, and is not let in: for the caller to close.
  int hold() const;

  /// Ends the listener and every connection of it; start() brings it back on the same port.
  void kill();
  void start();

  /// Makes a key pair with ssh-keygen; returns its path.
  std::string make_key(const std::string& name, const std::string& type, const std::string& passphrase = {}, bool authorized = false);

private:
  bool answers() const;

  std::string folder_;
  int port_ = 0;
  int pid_ = -1;
};

}  // namespace tidelab::support
