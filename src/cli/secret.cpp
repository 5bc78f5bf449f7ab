#include "cli/secret.hpp"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "cli/progress.hpp"
#include "cli/terminal.hpp"
#include "process/wake.hpp"
#include "source/cells.hpp"

namespace tidelab::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_of_a_line = 8 << 10;  // far above any password

process::Fd open_terminal() {
  process::Fd fd(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (fd && ::tcgetpgrp(fd.get()) != ::getpgrp()) fd.close();  // reading would stop us
  return fd;
}

/// Echo off while it lives.
class Quiet {
public:
  explicit Quiet(int fd) : fd_(fd), was_(::tcgetattr(fd, &before_) == 0) {
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (was_) ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~Quiet() {
    if (was_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

private:
  int fd_;
  termios before_{};
  bool was_;
};

// The terminal gives whole lines.
Answer await_line(int fd, Clock::time_point until, const std::stop_token& stop) {
  constexpr int glance_ms = 200;
  while (!stop.stop_requested()) {
    if (Clock::now() >= until) return {Answer::Came::late};
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, glance_ms) <= 0) continue;
    const auto line = read_line(fd);
    return line ? Answer{Answer::Came::line, *line} : Answer{Answer::Came::nothing};
  }
  return {Answer::Came::stopped};
}

}  // namespace

std::optional<std::string> read_line(int fd) {
  std::string line;
  for (char c = 0;;) {
    const auto n = ::read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || (n == 0 && line.empty())) return std::nullopt;
    if (n == 0 || c == '\n') break;
    if (line.size() == most_of_a_line) return errno = EMSGSIZE, std::nullopt;
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::mutex& terminal_turn() {
  static std::mutex mutex;
  return mutex;
}

bool has_terminal() { return static_cast<bool>(open_terminal()); }

Answer ask_terminal(const std::string& prompt, std::chrono::seconds within, const std::stop_token& stop) {
  const auto fd = open_terminal();
  if (!fd) return {Answer::Came::no_terminal};
  const std::lock_guard turn(terminal_turn());
  wipe_live_line();
  const Quiet quiet(fd.get());
  write_all(fd.get(), source::printable(prompt, prompt.size()) + ": ");
  auto answer = await_line(fd.get(), Clock::now() + within, stop);
  write_all(fd.get(), "\n");
  return answer;
}

}  // namespace tidelab::cli
