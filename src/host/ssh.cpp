// A host over ssh, the callers' half: they hand their requests over at the desk and wait there.
#include <algorithm>

#include <fmt/format.h>

#include "host/quote.hpp"
#include "host/ssh_host.hpp"

namespace tidelab::host {

using step::Clock;
using step::Why;
using namespace std::chrono_literals;

Ssh::~Ssh() {
  part();
  thread_.join();
}

void Ssh::part() {
  quit_ = true;
  desk_.wake.ring();
}

void Ssh::submit(Request& request) {
  {
    const std::lock_guard lock(desk_.mutex);
    if (request.urgent)
      queue_.push_front(&request);
    else
      queue_.push_back(&request);
  }
  desk_.wake.ring();
}

// True when the request has its result; false at the deadline or the stop. Output that came is handed on.
bool Ssh::await(Request& request, const Control& control) {
  std::unique_lock lock(desk_.mutex);
  for (;;) {
    // Who talks without end must not keep us from the deadline or the stop; of who has ended, all is handed on.
    const bool over = control.stopped() || control.expired();
    if (request.has_output() && (request.result || !over)) {
      const auto out = std::exchange(request.out, {}), err = std::exchange(request.err, {});
      lock.unlock();
      if (!out.empty()) request.command.on_out(out);
      if (!err.empty()) request.command.on_err(err);
      desk_.wake.ring();  // it may have stopped reading because of us
      lock.lock();
      continue;
    }
    if (request.result) return true;
    if (over) return false;
    const auto until = std::min(control.deadline, Clock::now() + 24h);
    desk_.changed.wait_until(lock, control.stop, until, [&] { return request.result.has_value() || request.has_output(); });
  }
}

bool Ssh::take_back(Request& request) {
  const std::lock_guard lock(desk_.mutex);
  const auto found = std::find(queue_.begin(), queue_.end(), &request);
  if (found == queue_.end()) return false;
  queue_.erase(found);
  return true;
}

void Ssh::cancel(Request& request) {
  std::unique_lock lock(desk_.mutex);
  request.cancel = true;
  desk_.wake.ring();
  // While the thread is connecting it serves nobody, so what it has not begun is taken back here.
  desk_.changed.wait(lock, [&] {
    const auto found = std::find(queue_.begin(), queue_.end(), &request);
    if (found != queue_.end()) {
      queue_.erase(found);
      request.result = step::fail(Why::unreachable, "not started");
    }
    return request.result.has_value();
  });
}

// Ends a remote process group by a second command; over a connection of its own if the host grants this one
// no further channel (MaxSessions).
bool Ssh::kill(const Command& ended, long pid) {
  const auto command = make_ender(ended, pid);
  Control control;
  control.deadline = Clock::now() + 6s;
  Request request{command, true};
  submit(request);
  if (!await(request, control)) cancel(request);
  if (request.refused) {
    control.deadline = Clock::now() + 6s;
    return Ssh(target_).carry_out(command, control).value_or(Output{1, {}, {}}).code == 0;
  }
  return request.result->value_or(Output{1, {}, {}}).code == 0;
}

Result<Output> Ssh::end(Request& request, const Control& control) {
  const auto why = control.stopped() ? Why::interrupted : Why::timed_out;
  const auto words = quote_argv(request.command.argv);
  if (take_back(request)) {
    if (why == Why::timed_out && connections_ == 0)
      return step::fail(Why::unreachable, fmt::format("{} did not finish the login in time", name()));
    return step::fail(why, why == Why::interrupted ? fmt::format("`{}` was not started on {} because of the stop", words, name())
                                                   : fmt::format("`{}` could not be started in time on {}", words, name()));
  }
  long pid = 0;
  {
    std::unique_lock lock(desk_.mutex);
    desk_.changed.wait_for(lock, 2s, [&] { return request.pid != 0 || request.result.has_value(); });
    if (!request.result) pid = request.pid;
  }
  const bool ended = pid == 0 ? request.result.has_value() : kill(request.command, pid);
  cancel(request);
  const std::string said = *request.result ? std::string() : request.result->error().what;
  auto what = why == Why::interrupted ? fmt::format("`{}` was ended on {} because of the stop", words, name())
                                      : fmt::format("`{}` did not end in time on {}", words, name());
  if (!ended) what += "; it could not be ended and may still run there";
  return step::fail(why, what, said);
}

Result<Output> Ssh::carry_out(const Command& command, const Control& control) {
  if (auto can = check_runnable(command, control, name()); !can) return tl::unexpected(can.error());
  ++commands_;
  Request request{command};
  submit(request);
  try {
    if (await(request, control)) return std::move(*request.result);
    return end(request, control);
  } catch (...) {  // a listener's: the request is on our stack, and nobody may look at it when we leave
    cancel(request);
    throw;
  }
}

Result<void> Ssh::open(const Control& control) {
  const Command nothing{};
  Request request{nothing};
  request.no_more = true;
  submit(request);
  if (!await(request, control) && take_back(request))
    return step::fail(control.stopped() ? Why::interrupted : Why::unreachable, fmt::format("{} did not finish the login in time", name()));
  if (!*request.result) return tl::unexpected(request.result->error());
  return {};
}

std::unique_ptr<Host> make_ssh(SshTarget target) {
  if (target.port == 0) target.port = 22;
  return std::make_unique<Ssh>(std::move(target));
}

namespace {

class Unreachable final : public Host {
public:
  Unreachable(std::string name, step::Failure reason) : name_(std::move(name)), reason_(std::move(reason)) {}
  std::string name() const override { return name_; }
  Traffic traffic() const override { return {}; }

private:
  Result<Output> carry_out(const Command&, const Control&) override { return tl::unexpected(reason_); }

  std::string name_;
  step::Failure reason_;
};

}  // namespace

std::unique_ptr<Host> make_unreachable(std::string name, step::Failure reason) {
  return std::make_unique<Unreachable>(std::move(name), std::move(reason));
}

}  // namespace tidelab::host
