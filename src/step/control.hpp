// The two things that can end any piece of waiting: a deadline and the user.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

namespace tidelab::step {

using Clock = std::chrono::steady_clock;

/// Handed to whatever may block. Everything that waits must wake up within about 200 ms of `stop`
/// being requested, and must not outlive `deadline`.
struct Control {
  Clock::time_point deadline = Clock::time_point::max();
  std::stop_token stop{};
  std::function<void(const std::string&)> progress{};  ///< one short line for a person; may be empty

  bool expired() const { return Clock::now() >= deadline; }
  bool stopped() const { return stop.stop_requested(); }
  std::chrono::milliseconds left() const {
    const auto now = Clock::now();
    if (deadline == Clock::time_point::max()) return std::chrono::hours(24 * 365);
    return now >= deadline ? std::chrono::milliseconds(0) : std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now);
  }
  void say(const std::string& line) const {
    if (progress) progress(line);
  }
};

/// A control that ends, too, when whoever listens to what is controlled has had enough.
class Enough {
public:
  explicit Enough(const Control& given) : control_(given), forward_(given.stop, [this] { now(); }) { control_.stop = source_.get_token(); }
  Enough(const Enough&) = delete;
  Enough& operator=(const Enough&) = delete;
  void now() { source_.request_stop(); }
  const Control& control() const { return control_; }

private:
  Control control_;
  std::stop_source source_;
  std::stop_callback<std::function<void()>> forward_;  // last: it uses the source
};

/// Waits for `pause`, the deadline or the stop, whichever comes first. False when it was not the pause.
bool pause(const Control& control, std::chrono::milliseconds pause);

}  // namespace tidelab::step
