// Private to the room: the host over ssh. Its callers' half is in ssh.cpp, its thread's half in ssh_thread.cpp; they
// meet at the desk, and nothing of libssh2 is ever touched by two threads.
#pragma once

#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <string>

#include "host/ssh_task.hpp"
#include "step/thread.hpp"

namespace tidelab::host {

constexpr std::size_t kMostChannels = 8;  // sshd allows 10 (MaxSessions); one is kept for ending a command

class Ssh final : public Host {
public:
  explicit Ssh(SshTarget target) : target_(std::move(target)), thread_([this] { work(); }, step::nobody_is_told) {}
  ~Ssh() override;

  Result<void> open(const Control& control) override;
  void part() override;
  std::string name() const override { return render_target(target_); }
  Traffic traffic() const override { return {commands_, connections_, sent_, round_trips_}; }

private:
  // By callers.
  Result<Output> carry_out(const Command& command, const Control& control) override;
  void submit(Request& request);
  bool await(Request& request, const Control& control);
  bool take_back(Request& request);
  Result<Output> end(Request& request, const Control& control);
  bool kill(const Command& ended, long pid);
  void cancel(Request& request);

  // By the thread.
  void work();
  bool turn();
  void fail_all(const step::Failure& failure);
  bool waiting();
  void connect();
  Result<std::unique_ptr<Link>> let_in();
  void count();
  void start();
  void serve_cancels();
  bool round();
  bool step(Task& task);
  void sweep();
  void requeue(Request& request);
  void break_link(const std::string& reason);
  void idle();

  const SshTarget target_;
  Desk desk_;
  std::deque<Request*> queue_;  // guarded by desk_.mutex
  std::atomic<bool> quit_ = false;
  std::atomic<long> commands_ = 0, connections_ = 0, sent_ = 0, round_trips_ = 0;

  // The thread's own.
  std::unique_ptr<Link> link_;
  std::list<Task> tasks_;
  Task* owner_ = nullptr;  // of the half-sent packet, if there is one
  bool broken_ = false;
  bool any_shell_ = false;  // the login shell there is not POSIX
  step::Clock::time_point again_at_{};
  std::size_t cap_ = kMostChannels;
  long counted_ = 0, counted_trips_ = 0;  // of what link_ counts

  step::Thread thread_;  // last: everything above is there when it starts
};

}  // namespace tidelab::host
