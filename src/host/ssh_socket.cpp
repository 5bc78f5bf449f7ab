// From an address to a socket: TCP with bounded silence, or a child process that reaches where we cannot.
#include "host/ssh_socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "process/spawn.hpp"

namespace tidelab::host {
namespace {

using step::Why;

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

process::Fd connect_one(const addrinfo& address, const Patience& patience, std::string& error) {
  process::Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
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

Result<process::Fd> connect_tcp(const SshTarget& target, const Patience& patience) {
  addrinfo hints{};
  const auto& config = target.config;
  hints.ai_family = config.address_family == "inet" ? AF_INET : config.address_family == "inet6" ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  Addresses addresses;
  const int rc = ::getaddrinfo(address_of(target).c_str(), std::to_string(target.port).c_str(), &hints, &addresses.list);
  if (rc != 0)
    return step::fail(Why::unreachable,
                      fmt::format("cannot reach {}: the name is not known: {}", render_target(target), ::gai_strerror(rc)));
  std::string error = "no address";
  for (const auto* address = addresses.list; address; address = address->ai_next)
    if (process::Fd fd = connect_one(*address, patience, error)) return fd;
  return step::fail(Why::unreachable, fmt::format("cannot reach {}: {}", render_target(target), error));
}

// ssh_config(5): the nearest to us first, so the last is the one that forwards; a destination with a port must be a URI.
std::vector<std::string> make_jump(const SshTarget& target) {
  const auto& config = target.config;
  if (!config.proxy_command.empty()) {
    const char* shell = std::getenv("SHELL");
    return {shell && *shell ? shell : "/bin/sh", "-c", "exec " + config.proxy_command};
  }
  const auto comma = config.proxy_jump.rfind(',');
  auto last = comma == std::string::npos ? config.proxy_jump : config.proxy_jump.substr(comma + 1);
  if (!last.starts_with("ssh://")) last = "ssh://" + last;
  std::vector<std::string> argv{"ssh", "-T",
                                "-o",  "BatchMode=yes",
                                "-o",  "StrictHostKeyChecking=yes",
                                "-o",  "LogLevel=ERROR",
                                "-o",  "ServerAliveInterval=4",
                                "-o",  "ServerAliveCountMax=3"};
  if (!target.config_file.empty()) argv.insert(argv.end(), {"-F", target.config_file});
  if (comma != std::string::npos) argv.insert(argv.end(), {"-J", config.proxy_jump.substr(0, comma)});
  const auto address = address_of(target);
  const bool v6 = address.find(':') != std::string::npos;
  argv.insert(argv.end(), {"-W", fmt::format("{}:{}", v6 ? "[" + address + "]" : address, target.port), "--", last});
  return argv;
}

Result<Socket> open_jump(const SshTarget& target) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return step::fail(Why::failed, fmt::format("cannot make a socket: {}", std::strerror(errno)));
  Socket made{process::Fd(ends[0]), nullptr};
  const auto theirs = process::above_standard(process::Fd(ends[1]));
  ::fcntl(made.fd.get(), F_SETFL, O_NONBLOCK);
  auto said = process::above_standard(process::Fd(::memfd_create("said", MFD_CLOEXEC)));
  process::Program program{make_jump(target)};
  program.in = program.out = theirs.get();
  program.err = said.get();
  const auto pid = process::spawn(program);
  if (!pid && pid.error().code == 0)
    return step::fail(Why::failed, fmt::format("cannot start a process: {}", std::strerror(pid.error().error)));
  if (!pid)
    return step::fail(Why::unreachable, fmt::format("cannot reach {}: cannot start `{}`: {}", render_target(target), program.argv.front(),
                                                    std::strerror(pid.error().error)));
  made.jump = std::make_unique<Jump>(*pid, std::move(said), program.argv.back(), target.config.proxy_command.empty());
  return made;
}

}  // namespace

Jump::Jump(int pid, process::Fd said, std::string way, bool speaks)
    : pid_(pid), said_(std::move(said)), way_(std::move(way)), speaks_(speaks) {}

Jump::~Jump() {
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string Jump::said() const {
  char text[2000];
  const auto n = ::pread(said_.get(), text, sizeof text, 0);
  std::string said(text, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  while (said.ends_with('\n') || said.ends_with('\r')) said.pop_back();
  return said;
}

const std::string& address_of(const SshTarget& target) { return target.config.hostname.empty() ? target.address : target.config.hostname; }

Result<Socket> open_socket(const SshTarget& target, const Patience& patience) {
  if (!target.config.proxy_command.empty() || !target.config.proxy_jump.empty()) return open_jump(target);
  auto fd = connect_tcp(target, patience);
  if (!fd) return tl::unexpected(fd.error());
  return Socket{std::move(*fd), nullptr};
}

}  // namespace tidelab::host
