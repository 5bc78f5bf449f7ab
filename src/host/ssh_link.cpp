// The life of a connection: socket, session, and the callbacks by which libssh2 reads and writes.
#include "host/ssh_link.hpp"

#include <libssh2.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include <fmt/format.h>

#include "host/ssh_turn.hpp"

namespace tidelab::host {
namespace {

static_assert(Link::kAgain == LIBSSH2_ERROR_EAGAIN);

// What recv(2) gives, but that libssh2 reads the other side's banner byte by byte: that would be 40 system calls, so what
// is read ahead for it is given out first. It reads on until it is told that there is nothing more; so when somebody waits
// at the socket, nothing is left here.
ssize_t take(Link& link, libssh2_socket_t fd, void* buffer, size_t size, int flags) {
  if (link.ahead.empty()) {
    if (size > 1) return ::recv(fd, buffer, size, flags);
    char more[256];
    const auto n = ::recv(fd, more, sizeof more, flags);
    if (n <= 0) return n;
    link.ahead.assign(more, static_cast<std::size_t>(n));
  }
  size = std::min(size, link.ahead.size());
  std::memcpy(buffer, link.ahead.data(), size);
  link.ahead.erase(0, size);
  return static_cast<ssize_t>(size);
}

ssize_t on_receive(libssh2_socket_t fd, void* buffer, size_t size, int flags, void** abstract) {
  auto& link = *static_cast<Link*>(*abstract);
  const auto n = take(link, fd, buffer, size, flags);
  if (n > 0) link.received += n, link.note_greeting({static_cast<const char*>(buffer), static_cast<std::size_t>(n)});
  if (n > 0 && link.expecting) {
    ++link.round_trips;
    link.asked = link.expecting = false;
  }
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
  link.unsent = n != static_cast<ssize_t>(size);
  if (n >= 0) {
    link.sent += n;
    link.asked = true;
    return n;
  }
  if (errno == EAGAIN || errno == EINTR) return -EAGAIN;
  link.closed = true;
  link.error = errno;
  return -errno;
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

bool Patience::rest(std::chrono::milliseconds pause) const {
  const auto end = step::Clock::now() + pause;
  if (end >= until) return false;
  Patience{wake, quit, end}.wait(-1, 0);
  return !quit;
}

Link::Link(Socket socket) : socket_(std::move(socket.fd)), jump_(std::move(socket.jump)) {
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

// libssh2 1.10 does not set its flag when the rest of a packet goes out in part once more, and says LIBSSH2_ERROR_BAD_USE to
// whoever sends another packet then.
bool Link::sending() const { return unsent || (libssh2_session_block_directions(session_) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0; }

bool Link::wait(const Patience& patience) {
  if (!sending()) expect_answer();
  return patience.wait(fd(), sending() ? POLLOUT : POLLIN);
}

std::string Link::last_error() const {
  char* text = nullptr;
  libssh2_session_last_error(session_, &text, nullptr, 0);
  std::string said = text && *text ? text : "the connection ended";
  if (error != 0) said += fmt::format(" ({})", std::strerror(error));
  return said;
}

std::string render_target(const SshTarget& target) {
  const bool v6 = target.address.find(':') != std::string::npos;
  auto text = v6 ? "[" + target.address + "]" : target.address;
  if (!target.user.empty()) text = target.user + "@" + text;
  return target.port == 0 ? text : fmt::format("{}:{}", text, target.port);
}

std::string home_file(const std::string& name) {
  const char* home = std::getenv("HOME");
  return fmt::format("{}/.ssh/{}", home ? home : "", name);
}

std::string account_of(const SshTarget& target) {
  auto shown = target;
  if (shown.port == 22) shown.port = 0;
  return render_target(shown);
}

Lock account_lock(const SshTarget& target) { return {Lock::Kind::account, account_of(target), target.address}; }

bool Link::turned_away() const {
  if (!closed || has_identification(greeting_)) return false;
  if (!jump_) return true;
  const auto said = jump_->said();
  return says_turned_away(said) || (said.empty() && jump_->speaks());
}

namespace {

// To the point where we know who is there, and are not let in yet.
Result<std::unique_ptr<Link>> meet(const SshTarget& target, const Patience& patience) {
  for (int tries = 1;; ++tries) {
    auto socket = open_socket(target, patience);
    if (!socket) return tl::unexpected(socket.error());
    auto link = std::make_unique<Link>(std::move(*socket));
    const auto greeted = greet(*link, target, patience);
    if (greeted) return link;
    if (!link->turned_away() || !patience.rest(pause_after(tries))) return tl::unexpected(greeted.error());
  }
}

}  // namespace

Result<std::unique_ptr<Link>> open_link(const SshTarget& target, const process::Wake& wake, const std::atomic<bool>& quit,
                                        std::vector<Wish>& wishes) {
  Turn turn(way_of(target), {wake, quit, step::Clock::now() + std::chrono::hours(24)});
  if (!turn.taken()) return step::fail(step::Why::unreachable, fmt::format("the connection to {} was given up", render_target(target)));
  const Patience patience{wake, quit, step::Clock::now() + target.connect_within};
  auto link = meet(target, patience);
  turn.leave();
  if (!link) return link;
  if (auto let_in = authenticate(**link, target, patience, wishes); !let_in) return tl::unexpected(let_in.error());
  return link;
}

}  // namespace tidelab::host
