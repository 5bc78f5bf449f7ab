// The parent looks at the two output pipes, the child's pidfd and the stop request in one poll(), so nothing can deadlock
// and nothing waits for an EOF that a daemon left behind would never give.
#include "process/run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "process/wake.hpp"

namespace tidelab::process {
namespace {

using step::Clock;
using step::Control;
using step::Result;
using step::Why;

constexpr auto grace = std::chrono::milliseconds(200);  // for output of others after the child has exited

tl::unexpected<step::Failure> cannot(const std::string& what, int error) {
  return step::fail(Why::failed, fmt::format("cannot {}: {}", what, std::strerror(error)));
}

// A text is handed over as an anonymous file: no second stream to feed, no SIGPIPE when it is not read.
Result<Fd> open_input(const Input& input) {
  const auto held = input.lead + (input.file.empty() ? input.text : std::string());
  if (held.empty()) {
    const char* path = input.file.empty() ? "/dev/null" : input.file.c_str();
    Fd fd = above_standard(Fd(::open(path, O_RDONLY | O_CLOEXEC)));
    if (!fd) return cannot(fmt::format("read {}", path), errno);
    return fd;
  }
  Fd fd = above_standard(Fd(::memfd_create("stdin", MFD_CLOEXEC)));
  for (std::size_t done = 0; fd && done < held.size();) {
    const auto n = ::write(fd.get(), held.data() + done, held.size() - done);
    if (n < 0) return cannot("hold the input", errno);
    done += static_cast<std::size_t>(n);
  }
  if (!fd || ::lseek(fd.get(), 0, SEEK_SET) != 0) return cannot("hold the input", errno);
  return fd;
}

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
  void reap(bool with_group) {
    siginfo_t state{};
    if (status_ || ::waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) != 0 || state.si_pid != pid_) return;
    if (with_group) signal_group(SIGKILL);  // as long as its leader is a zombie, the group's number is nobody else's
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
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
  Watch(const Ears& ears, const Ending& ending, const Control& control, pid_t pid, Fd out, Fd err)
      : ears_(ears),
        ending_(ending),
        control_(control),
        child_(pid),
        out_(std::move(out)),
        err_(std::move(err)),
        bell_(control.stop, [this] { wake_.ring(); }) {}

  /// To the end of the child, or to the end of its whole group after the deadline or a stop.
  Ended perform();

private:
  void wait();
  int patience() const;
  void drain(Fd& fd, bool is_out);
  void advance_ending();
  bool over();

  const Ears& ears_;
  const Ending& ending_;
  const Control& control_;
  Child child_;
  Fd out_, err_;
  Wake wake_;
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
  child_.reap(ending_.whole_group);
}

void Watch::drain(Fd& fd, bool is_out) {
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
    if (ears_.may_end && !ears_.may_end() && now - *due_at_ < ending_.to_kill) return;
    ending_since_ = now;
    ended_by_ = control_.stopped() ? Why::interrupted : Why::timed_out;
    child_.signal_group(SIGTERM);
  } else if (!killed_ && now - *ending_since_ >= ending_.to_kill) {
    killed_ = true;
    child_.signal_group(SIGKILL);
  }
}

bool Watch::over() {
  const auto now = Clock::now();
  if (ending_since_) {
    if (child_.exited() && !child_.group_lives()) return true;
    if (now - *ending_since_ < 2 * ending_.to_kill) return false;
    if (!child_.exited()) child_.give_up();
    return true;
  }
  if (ears_.over && ears_.over()) {  // all was heard; whoever still holds the streams is not waited for
    if (!heard_at_) heard_at_ = now;
    if (child_.exited() || now - *heard_at_ >= grace) return true;
  }
  if (!child_.exited()) return false;
  if (!exited_at_) exited_at_ = now;
  return (!out_ && !err_) || now - *exited_at_ >= grace;
}

Ended Watch::perform() {
  while (!over()) {
    wait();
    advance_ending();
  }
  Ended ended;
  ended.by = ended_by_;
  if (!child_.exited()) return ended;
  if (ended_by_) drain(out_, true), drain(err_, false);  // its last words: a pipe holds no more than is read at once
  ended.code = child_.code();
  return ended;
}

}  // namespace

Result<Ended> run(Program program, const Input& input, const Control& control, const Ears& ears, const Ending& ending) {
  auto in = open_input(input);
  if (!in) return tl::unexpected(in.error());
  // A text before a file: one stream of the two is made by a shell, so that the file need not be held.
  if (!input.lead.empty() && !input.file.empty()) {
    const auto words = {"sh", "-c", "f=$1; shift; { cat; cat <\"$f\"; } | exec \"$@\"", "sh", input.file.c_str()};
    program.argv.insert(program.argv.begin(), words.begin(), words.end());
  }
  Fd out, err, their_out, their_err;
  if (!open_pipe(out, their_out) || (ears.err && !open_pipe(err, their_err))) return cannot("make a pipe", errno);
  program.in = in->get();
  program.out = their_out.get();
  program.err = ears.err ? their_err.get() : program.out;
  const auto pid = spawn(program);
  if (!pid && pid.error().code == 0) return cannot("start a process", pid.error().error);
  Ended ended;
  if (!pid) {
    ended.code = pid.error().code;
    ended.problem = pid.error();
    return ended;
  }
  their_out.close();
  their_err.close();
  ended = Watch(ears, ending, control, *pid, std::move(out), std::move(err)).perform();
  ended.taken = std::max<long>(0, ::lseek(in->get(), 0, SEEK_CUR));
  return ended;
}

}  // namespace tidelab::process
