// A socket that listens on loopback, at a free port.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>

namespace tidelab::tests {

struct Loopback {
  int fd = -1, port = 0;
};

inline Loopback listen_on_loopback() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || bind(fd, any, size) != 0 || listen(fd, 64) != 0 || getsockname(fd, any, &size) != 0)
    throw std::runtime_error("a test cannot listen on loopback");
  return {fd, ntohs(address.sin_port)};
}

}  // namespace tidelab::tests
