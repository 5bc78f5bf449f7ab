// One command on one channel, driven in small non-blocking steps by the thread that owns the link.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "host/remote_shell.hpp"
#include "host/ssh_link.hpp"
#include "process/wake.hpp"

struct _LIBSSH2_CHANNEL;

namespace tidelab::host {

/// Where callers and the thread of the link meet.
struct Desk {
  std::mutex mutex;
  std::condition_variable_any changed;
  process::Wake wake;
};

/// Lives on the caller's stack until it is done (or was taken back while it still waited).
struct Request {
  const Command& command;
  bool urgent = false;  ///< ends another command: does not count against the cap of channels
  bool retried = false;
  int refusals = 0;
  bool any_shell = false;  ///< in the form that login shells of any kind read
  bool no_more = false;    ///< it is enough that there is a connection

  // From here on guarded by Desk::mutex.
  bool cancel = false;
  bool refused = false;      ///< no channel could be opened for it
  long pid = 0;              ///< the remote process group, once it runs
  std::string out{}, err{};  ///< for on_out and on_err, which are called by the caller's own thread
  std::optional<Result<Output>> result{};

  bool has_output() const { return !out.empty() || !err.empty(); }
};

class Task {
public:
  enum class Step { idle, progress, broken };

  Task(Request& request, Desk& desk);
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  Step step(Link& link);
  bool opening() const { return state_ == State::open; }
  bool started() const { return state_ != State::open; }
  bool refused() const { return refused_; }
  bool alien() const { return alien_; }  ///< the login shell did not begin, as one does that is not POSIX
  bool gone() const { return state_ == State::gone; }
  Request* request() const { return request_; }  ///< null once it has its result
  /// What it waits for bytes of its stdin from; -1: it does not.
  int hungry_for() const { return request_ != nullptr && hungry_ ? file_.get() : -1; }

  void finish(Result<Output> result);
  /// The caller does not want it any more: gives what there is, closes the channel.
  void abandon();

private:
  Task(Request& request, Desk& desk, const std::string& mark);

  enum class State { open, exec, run, await_close, close, gone };
  enum class Op { read_err, read_out, write };

  Step open(Link& link);
  Step exec(Link& link);
  Step run(Link& link);
  Step perform(Op op, Link& link);
  Step read(int stream, Link& link);
  Step write(Link& link);
  Step await_close(Link& link);
  Step close(Link& link);
  Step deal(long rc, Link& link);
  void take_out(const std::string& clean);
  void take_err(const std::string& clean);
  void take(const std::string& clean, std::string& waiting);
  enum class Loaded { bytes, later, end };
  Loaded load_input();
  void conclude();
  bool backlogged(Op op) const;

  Request* request_;
  Desk& desk_;
  State state_ = State::open;
  std::optional<Op> resume_;  ///< the call that left a half-sent packet
  _LIBSSH2_CHANNEL* channel_ = nullptr;
  std::string line_;
  MarkedStream out_, err_;
  Output output_;
  process::Fd file_;
  std::string block_;
  std::size_t block_at_ = 0;
  bool lead_given_ = false, file_opened_ = false, hungry_ = false, input_done_ = false, refused_ = false, alien_ = false, told_pid_ = false;
};

}  // namespace tidelab::host
