// Work on a thread of its own, of which no exception ends the process: what one host or service sends may make work throw
// (no memory, a form that nobody thought of), and that is this work's failure and nobody else's.
#pragma once

#include <exception>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "step/failure.hpp"

namespace tidelab::step {

/// What was thrown, as a failure: of the kind that says that nothing is known.
Failure thrown(const char* what);

/// What `work` gives, a Result; what it throws is its failure.
template <class Work>
std::invoke_result_t<Work> guarded(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::exception& error) {
    return tl::unexpected(thrown(error.what()));
  }
}

/// The only way to a thread (`std::thread` and `std::jthread` are refused elsewhere by tests/arch). Joins at its end, as
/// std::jthread does.
class Thread {
public:
  Thread() = default;
  /// `work` may take a std::stop_token. `failed(Failure)` is called on the thread when `work` has thrown: whoever waits for
  /// something of this thread gets it from there.
  template <class Work, class Failed>
  Thread(Work work, Failed failed)
      : thread_([work = std::move(work), failed = std::move(failed)](const std::stop_token& stop) mutable {
          try {
            if constexpr (std::is_invocable_v<Work&, const std::stop_token&>)
              work(stop);
            else
              work();
          } catch (const std::exception& error) {
            failed(thrown(error.what()));
          }
        }) {}

  void request_stop() { thread_.request_stop(); }
  bool joinable() const { return thread_.joinable(); }
  void join() { thread_.join(); }
  void detach() { thread_.detach(); }

private:
  std::jthread thread_;
};

/// For work of which nobody waits for anything.
inline void nobody_is_told(const Failure&) {}

}  // namespace tidelab::step
