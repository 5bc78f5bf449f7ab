// A real MySQL-protocol server for tests: mariadbd on a fresh data directory and a free loopback port.
#pragma once

#include <sys/types.h>

#include <string>

namespace tidelab::tests {

/// Throws when it cannot start: a test level that needs a server fails without one. User "lab", password "säcret".
class MariaDb {
public:
  MariaDb();
  ~MariaDb();
  MariaDb(const MariaDb&) = delete;
  MariaDb& operator=(const MariaDb&) = delete;

  int port() const { return port_; }
  const char* user() const { return "lab"; }
  const char* password() const {
    return "s\xC3\xA4"
           "cret";
  }
  void kill();  ///< at once, as a crash would

private:
  std::string dir_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace tidelab::tests
