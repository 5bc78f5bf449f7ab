// Non-blocking sockets and poll in short slices, so that a stop is seen soon.
#include "client/tcp.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "client/aside.hpp"

namespace tidelab::client {

using step::fail;
using step::Why;

namespace {

constexpr std::size_t most_read = 1 << 20;
constexpr std::chrono::milliseconds glance{100};

class Socket {
public:
  explicit Socket(int family) : fd_(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

private:
  int fd_;
};

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

using Endpoints = std::vector<Endpoint>;

Result<Endpoints> look_up(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0) return fail(Why::unreachable, fmt::format("the name {} does not resolve: {}", address.host, gai_strerror(error)));
  Endpoints found;
  for (const auto* each = list; each != nullptr; each = each->ai_next) {
    if (each->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Endpoint endpoint;
    std::memcpy(&endpoint.address, each->ai_addr, each->ai_addrlen);
    endpoint.size = each->ai_addrlen;
    found.push_back(endpoint);
  }
  freeaddrinfo(list);
  return found;
}

// A number needs no name server, and no thread to wait for one.
Result<Endpoints> resolve(const Address& address, const Control& control) {
  if (auto numeric = look_up(address, AI_NUMERICHOST)) return numeric;
  return wait_aside<Endpoints>(control, fmt::format("looking up {}", address.host), [address] { return look_up(address, 0); });
}

tl::unexpected<step::Failure> broken(const std::string& doing, int error) {
  const bool no_way = error == EHOSTUNREACH || error == ENETUNREACH || error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
  const auto why = no_way ? Why::unreachable : error == ETIMEDOUT ? Why::timed_out : Why::refused;
  return fail(why, fmt::format("{}: {}", doing, std::strerror(error)));
}

Result<void> wait_for(const Socket& socket, short events, const Control& control, const std::string& doing) {
  for (;;) {
    if (control.stopped() || control.expired()) return ended(control, doing);
    pollfd one{socket.fd(), events, 0};
    // One millisecond more than is left: left() rounds down, and 0 would spin until the deadline.
    const auto patience = std::min(glance, control.left() + std::chrono::milliseconds(1));
    const int ready = ::poll(&one, 1, static_cast<int>(patience.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return broken(doing, errno);
  }
}

Result<Socket> connect_to(const Endpoint& endpoint, const Control& control, const std::string& doing) {
  Socket socket(endpoint.address.ss_family);
  if (socket.fd() < 0) return broken(doing, errno);
  if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.size) == 0) return socket;
  if (errno != EINPROGRESS) return broken(doing, errno);
  if (auto ready = wait_for(socket, POLLOUT, control, doing); !ready) return tl::unexpected(ready.error());
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return broken(doing, error);
  return socket;
}

Result<void> send_all(const Socket& socket, std::string_view text, const Control& control, const std::string& doing) {
  while (!text.empty()) {
    if (auto ready = wait_for(socket, POLLOUT, control, doing); !ready) return ready;
    const auto sent = ::send(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) return broken(doing, errno);
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> read_all(const Socket& socket, const Control& control, const std::string& doing) {
  std::string out;
  char piece[16384];
  while (out.size() < most_read) {
    if (auto ready = wait_for(socket, POLLIN, control, doing); !ready) {
      ready.error().evidence = out;  // half an answer says more than none
      return tl::unexpected(ready.error());
    }
    const auto got = ::recv(socket.fd(), piece, std::min(sizeof piece, most_read - out.size()), 0);
    if (got == 0) break;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return broken(doing, errno);
    out.append(piece, static_cast<std::size_t>(got));
  }
  return out;
}

Result<Socket> connect_any(const Address& address, const Control& control, const std::string& doing) {
  auto endpoints = resolve(address, control);
  if (!endpoints) return tl::unexpected(endpoints.error());
  Result<Socket> last = fail(Why::unreachable, doing + ": no address");
  for (const auto& endpoint : *endpoints) {
    auto socket = connect_to(endpoint, control, doing);
    if (socket || control.stopped() || control.expired()) return socket;
    // A name often has ::1 as well as 127.0.0.1: a refusal says more than a missing address family.
    if (last.error().why == Why::unreachable) last = tl::unexpected(socket.error());
  }
  return last;
}

}  // namespace

Address parse_address(const std::string& text) {
  Address address;
  std::string_view port;
  if (const auto colon = text.rfind(':'); colon != std::string::npos) {
    address.host = text.substr(0, colon);
    port = std::string_view(text).substr(colon + 1);
  }
  const bool bracketed = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
  if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool good = error == std::errc() && end == port.data() + port.size() && number > 0 && number < 65536 && !address.host.empty() &&
                    (bracketed || address.host.find_first_of(":[]") == std::string::npos);
  if (!good) return {};
  address.port = number;
  return address;
}

Result<std::string> tcp(const std::string& address, const std::string& send, const Control& control) {
  const auto target = parse_address(address);
  if (target.port == 0) return fail(Why::failed, fmt::format("\"{}\" is not an address of the form host:port", address));
  auto socket = connect_any(target, control, "connecting to " + address);
  if (!socket) return tl::unexpected(socket.error());
  if (send.empty()) return std::string();
  if (auto sent = send_all(*socket, send, control, "sending to " + address); !sent) return tl::unexpected(sent.error());
  return read_all(*socket, control, "reading from " + address);
}

}  // namespace tidelab::client
