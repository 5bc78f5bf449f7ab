#include "cli/feed.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/secret.hpp"
#include "step/thread.hpp"

namespace tidelab::cli {

namespace {

constexpr int glance_ms = 200;  // how soon a wish to stop is seen
constexpr std::size_t block = 64 << 10;

void close_it(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

// What is typed at a prompt is not for a command.
ssize_t read_in_turn(std::vector<char>& bytes) {
  const std::lock_guard turn(terminal_turn());
  pollfd wait{STDIN_FILENO, POLLIN, 0};
  if (::poll(&wait, 1, 0) > 0) return ::read(STDIN_FILENO, bytes.data(), bytes.size());
  errno = EAGAIN;
  return -1;
}

// False when nobody reads there any more.
bool hand_on(int to, std::string_view bytes, const std::stop_token& stop, const std::stop_token& own) {
  while (!bytes.empty() && !stop.stop_requested() && !own.stop_requested()) {
    pollfd wait{to, POLLOUT, 0};
    if (::poll(&wait, 1, glance_ms) <= 0) continue;
    if ((wait.revents & POLLERR) != 0) return false;
    const auto n = ::write(to, bytes.data(), bytes.size());
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

struct Feed::Pipes {
  std::vector<int> from, to;  // `to` is the thread's
  step::Thread thread;

  void pass_on(const std::stop_token& stop, const std::stop_token& own) {
    std::vector<char> bytes(block);
    bool wanted = !to.empty();
    while (wanted && !stop.stop_requested() && !own.stop_requested()) {
      pollfd wait{STDIN_FILENO, POLLIN, 0};
      if (::poll(&wait, 1, glance_ms) <= 0) continue;
      const auto n = read_in_turn(bytes);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n <= 0) break;
      wanted = false;
      for (auto& each : to) {
        if (each >= 0 && !hand_on(each, {bytes.data(), static_cast<std::size_t>(n)}, stop, own)) close_it(each);
        wanted = wanted || each >= 0;
      }
    }
    close_all();
  }

  void close_all() {
    for (auto& each : to) close_it(each);
  }
};

Feed::Feed(std::size_t readers, const std::stop_token& stop) : pipes_(std::make_unique<Pipes>()) {
  for (std::size_t i = 0; i < readers; ++i) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) == 0) ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    pipes_->from.push_back(ends[0]);
    pipes_->to.push_back(ends[1]);
  }
  pipes_->thread = step::Thread([this, stop](const std::stop_token& own) { pipes_->pass_on(stop, own); },
                                [this](const step::Failure&) { pipes_->close_all(); });
}

Feed::~Feed() {
  pipes_->thread = {};  // asks it to stop, and waits
  for (auto& each : pipes_->from) close_it(each);
}

// By way of the process: what opens it may be a child, which has our descriptors no more.
std::string Feed::path(std::size_t reader) const { return fmt::format("/proc/{}/fd/{}", ::getpid(), pipes_->from.at(reader)); }

void Feed::leave(std::size_t reader) { close_it(pipes_->from.at(reader)); }

bool has_input_for(std::size_t readers) {
  if (::isatty(STDIN_FILENO) == 0) return readers > 0;
  return readers == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

}  // namespace tidelab::cli
