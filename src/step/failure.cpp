#include "step/failure.hpp"

#include <condition_variable>
#include <mutex>

#include "step/control.hpp"
#include "step/thread.hpp"

namespace tidelab::step {

const char* name_of(Why why) {
  switch (why) {
    case Why::differs: return "differs";
    case Why::refused: return "refused";
    case Why::timed_out: return "timed_out";
    case Why::unreachable: return "unreachable";
    case Why::failed: return "failed";
    case Why::interrupted: return "interrupted";
  }
  return "failed";
}

Failure thrown(const char* what) { return {Why::unreachable, std::string("it could not be followed: ") + what, {}, {}, {}, {}}; }

bool pause(const Control& control, std::chrono::milliseconds length) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  const auto until = Clock::now() + std::min<std::chrono::milliseconds>(length, control.left());
  woken.wait_until(lock, control.stop, until, [] { return false; });
  return !control.stopped() && !control.expired();
}

}  // namespace tidelab::step
