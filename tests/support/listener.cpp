#include "support/listener.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "support/loopback.hpp"

namespace tidelab::tests {

Listener::Listener(std::string says) : says_(std::move(says)) {
  const auto made = listen_on_loopback();
  fd_ = made.fd;
  port_ = made.port;
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
