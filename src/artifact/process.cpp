// Two pipes and a pidfd. The whole group is ended, because a script's children (mvn, go, pip) are what runs long.
#include "artifact/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>

#include <fmt/format.h>

#include "artifact/sources.hpp"
#include "process/fd.hpp"
#include "process/spawn.hpp"

namespace tidelab::artifact {

namespace {

constexpr size_t kept_lines = 20;
constexpr size_t longest_line = 500;
constexpr size_t longest_out = 1 << 20;
constexpr auto grace = std::chrono::milliseconds(500);

struct Pipe {
  process::Fd read, write;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = process::Fd(ends[0]);
    write = process::Fd(ends[1]);
    return ::fcntl(read.get(), F_SETFL, O_NONBLOCK) == 0;
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

/// Reads what is there without waiting. Closes at the end of the stream.
template <class Use>
void drain(process::Fd& from, Use use) {
  char buffer[16384];
  while (from) {
    const auto got = ::read(from.get(), buffer, sizeof buffer);
    if (got > 0) {
      use(std::string_view(buffer, static_cast<size_t>(got)));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      from.close();
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
  const process::Program program{command.argv,   {}, command.env, command.cwd, -1, command.merged ? err.write.get() : out.write.get(),
                                 err.write.get()};
  if (const int error = process::spawn(program, pid); error != 0)
    return step::fail(Why::unreachable, fmt::format("cannot start {}: {}", command.argv.front(), std::strerror(error)));
  out.write.close();
  err.write.close();
  // Through syscall(2), because its header in glibc 2.36 is at odds with <fcntl.h>'s in C++.
  const process::Fd alive(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));

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
    pollfd waits[] = {{alive.get(), POLLIN, 0}, {out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}};
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
