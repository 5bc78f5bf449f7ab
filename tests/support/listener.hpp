// A TCP peer for tests that does one thing: it listens, and says what it is told to whoever connects, or nothing.
#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace tidelab::tests {

/// `says` empty: accepts, reads and stays silent. Else it waits for some bytes, says it, and closes.
class Listener {
public:
  explicit Listener(std::string says = {});
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
  void serve();

  std::string says_;
  int fd_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

/// A loopback port on which nobody listens.
int closed_port();

}  // namespace tidelab::tests
