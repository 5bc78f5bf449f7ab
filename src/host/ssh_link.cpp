// Making a connection: TCP with bounded silence, handshake, and the host key's verification.
#include "host/ssh_link.hpp"

#include <libssh2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>

#include <fmt/format.h>

#include "host/known_hosts.hpp"

namespace tidelab::host {
namespace {

using step::Failure;
using step::Why;

static_assert(Link::kAgain == LIBSSH2_ERROR_EAGAIN);

ssize_t on_receive(libssh2_socket_t fd, void* buffer, size_t size, int flags, void** abstract) {
  auto& link = *static_cast<Link*>(*abstract);
  const auto n = ::recv(fd, buffer, size, flags);
  if (n > 0) link.received += n;
  if (n == 0) link.closed = true;
  if (n >= 0) return n;
  if (errno == EAGAIN || errno == EINTR) return -EAGAIN;
  link.closed = true;
  link.error = errno;
  return -errno;
}

ssize_t on_send(libssh2_socket_t fd, const void* buffer, size_t size, int flags, void** abstract) {
  auto& link = *static_cast<Link*>(*abstract);
  const auto n = ::send(fd, buffer, size, flags | MSG_NOSIGNAL);
  if (n >= 0) {
    link.sent += n;
    return n;
  }
  if (errno == EAGAIN || errno == EINTR) return -EAGAIN;
  link.closed = true;
  link.error = errno;
  return -errno;
}

// A link that was cut says nothing. The kernel gives it up after 12 s without an acknowledgement, also when
// nothing is under way, because it then asks by itself. libssh2's own keepalive is not used: it may leave a
// half-sent packet behind that no later call can finish.
void bound_silence(int fd) {
  const int on = 1, idle = 4, interval = 3, count = 3, unacknowledged_ms = 12'000;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
}

struct Addresses {
  addrinfo* list = nullptr;
  Addresses() = default;
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
  ~Addresses() {
    if (list) ::freeaddrinfo(list);
  }
};

Fd connect_one(const addrinfo& address, const Patience& patience, std::string& error) {
  Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int code = errno;
  if (fd) {
    bound_silence(fd.get());
    if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return fd;
    code = errno;
    if (code == EINPROGRESS) {
      code = ETIMEDOUT;
      socklen_t size = sizeof code;
      if (patience.wait(fd.get(), POLLOUT)) ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size);
      if (code == 0) return fd;
    }
  }
  error = std::strerror(code);
  return {};
}

Result<Fd> open_socket(const SshTarget& target, const Patience& patience) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  Addresses addresses;
  const int rc = ::getaddrinfo(target.address.c_str(), std::to_string(target.port).c_str(), &hints, &addresses.list);
  if (rc != 0)
    return step::fail(Why::unreachable,
                      fmt::format("cannot reach {}: the name is not known: {}", render_target(target), ::gai_strerror(rc)));
  std::string error = "no address";
  for (const auto* address = addresses.list; address; address = address->ai_next)
    if (Fd fd = connect_one(*address, patience, error)) return fd;
  return step::fail(Why::unreachable, fmt::format("cannot reach {}: {}", render_target(target), error));
}

struct ShownKey {
  std::string type, blob;
};

ShownKey shown_key(LIBSSH2_SESSION* session) {
  std::size_t size = 0;
  int type = 0;
  const char* key = libssh2_session_hostkey(session, &size, &type);
  ShownKey shown;
  if (!key || size < 4) return shown;
  shown.blob.assign(key, size);
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(key[3]));  // names are shorter than 256
  shown.type = shown.blob.substr(4, length);
  return shown;
}

tl::unexpected<Failure> refuse(std::string what, std::string help) {
  return tl::unexpected<Failure>(Failure{Why::unreachable, std::move(what), {}, {}, {}, std::move(help)});
}

