// Watching a child: see the header. The parent looks at the two output pipes, the child's pidfd and the stop
// request in one poll(), so nothing can deadlock and nothing waits for an EOF that a daemon left behind would
// never give.
#include "host/watch.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace tidelab::host {
namespace {

using step::Clock;
using step::Why;

constexpr auto kGrace = std::chrono::milliseconds(200);  // for output of others after the child has exited
constexpr auto kTermToKill = std::chrono::seconds(2);

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
  process::Fd pidfd_;
  std::optional<int> status_;
  bool given_up_ = false;
};

class Watch {
public:
  Watch(const Ears& ears, const Control& control, pid_t pid, process::Fd out, process::Fd err)
      : ears_(ears), control_(control), child_(pid), out_(std::move(out)), err_(std::move(err)), bell_(control.stop, [this] {
          wake_.ring();
        }) {}

  /// To the end of the child, or to the end of its whole group after the deadline or a stop.
  Ended perform(const process::Fd& problem);

private:
  void wait();
  int patience() const;
  void drain(process::Fd& fd, bool is_out);
  void advance_ending();
  bool over();

  const Ears& ears_;
  const Control& control_;
  Child child_;
  process::Fd out_, err_;
  process::Wake wake_;
  std::stop_callback<std::function<void()>> bell_;
  std::optional<Clock::time_point> exited_at_, ending_since_, heard_at_, due_at_;
  std::optional<Why> ended_by_;
  bool killed_ = false;
};

int Watch::patience() const {
  using std::chrono::milliseconds;
  if (ending_since_ || due_at_) return 20;  // a process group gives no event when it becomes empty
  auto left = control_.left();
  if (exited_at_ || heard_at_) left = std::min(left, milliseconds(20));
  return static_cast<int>(std::min(left + milliseconds(1), milliseconds(60'000)).count());
}

void Watch::wait() {
  std::array<pollfd, 4> fds{{{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}}};
  if (!child_.exited()) fds[2].fd = child_.pidfd();
  if (!due_at_) fds[3].fd = wake_.fd();
  ::poll(fds.data(), fds.size(), patience());
  if (fds[0].revents) drain(out_, true);
  if (fds[1].revents) drain(err_, false);
  child_.reap();
}

void Watch::drain(process::Fd& fd, bool is_out) {
  char buffer[65536];
  const auto n = ::read(fd.get(), buffer, sizeof buffer);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) fd.close();
  if (n <= 0) return;
  const std::string_view bytes(buffer, static_cast<std::size_t>(n));
  (is_out ? ears_.out : ears_.err)(bytes);
}

void Watch::advance_ending() {
  const auto now = Clock::now();
  if (!ending_since_) {
    if (child_.exited() || !(control_.expired() || control_.stopped())) return;
    if (!due_at_) due_at_ = now;
    if (ears_.may_end && !ears_.may_end() && now - *due_at_ < kTermToKill) return;
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
  if (ears_.over && ears_.over()) {  // all was heard; whoever still holds the streams is not waited for
    if (!heard_at_) heard_at_ = now;
    if (child_.exited() || now - *heard_at_ >= kGrace) return true;
  }
  if (!child_.exited()) return false;
  if (!exited_at_) exited_at_ = now;
  return (!out_ && !err_) || now - *exited_at_ >= kGrace;
}

Ended Watch::perform(const process::Fd& problem) {
  while (!over()) {
    wait();
    advance_ending();
  }
  Ended ended;
  ended.by = ended_by_;
  if (!child_.exited()) return ended;
  ended.code = child_.code();
  Problem told;
  if (::read(problem.get(), &told, sizeof told) == sizeof told) ended.problem = told;
  return ended;
}

}  // namespace

Result<Ended> run_child(const Command& command, const Control& control, const Ears& ears) {
  auto made = make_launch(command);
  if (!made) return tl::unexpected(made.error());
  auto& launch = *made;
  process::Fd out, err, problem;
  if (!open_pipe(out, launch.out) || !open_pipe(err, launch.err) || !open_pipe(problem, launch.problem))
    return step::fail(Why::failed, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  const pid_t pid = fork_quietly(launch);
  if (pid < 0) return step::fail(Why::failed, fmt::format("cannot start a process: {}", std::strerror(errno)));
  launch.out.close();
  launch.err.close();
  launch.problem.close();
  auto ended = Watch(ears, control, pid, std::move(out), std::move(err)).perform(problem);
  ended.taken = std::max<long>(0, ::lseek(launch.in.get(), 0, SEEK_CUR));
  return ended;
}

}  // namespace tidelab::host
