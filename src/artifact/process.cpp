// posix_spawn, two pipes and a pidfd. The whole group is ended, because a script's children (mvn, go, pip) are what runs long.
#include "artifact/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>

#include <fmt/format.h>

#include "artifact/sources.hpp"

extern char** environ;  // NOLINT: POSIX gives it no header

namespace tidelab::artifact {

namespace {

constexpr size_t kept_lines = 20;
constexpr size_t longest_line = 500;
constexpr size_t longest_out = 1 << 20;
constexpr auto grace = std::chrono::milliseconds(500);

struct Descriptor {
  int fd = -1;
  Descriptor() = default;
  explicit Descriptor(int open) : fd(open) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

struct Pipe {
  Descriptor read, write;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read.fd = ends[0];
    write.fd = ends[1];
    return ::fcntl(read.fd, F_SETFL, O_NONBLOCK) == 0;
  }
};

/// Lines of stderr: told as they come, and the last ones kept. A carriage return ends a line too, as
/// progress bars are drawn with it.
class Lines {
public:
  explicit Lines(const Command& command) : command_(command) {}
  void add(std::string_view text) {
    for (const char c : text) {
      if (c == '\n' || c == '\r') {
        flush();
      } else if (line_.size() < longest_line) {
        line_ += c;
      }
    }
  }
  void flush() {
    if (line_.empty()) return;
    if (command_.on_line) command_.on_line(line_);
    kept_.push_back(std::move(line_));
    line_.clear();
    if (kept_.size() > kept_lines) kept_.pop_front();
  }
  std::string tail() const {
    std::string text;
    for (const auto& line : kept_) text += (text.empty() ? "" : "\n") + line;
    return text;
  }

private:
  const Command& command_;
  std::string line_;
  std::deque<std::string> kept_;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment(const std::vector<std::string>& added) {
  std::vector<std::string> env = added;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry(*each);
    const auto name = entry.substr(0, entry.find('=') + 1);
    bool replaced = false;
    for (const auto& one : added) replaced = replaced || (!name.empty() && one.starts_with(name));
    if (!replaced) env.emplace_back(entry);
  }
  return env;
}

/// Zero, or the error number of whatever kept the program from starting.
int spawn(const Command& command, const Pipe& out, const Pipe& err, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, command.merged ? err.write.fd : out.write.fd, 1);
  posix_spawn_file_actions_adddup2(&actions, err.write.fd, 2);
  posix_spawn_file_actions_addchdir_np(&actions, command.cwd.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Own session, so own group and no terminal to be stopped at; and what we block or ignore (SIGINT, SIGPIPE) must not be inherited.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t none, usual;
  sigemptyset(&none);
  sigemptyset(&usual);
  for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) sigaddset(&usual, each);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  const auto env = environment(command.env);
  const int error =
      ::posix_spawnp(&pid, command.argv.front().c_str(), &actions, &attributes, pointers(command.argv).data(), pointers(env).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// Reads what is there without waiting. Closes at the end of the stream.
template <class Use>
void drain(Descriptor& from, Use use) {
  char buffer[16384];
  while (from.fd >= 0) {
    const auto got = ::read(from.fd, buffer, sizeof buffer);
    if (got > 0) {
      use(std::string_view(buffer, static_cast<size_t>(got)));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      from.reset();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

}  // namespace

Result<Ended> run(const Command& command, const Control& control) {
  Pipe out, err;
  if (!out.open() || !err.open()) return tl::unexpected<Failure>(os_failure("cannot make a pipe", errno));
  pid_t pid = -1;
  if (const int error = spawn(command, out, err, pid); error != 0)
    return step::fail(Why::unreachable, fmt::format("cannot start {}: {}", command.argv.front(), std::strerror(error)));
  out.write.reset();
  err.write.reset();
  // Through syscall(2), because its header in glibc 2.36 is at odds with <fcntl.h>'s in C++.
  const Descriptor alive(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));

  Ended result;
  Lines lines(command);
  const auto read_out = [&](std::string_view text) { result.out += text.substr(0, longest_out - result.out.size()); };
  const auto read_err = [&](std::string_view text) { lines.add(text); };
  auto kill_at = step::Clock::time_point::max();
  bool asked = false;
  std::optional<Failure> why;
  for (bool gone = false; !gone;) {
    if (!asked && (control.stopped() || control.expired())) {
      why = ended(control, "running " + command.argv.front());
      ::kill(-pid, SIGTERM);
      asked = true;
      kill_at = step::Clock::now() + grace;
    }
    if (step::Clock::now() >= kill_at) ::kill(-pid, SIGKILL);
    pollfd waits[] = {{alive.fd, POLLIN, 0}, {out.read.fd, POLLIN, 0}, {err.read.fd, POLLIN, 0}};
    const auto length = asked ? std::chrono::milliseconds(50) : std::min(std::chrono::milliseconds(100), control.left());
    ::poll(waits, 3, static_cast<int>(length.count()));
    siginfo_t state{};
    // WNOWAIT: as long as the leader is a zombie its number cannot be given to a stranger, so the group may be killed.
    gone = ::waitid(P_PID, static_cast<id_t>(pid), &state, WEXITED | WNOHANG | WNOWAIT) != 0 || state.si_pid == pid;
    drain(out.read, read_out);
    drain(err.read, read_err);
  }
  ::kill(-pid, SIGKILL);  // what the leader left behind, which would also hold our pipes open
  drain(out.read, read_out);
  drain(err.read, read_err);
  lines.flush();
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (why) {
    why->evidence = lines.tail();
    return tl::unexpected<Failure>(*why);
  }
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.tail = lines.tail();
  return result;
}

}  // namespace tidelab::artifact
