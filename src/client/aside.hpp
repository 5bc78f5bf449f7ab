// Some libraries block in calls that nothing can wake (name lookup, SQL, a metadata request). Such a call gets a
// thread of its own; we stop waiting for it at the deadline or the stop, and it ends by itself, unheard.
// So `call` must own everything it touches, and everything it waits for must end by a timeout of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "step/control.hpp"
#include "step/failure.hpp"
#include "step/thread.hpp"

namespace tidelab::client {

/// The failure that fits when `control` has ended the waiting.
inline tl::unexpected<step::Failure> ended(const step::Control& control, const std::string& doing, std::string evidence = {}) {
  if (control.stopped()) return step::fail(step::Why::interrupted, doing + " was interrupted", std::move(evidence));
  return step::fail(step::Why::timed_out, doing + " took longer than it may", std::move(evidence));
}

template <class T>
step::Result<T> wait_aside(const step::Control& control, const std::string& doing, std::function<step::Result<T>()> call) {
  struct Meeting {
    std::mutex mutex;
    std::condition_variable_any arrived;
    std::optional<step::Result<T>> result;
  };
  if (control.stopped() || control.expired()) return ended(control, doing);
  // Shared, because either side may leave first.
  auto meeting = std::make_shared<Meeting>();
  const auto tell = [meeting](step::Result<T> result) {
    const std::lock_guard lock(meeting->mutex);
    meeting->result = std::move(result);
    meeting->arrived.notify_all();
  };
  const auto work = [tell, call = std::move(call)]() mutable {
    auto result = call();
    call = nullptr;  // what the call owned is gone before anyone hears of its end
    tell(std::move(result));
  };
  step::Thread(work, [tell](step::Failure why) { tell(tl::unexpected(std::move(why))); }).detach();

  std::unique_lock lock(meeting->mutex);
  // A far deadline is cut to a year by left(): time_point::max() overflows inside some waits.
  const auto until = step::Clock::now() + control.left();
  meeting->arrived.wait_until(lock, control.stop, until, [&] { return meeting->result.has_value(); });
  if (!meeting->result) return ended(control, doing);
  return std::move(*meeting->result);
}

}  // namespace tidelab::client