Result<void> verify(const Link& link, const SshTarget& target, const std::string& path, const std::vector<KnownKey>& known) {
  const auto shown = shown_key(link.session());
  const auto key = base64(shown.blob);
  const auto print = fingerprint(shown.blob);
  const auto name = known_name(target.address, target.port);
  const auto verdict = judge(known, shown.type, key);
  switch (verdict.verdict) {
    case Verdict::known: return {};
    case Verdict::changed:
    case Verdict::revoked:
      return refuse(
          fmt::format("THE HOST KEY OF {} {}: it shows {} {}, and {}:{} says otherwise; nothing was sent", render_target(target),
                      verdict.verdict == Verdict::changed ? "HAS CHANGED" : "IS REVOKED", shown.type, print, path, verdict.line),
          fmt::format("someone may be in between. If the host was really made anew, check the fingerprint on its console and run: "
                      "ssh-keygen -f {} -R '{}'",
                      path, name));
    case Verdict::unknown: break;
  }
  if (target.accept_new) return append_known(path, fmt::format("{} {} {}", name, shown.type, key));
  const char* rsa = known.empty() ? "" : " (it holds only keys of kinds that this program's libssh2 cannot verify, such as ssh-rsa)";
  return refuse(fmt::format("the host key of {} is not in {}{}: it shows {} {}", render_target(target), path, rsa, shown.type, print),
                "compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then use "
                "--accept-new-host-keys once, or connect once with ssh");
}

Result<void> greet(Link& link, const SshTarget& target, const Patience& patience) {
  const auto path = target.known_hosts.empty() ? home_file("known_hosts") : target.known_hosts;
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  const auto known = read_known_keys(text.str(), known_name(target.address, target.port));
  libssh2_session_method_pref(link.session(), LIBSSH2_METHOD_HOSTKEY, render_preference(known).c_str());
  const int rc = link.finish(patience, [&] { return libssh2_session_handshake(link.session(), link.fd()); });
  if (rc == 0) return verify(link, target, path, known);
  if (rc == Link::kOutOfTime)
    return refuse(fmt::format("{} accepts connections, but did not finish the ssh handshake in time", render_target(target)), {});
  const bool kex = rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE || rc == LIBSSH2_ERROR_METHOD_NONE;
  return refuse(fmt::format("the ssh handshake with {} failed: {}", render_target(target), link.last_error()),
                kex ? fmt::format("the host must offer an ed25519 or ecdsa host key and aes-ctr: libssh2 {} verifies no others "
                                  "(an RSA host key alone is not enough before 1.11); on the host: ssh-keygen -A",
                                  libssh2_version(0))
                    : std::string());
}

}  // namespace

bool Patience::wait(int fd, short events) const {
  for (;;) {
    if (quit) return false;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - step::Clock::now()).count();
    if (left <= 0) return false;
    pollfd fds[2] = {{fd, events, 0}, {wake.fd(), POLLIN, 0}};
    ::poll(fds, 2, static_cast<int>(left + 1));
    if (fds[1].revents) wake.hush();
    if (fds[0].revents) return true;
  }
}

Link::Link(Fd socket) : socket_(std::move(socket)) {
  static std::once_flag once;
  std::call_once(once, [] { libssh2_init(0); });
  session_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, this);
  libssh2_session_set_blocking(session_, 0);
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_RECV, reinterpret_cast<void*>(&on_receive));
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_SEND, reinterpret_cast<void*>(&on_send));
}

// Freeing channels sends their close, which may say EAGAIN; with the socket shut it cannot.
Link::~Link() {
  libssh2_session_disconnect(session_, "done");
  ::shutdown(socket_.get(), SHUT_RDWR);
  for (int i = 0; i < 1000 && libssh2_session_free(session_) == LIBSSH2_ERROR_EAGAIN; ++i) {
  }
}

bool Link::sending() const { return (libssh2_session_block_directions(session_) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0; }

bool Link::wait(const Patience& patience) const { return patience.wait(fd(), sending() ? POLLOUT : POLLIN); }

std::string Link::last_error() const {
  char* text = nullptr;
  libssh2_session_last_error(session_, &text, nullptr, 0);
  std::string said = text && *text ? text : "the connection ended";
  if (error != 0) said += fmt::format(" ({})", std::strerror(error));
  return said;
}

std::string render_target(const SshTarget& target) {
  const bool v6 = target.address.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(v6 ? "{}@[{}]:{}" : "{}@{}:{}"), target.user, target.address, target.port);
}

std::string home_file(const std::string& name) {
  const char* home = std::getenv("HOME");
  return fmt::format("{}/.ssh/{}", home ? home : "", name);
}

Result<std::unique_ptr<Link>> open_link(const SshTarget& target, const Patience& patience) {
  auto socket = open_socket(target, patience);
  if (!socket) return tl::unexpected(socket.error());
  auto link = std::make_unique<Link>(std::move(*socket));
  if (auto greeted = greet(*link, target, patience); !greeted) return tl::unexpected(greeted.error());
  if (auto let_in = authenticate(*link, target, patience); !let_in) return tl::unexpected(let_in.error());
  return link;
}

}  // namespace tidelab::host
