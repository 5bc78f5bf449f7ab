// A host over ssh, the thread's half: one thread owns the one connection and drives all channels over it.
#include <poll.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "host/quote.hpp"
#include "host/ssh_host.hpp"

namespace tidelab::host {

using step::Clock;
using step::Why;
using namespace std::chrono_literals;

void Ssh::work() {
  while (!quit_) {
    // Nobody would serve those who wait at the desk any more.
    try {
      if (!turn()) idle();
    } catch (const std::exception& error) {
      if (link_) break_link(error.what());
      fail_all({Why::unreachable, fmt::format("the connection to {} could not be followed: {}", name(), error.what())});
    }
  }
  if (link_) break_link("it was closed by us");
}

bool Ssh::turn() {
  if (!link_ && waiting()) connect();
  if (!link_) return false;
  serve_cancels();
  start();
  return round();
}

void Ssh::fail_all(const step::Failure& failure) {
  {
    const std::lock_guard lock(desk_.mutex);
    for (auto* request : queue_) request->result = tl::unexpected(failure);
    queue_.clear();
  }
  desk_.changed.notify_all();
}

bool Ssh::waiting() {
  const std::lock_guard lock(desk_.mutex);
  return !queue_.empty();
}

// A person is asked while there is no connection: the host's patience with those who are not let in yet is limited.
Result<std::unique_ptr<Link>> Ssh::let_in() {
  for (;;) {
    std::vector<Wish> wishes;
    auto link = open_link(target_, desk_.wake, quit_, wishes);
    if (link || quit_ || !grant(*target_.secrets, wishes, link.error())) return link;
  }
}

void Ssh::connect() {
  auto link = let_in();
  if (link) {
    link_ = std::move(*link);
    cap_ = kMostChannels;
    counted_ = counted_trips_ = 0;
    ++connections_;
    count();
    return;
  }
  fail_all(link.error());
}

void Ssh::count() {
  sent_ += link_->sent - std::exchange(counted_, link_->sent);
  round_trips_ += link_->round_trips - std::exchange(counted_trips_, link_->round_trips);
}

// libssh2 opens one channel at a time.
void Ssh::start() {
  if (std::any_of(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.opening(); })) return;
  const std::lock_guard lock(desk_.mutex);
  while (!queue_.empty() && queue_.front()->no_more) {
    queue_.front()->result = Output{};
    queue_.pop_front();
    desk_.changed.notify_all();
  }
  if (again_at_ > Clock::now() || queue_.empty() || !(queue_.front()->urgent || tasks_.size() < cap_)) return;
  queue_.front()->any_shell = any_shell_;
  tasks_.emplace_back(*queue_.front(), desk_);
  queue_.pop_front();
}

void Ssh::serve_cancels() {
  for (auto& task : tasks_) {
    bool wanted = true;
    if (task.request()) {
      const std::lock_guard lock(desk_.mutex);
      wanted = !task.request()->cancel;
    }
    if (!wanted) task.abandon();
  }
}

bool Ssh::step(Task& task) {
  const auto result = task.step(*link_);
  owner_ = link_->sending() ? &task : nullptr;
  if (result == Task::Step::broken) broken_ = true;
  return result == Task::Step::progress;
}

// A step of each task; true when another round may find something. One task's read may have taken in what
// belongs to another, so bytes received count as progress even if the reader had no use for them.
bool Ssh::round() {
  const auto received = link_->received;
  const bool was_blocked = owner_ != nullptr;
  bool progress = false;
  if (owner_) {
    progress = step(*owner_);
  } else {
    for (auto& task : tasks_) {
      progress = step(task) || progress;
      if (owner_ || broken_) break;
    }
  }
  count();
  sweep();
  const bool again = progress || link_->received != received || (was_blocked && !owner_);
  // What came before the end is still worth reading.
  if (!broken_ && (!link_->closed || again)) return again;
  break_link(link_->last_error());
  return true;
}

void Ssh::sweep() {
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    if (!task->gone()) {
      ++task;
      continue;
    }
    if (task->alien() && task->request()) {
      task->request()->any_shell = any_shell_ = true;
      requeue(*task->request());
      task = tasks_.erase(task);
      continue;
    }
    const auto others = tasks_.size() - 1;
    if (task->refused() && task->request()) {
      if (others > 0 && !task->request()->urgent) {
        cap_ = std::min(cap_, others);  // the host's MaxSessions is lower than we thought
        requeue(*task->request());
      } else if (!task->request()->urgent && ++task->request()->refusals < kRefusals) {
        // sshd gives a closed session's place free a little later, without telling: ask again.
        again_at_ = Clock::now() + 50ms;
        requeue(*task->request());
      } else {
        task->finish(step::fail(Why::unreachable, fmt::format("{} grants no channel for a command (MaxSessions?)", name())));
      }
    }
    task = tasks_.erase(task);
  }
}

void Ssh::requeue(Request& request) {
  const std::lock_guard lock(desk_.mutex);
  queue_.push_front(&request);
}

void Ssh::break_link(const std::string& reason) {
  for (auto& task : tasks_) {
    auto* request = task.request();
    if (!request) continue;
    // An old connection often turns out dead at its first use. What has not begun may begin again, once.
    if (!task.started() && !request->retried && !quit_) {
      request->retried = true;
      requeue(*request);
    } else {
      task.finish(
          step::fail(Why::unreachable, fmt::format("the connection to {} broke while `{}` was under way ({}): it may or may not have run",
                                                   name(), short_argv(request->command.argv), reason)));
    }
  }
  owner_ = nullptr;
  broken_ = false;
  tasks_.clear();
  link_.reset();
  desk_.changed.notify_all();
}

// Without channels nobody reads the link, so then only its end is of interest.
void Ssh::idle() {
  const short events = owner_ ? POLLOUT : tasks_.empty() ? POLLRDHUP : POLLIN;
  std::vector<pollfd> fds = {{desk_.wake.fd(), POLLIN, 0}, {link_ ? link_->fd() : -1, events, 0}};
  for (const auto& task : tasks_)
    if (task.hungry_for() >= 0) fds.push_back({task.hungry_for(), POLLIN, 0});
  // Whoever waited for a connection may have taken the ring that came with it.
  if (quit_ || (!link_ && waiting())) return;
  // The end of a channel is nothing that anybody waits for.
  if (events == POLLIN && std::any_of(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.request() != nullptr; }))
    link_->expect_answer();
  ::poll(fds.data(), fds.size(), again_at_ > Clock::now() ? 51 : -1);
  if (fds[0].revents) desk_.wake.hush();
  if (fds[1].revents && tasks_.empty()) link_.reset();
}

}  // namespace tidelab::host
