// The floor: nothing but libssh2, one thread, every host at once. Connect, handshake, public key, `true`, close.
// No host key is verified and no error is explained; what it takes is what the library and the hosts take.
//   bare_libssh2 USER KEY ADDRESS…
#include <arpa/inet.h>
#include <fcntl.h>
#include <libssh2.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

struct One {
  int fd = -1;
  LIBSSH2_SESSION* session = nullptr;
  LIBSSH2_CHANNEL* channel = nullptr;
  int step = 0;
  bool good = false;
};

int dial(const char* address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(22);
  if (::inet_pton(AF_INET, address, &to.sin_addr) != 1) return -1;
  ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
  return fd;
}

// The next step of one host: EAGAIN, done (0), or an error.
int advance(One& one, const char* user, const char* key) {
  switch (one.step) {
    case 0: return libssh2_session_handshake(one.session, one.fd);
    case 1: return libssh2_userauth_publickey_fromfile(one.session, user, nullptr, key, "");
    case 2: one.channel = libssh2_channel_open_session(one.session); return one.channel ? 0 : libssh2_session_last_errno(one.session);
    case 3: return libssh2_channel_exec(one.channel, "true");
    case 4: {
      char buffer[1024];
      const auto n = libssh2_channel_read(one.channel, buffer, sizeof buffer);
      if (n < 0) return static_cast<int>(n);
      return libssh2_channel_eof(one.channel) ? 0 : LIBSSH2_ERROR_EAGAIN;
    }
    case 5: return libssh2_channel_wait_closed(one.channel);
    case 6: one.good = libssh2_channel_get_exit_status(one.channel) == 0; return libssh2_channel_free(one.channel);
    case 7: return libssh2_session_disconnect(one.session, "done");
    default: return -1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 64;
  libssh2_init(0);
  std::vector<One> all(static_cast<std::size_t>(argc - 3));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].fd = dial(argv[i + 3]);
    all[i].session = libssh2_session_init();
    libssh2_session_set_blocking(all[i].session, 0);
  }
  std::size_t left = all.size();
  std::vector<pollfd> fds(all.size());
  while (left > 0) {
    for (auto& one : all) {
      while (one.step < 8) {
        const int rc = advance(one, argv[1], argv[2]);
        if (rc == LIBSSH2_ERROR_EAGAIN) break;
        one.step = rc == 0 ? one.step + 1 : 99;
        if (one.step >= 8) --left;
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const int ways = libssh2_session_block_directions(all[i].session);
      fds[i] = {all[i].step < 8 ? all[i].fd : -1, POLLIN, 0};
      if (ways & LIBSSH2_SESSION_BLOCK_OUTBOUND) fds[i].events |= POLLOUT;
    }
    if (left > 0) ::poll(fds.data(), fds.size(), 1000);
  }
  int bad = 0;
  for (const auto& one : all) bad += one.good ? 0 : 1;
  if (bad > 0) std::printf("%d of %zu failed\n", bad, all.size());
  return bad == 0 ? 0 : 1;
}
