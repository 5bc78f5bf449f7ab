// Private to this room: things that are watched while a check runs.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "live/world.hpp"
#include "step/thread.hpp"

namespace tidelab::live {

/// One thing seen, and when it arrived.
struct Item {
  std::variant<step::Answer, std::string> what;
  step::Clock::time_point arrived;

  step::Answer answer() const {
    if (const auto* text = std::get_if<std::string>(&what)) return step::Answer::parse(*text);
    return std::get<step::Answer>(what);
  }
};

/// What is kept of what is watched: with more, the watch has failed. Values take some ten times the memory of their text, so of
/// a flood only the beginning is kept parsed, and the rest is parsed when it is asked.
inline constexpr std::size_t most_watched = 64 << 20, most_parsed = 4 << 20;  ///< bytes of text

/// A growing list of items, filled by a thread of its own until it is stopped.
class Watch {
public:
  virtual ~Watch() = default;

  /// Waits until there are more than `known` items, the watch has failed, or control says stop.
  /// Gives the items from `known` on.
  std::vector<Item> wait_beyond(std::size_t known, const Control& control);
  std::vector<Item> all();
  std::optional<Failure> failure();
  void stop();

protected:
  /// False when it was one too many; it has failed then. Called by no thread but the observer's own.
  bool add(std::string text, step::Clock::time_point arrived, const std::optional<step::Answer>& parsed = {});
  void fail(Failure failure);
  /// Runs `work` with a stop_token until it ends or is stopped; what it throws is the watch's failure.
  template <class Work>
  void start(Work work) {
    thread_ = step::Thread(std::move(work), [this](Failure why) { fail(std::move(why)); });
  }

private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Item> items_;
  std::size_t bytes_ = 0;  // of them; of the observer's thread
  std::optional<Failure> failure_;
  step::Thread thread_;  // last: it uses the others
};

/// Attached when it returns: what happens from now on is seen.
Result<std::unique_ptr<Watch>> open_watch(World& world, const step::Action& observer, const Where& where, const Control& control);

}  // namespace tidelab::live
