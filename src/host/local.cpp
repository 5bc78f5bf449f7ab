// This machine: an argv as a child process, without any shell. The parent watches the two output pipes, the
// child's pidfd and the stop request in one poll(), so nothing can deadlock and nothing waits for an EOF
// that a daemon left behind would never give.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "host/launch.hpp"
#include "host/quote.hpp"
#include "host/remote_shell.hpp"

namespace tidelab::host {
namespace {

using step::Clock;
using step::Why;

constexpr auto kGrace = std::chrono::milliseconds(200);  // for output of others after the child has exited
constexpr auto kTermToKill = std::chrono::seconds(2);
constexpr std::size_t kEvidence = 2000;

// ---- In the parent.

class Child {
public:
  explicit Child(pid_t pid) : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  ~Child() {
    if (!status_ && !given_up_) {
      signal_group(SIGKILL);
      while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int pidfd() const { return pidfd_.get(); }
  bool exited() const { return status_.has_value(); }
  void signal_group(int sig) const { ::kill(-pid_, sig); }
  bool group_lives() const { return ::kill(-pid_, 0) == 0; }
  void reap() {
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  }
  int code() const { return WIFSIGNALED(*status_) ? 128 + WTERMSIG(*status_) : WEXITSTATUS(*status_); }
  void give_up() { given_up_ = true; }  // not even KILL ends it: it hangs in the kernel

private:
  pid_t pid_;
  Fd pidfd_;
  std::optional<int> status_;
  bool given_up_ = false;
};

class Watch {
public:
  Watch(const Command& command, const Control& control, pid_t pid, Fd out, Fd err)
      : command_(command), control_(control), child_(pid), out_(std::move(out)), err_(std::move(err)), bell_(control.stop, [this] {
          wake_.ring();
        }) {}

  /// To the end of the child, or to the end of its whole group after the deadline or a stop.
  Result<Output> perform(const Fd& problem);

private:
  void wait();
  int patience() const;
  void drain(Fd& fd, bool is_out);
  void advance_ending();
  bool over();
  Result<Output> finish(const Fd& problem);

  const Command& command_;
  const Control& control_;
  Child child_;
  Fd out_, err_;
  Wake wake_;
  std::stop_callback<std::function<void()>> bell_;
  Output output_;
  std::optional<Clock::time_point> exited_at_, ending_since_;
  std::optional<Why> ended_by_;
  bool killed_ = false;
};

int Watch::patience() const {
  using std::chrono::milliseconds;
  if (ending_since_) return 20;  // a process group gives no event when it becomes empty
  auto left = control_.left();
  if (exited_at_) left = std::min(left, milliseconds(20));
  return static_cast<int>(std::min(left + milliseconds(1), milliseconds(60'000)).count());
}

void Watch::wait() {
  std::array<pollfd, 4> fds{{{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}}};
  if (!child_.exited()) fds[2].fd = child_.pidfd();
  if (!ending_since_) fds[3].fd = wake_.fd();
  ::poll(fds.data(), fds.size(), patience());
  if (fds[0].revents) drain(out_, true);
  if (fds[1].revents) drain(err_, false);
  child_.reap();
}

void Watch::drain(Fd& fd, bool is_out) {
  char buffer[65536];
  const auto n = ::read(fd.get(), buffer, sizeof buffer);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) fd.close();
  if (n <= 0) return;
  const std::string_view bytes(buffer, static_cast<std::size_t>(n));
  if (!is_out)
    output_.err += bytes;
  else if (command_.on_out)
    command_.on_out(bytes);
  else
    output_.out += bytes;
}

void Watch::advance_ending() {
  const auto now = Clock::now();
  if (!ending_since_) {
    if (child_.exited() || !(control_.expired() || control_.stopped())) return;
    ending_since_ = now;
    ended_by_ = control_.stopped() ? Why::interrupted : Why::timed_out;
    child_.signal_group(SIGTERM);
  } else if (!killed_ && now - *ending_since_ >= kTermToKill) {
    killed_ = true;
    child_.signal_group(SIGKILL);
  }
}

bool Watch::over() {
  const auto now = Clock::now();
  if (ending_since_) {
    if (child_.exited() && !child_.group_lives()) return true;
    if (now - *ending_since_ < 2 * kTermToKill) return false;
    if (!child_.exited()) child_.give_up();
    return true;
  }
  if (!child_.exited()) return false;
  if (!exited_at_) exited_at_ = now;
  return (!out_ && !err_) || now - *exited_at_ >= kGrace;
}

Result<Output> Watch::perform(const Fd& problem) {
  while (!over()) {
    wait();
    advance_ending();
  }
  return finish(problem);
}

Result<Output> Watch::finish(const Fd& problem) {
  if (ended_by_) {
    const auto words = quote_argv(command_.argv);
    const auto what = *ended_by_ == Why::interrupted ? fmt::format("`{}` was ended because of the stop", words)
                                                     : fmt::format("`{}` did not end in time on this machine", words);
    return step::fail(*ended_by_, what, output_.err.size() > kEvidence ? output_.err.substr(output_.err.size() - kEvidence) : output_.err);
  }
  output_.code = child_.code();
  Problem told;
  if (::read(problem.get(), &told, sizeof told) == sizeof told) {
    output_.code = told.code;
    output_.err += fmt::format("{}: {}\n", told.code == kNoDirectory ? command_.cwd : command_.argv.front(), std::strerror(told.error));
  }
  return std::move(output_);
}

class Local final : public Host {
public:
  Result<Output> run(const Command& command, const Control& control) override;
  std::string name() const override { return "this machine"; }
  Traffic traffic() const override { return {commands_, 0, 0}; }

private:
  std::atomic<long> commands_ = 0;
};

Result<Output> Local::run(const Command& command, const Control& control) {
  if (control.stopped())
    return step::fail(Why::interrupted, fmt::format("`{}` was not started because of the stop", quote_argv(command.argv)));
  if (control.expired()) return step::fail(Why::timed_out, fmt::format("no time was left to start `{}`", quote_argv(command.argv)));
  auto made = make_launch(command);
  if (!made) return tl::unexpected(made.error());
  auto& launch = *made;
  Fd out, err, problem;
  if (!open_pipe(out, launch.out) || !open_pipe(err, launch.err) || !open_pipe(problem, launch.problem))
    return step::fail(Why::failed, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  const pid_t pid = fork_quietly(launch);
  if (pid < 0) return step::fail(Why::failed, fmt::format("cannot start a process: {}", std::strerror(errno)));
  ++commands_;
  launch.out.close();
  launch.err.close();
  launch.problem.close();
  return Watch(command, control, pid, std::move(out), std::move(err)).perform(problem);
}

}  // namespace

std::unique_ptr<Host> make_local() { return std::make_unique<Local>(); }

}  // namespace tidelab::host
