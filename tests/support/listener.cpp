#include "support/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace tidelab::tests {

Listener::Listener(std::string says) : says_(std::move(says)) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd_, 16) != 0 ||
      getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the test's listener cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Listener::~Listener() {
  ending_ = true;
  thread_.join();
  close(fd_);
}

void Listener::serve() {
  std::vector<pollfd> all{{fd_, POLLIN, 0}};
  char bytes[4096];
  while (!ending_) {
    if (poll(all.data(), all.size(), 20) <= 0) continue;
    for (std::size_t i = all.size(); i-- > 1;) {
      if (all[i].revents == 0) continue;
      const auto got = recv(all[i].fd, bytes, sizeof bytes, 0);
      if (got > 0 && says_.empty()) continue;
      if (got > 0) send(all[i].fd, says_.data(), says_.size(), MSG_NOSIGNAL);
      close(all[i].fd);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (all[0].revents != 0) all.push_back({accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC), POLLIN, 0});
  }
  for (std::size_t i = 1; i < all.size(); ++i) close(all[i].fd);
}

int closed_port() { return Listener().port(); }

}  // namespace tidelab::tests
