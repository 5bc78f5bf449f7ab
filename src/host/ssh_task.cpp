// The life of a channel: open, exec, run (both streams out, one in), close.
#include "host/ssh_task.hpp"

#include <fcntl.h>
#include <libssh2.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

namespace tidelab::host {
namespace {

using step::Why;

constexpr std::size_t kBlock = 256 * 1024;
constexpr std::size_t kBacklog = 4 * 1024 * 1024;  // of output that the caller has not taken yet

// RFC 4254 names signals without SIG.
int signal_number(const std::string& name) {
  static const std::map<std::string, int> numbers{
      {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},   {"HUP", SIGHUP},   {"ILL", SIGILL},   {"INT", SIGINT},  {"KILL", SIGKILL},
      {"PIPE", SIGPIPE}, {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

int exit_code(LIBSSH2_CHANNEL* channel) {
  char* name = nullptr;
  std::size_t size = 0;
  libssh2_channel_get_exit_signal(channel, &name, &size, nullptr, nullptr, nullptr, nullptr);
  if (!name) return libssh2_channel_get_exit_status(channel);
  const int number = signal_number(std::string(name, size));
  std::free(name);  // the session was made with the default allocator
  return 128 + number;
}

}  // namespace

Task::Task(Request& request, Desk& desk) : Task(request, desk, make_mark()) {}

Task::Task(Request& request, Desk& desk, const std::string& mark)
    : request_(&request), desk_(desk), line_(render_remote(request.command, mark)), out_(mark), err_(mark) {
  if (request.any_shell) line_ = render_for_any_shell(line_);
}

void Task::finish(Result<Output> result) {
  if (!request_) return;
  {
    const std::lock_guard lock(desk_.mutex);
    request_->refused = refused_;
    request_->result = std::move(result);
  }
  request_ = nullptr;
  desk_.changed.notify_all();
}

void Task::abandon() {
  // The channel is closed by the next step that finds no request: a call under way must be finished first.
  finish(std::move(output_));
}

Task::Step Task::step(Link& link) {
  switch (state_) {
    case State::open: return open(link);
    case State::exec: return exec(link);
    case State::run: return run(link);
    case State::await_close: return await_close(link);
    case State::close: return close(link);
    case State::gone: break;
  }
  return Step::idle;
}

Task::Step Task::open(Link& link) {
  channel_ = libssh2_channel_open_session(link.session());
  if (channel_) {
    output_.began = step::Clock::now();
    state_ = request_ ? State::exec : State::close;
    return Step::progress;
  }
  const int rc = libssh2_session_last_errno(link.session());
  if (rc == LIBSSH2_ERROR_EAGAIN) return Step::idle;
  if (rc != LIBSSH2_ERROR_CHANNEL_FAILURE) return Step::broken;
  refused_ = true;
  state_ = State::gone;
  return Step::progress;
}

Task::Step Task::exec(Link& link) {
  const int rc = libssh2_channel_process_startup(channel_, "exec", 4, line_.data(), static_cast<unsigned>(line_.size()));
  if (rc == LIBSSH2_ERROR_EAGAIN) return Step::idle;
  if (rc == 0) {
    state_ = State::run;
    return Step::progress;
  }
  if (link.closed || rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) return Step::broken;
  finish(step::fail(Why::unreachable, "the host refuses to run commands for this user"));
  state_ = State::close;
  return Step::progress;
}

Task::Step Task::run(Link& link) {
  auto done = Step::idle;
  if (resume_) {
    const auto op = *resume_;
    resume_.reset();
    done = perform(op, link);
    if (done == Step::broken || resume_) return done;
  }
  if (!request_) {
    state_ = State::close;
    return Step::progress;
  }
  for (const auto op : {Op::read_err, Op::read_out, Op::write}) {
    const auto result = perform(op, link);
    if (result == Step::broken) return result;
    if (result == Step::progress) done = result;
    if (resume_) return done;
  }
  if (out_.code() && err_.code()) {
    conclude();
    return Step::progress;
  }
  if (libssh2_channel_eof(channel_) == 1) {
    state_ = State::await_close;  // the shell itself is gone: its status comes before the close
    return Step::progress;
  }
  return done;
}

Task::Step Task::perform(Op op, Link& link) {
  const auto result = op == Op::write      ? write(link)
                      : backlogged(op)     ? Step::idle
                      : op == Op::read_err ? read(SSH_EXTENDED_DATA_STDERR, link)
                                           : read(0, link);
  if (result == Step::idle && link.sending()) resume_ = op;
  return result;
}

// What a libssh2 call said, when it is neither bytes nor done.
Task::Step Task::deal(long rc, Link& link) {
  if (rc == LIBSSH2_ERROR_EAGAIN) return Step::idle;
  // A write that comes too late for a channel is no fault of the link.
  if (!link.closed && (rc == LIBSSH2_ERROR_CHANNEL_CLOSED || rc == LIBSSH2_ERROR_CHANNEL_EOF_SENT)) {
    input_done_ = true;
    return Step::idle;
  }
  return Step::broken;
}

Task::Step Task::read(int stream, Link& link) {
  char buffer[32768];
  const auto n = libssh2_channel_read_ex(channel_, stream, buffer, sizeof buffer);
  if (n < 0) return deal(n, link);
  if (n == 0) return Step::idle;
  const std::string_view bytes(buffer, static_cast<std::size_t>(n));
  if (stream == 0)
    take_out(out_.feed(bytes));
  else
    take_err(err_.feed(bytes));
  if (out_.flooded() || err_.flooded()) {
    finish(make_flood(out_.noise() + err_.noise()));
    state_ = State::close;
    return Step::progress;
  }
  if (!told_pid_ && request_ && err_.pid() != 0) {
    told_pid_ = true;
    const std::lock_guard lock(desk_.mutex);
    request_->pid = err_.pid();
    desk_.changed.notify_all();
  }
  return Step::progress;
}

void Task::take_out(const std::string& clean) {
  if (request_) take(clean, request_->out);
}

void Task::take_err(const std::string& clean) {
  if (request_) take(clean, request_->err);
}

void Task::take(const std::string& clean, std::string& waiting) {
  if (clean.empty()) return;
  const std::lock_guard lock(desk_.mutex);
  waiting += clean;
  desk_.changed.notify_all();
}

bool Task::backlogged(Op op) const {
  if (!request_) return false;
  const std::lock_guard lock(desk_.mutex);
  return (op == Op::read_err ? request_->err : request_->out).size() > kBacklog;
}

// The next block of stdin. A pipe may have none yet, and others on the link must not wait for that.
Task::Loaded Task::load_input() {
  hungry_ = false;
  if (block_at_ < block_.size()) return Loaded::bytes;
  const auto& input = request_->command.input;
  block_at_ = 0;
  block_.clear();  // asked again while the end of the input waits to be sent, there must be nothing
  if (!lead_given_) {
    lead_given_ = true;
    block_ = input.lead + (input.file.empty() ? input.text : std::string());
    if (!block_.empty()) return Loaded::bytes;
  }
  if (input.file.empty()) return Loaded::end;
  if (!file_opened_) file_ = process::Fd(::open(input.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  file_opened_ = true;
  block_.resize(kBlock);
  const auto n = ::read(file_.get(), block_.data(), block_.size());
  hungry_ = n < 0 && (errno == EAGAIN || errno == EINTR);
  block_.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  return hungry_ ? Loaded::later : block_.empty() ? Loaded::end : Loaded::bytes;
}

Task::Step Task::write(Link& link) {
  if (input_done_) return Step::idle;
  const auto loaded = request_ ? load_input() : block_at_ == block_.size() ? Loaded::end : Loaded::bytes;
  if (loaded == Loaded::later) return Step::idle;
  if (loaded == Loaded::end) {
    const int rc = libssh2_channel_send_eof(channel_);
    if (rc == 0) input_done_ = true;
    return rc == 0 ? Step::progress : deal(rc, link);
  }
  const auto n = libssh2_channel_write(channel_, block_.data() + block_at_, block_.size() - block_at_);
  if (n < 0) return deal(n, link);
  block_at_ += static_cast<std::size_t>(n);
  return n > 0 ? Step::progress : Step::idle;
}

void Task::conclude() {
  output_.code = *out_.code();
  finish(std::move(output_));
  state_ = State::close;
}

// The end without marks: the shell was killed (with its group, or by our own TERM), or never began.
Task::Step Task::await_close(Link& link) {
  const int rc = libssh2_channel_wait_closed(channel_);
  if (rc == LIBSSH2_ERROR_EAGAIN) return Step::idle;
  if (rc != 0) return Step::broken;
  const int code = exit_code(channel_);
  if (err_.begun() || out_.begun()) {  // a login's rc file may send both to one of them
    take_out(out_.take_rest());
    take_err(err_.take_rest());
    output_.code = out_.code() ? *out_.code() : err_.code().value_or(code);
    finish(std::move(output_));
  } else if (request_ && !request_->any_shell) {
    alien_ = true;
  } else {
    finish(make_no_shell(code, out_.noise() + out_.take_rest() + err_.noise() + err_.take_rest()));
  }
  state_ = State::close;
  return link.closed ? Step::broken : Step::progress;
}

Task::Step Task::close(Link& link) {
  const int rc = libssh2_channel_free(channel_);  // closes first, and waits for the other side's close
  if (rc == LIBSSH2_ERROR_EAGAIN) return Step::idle;
  if (rc != 0 && link.closed) return Step::broken;
  channel_ = nullptr;
  state_ = State::gone;
  return Step::progress;
}

}  // namespace tidelab::host
