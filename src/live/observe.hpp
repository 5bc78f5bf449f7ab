// Private to this room: things that are watched while a check runs.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "live/world.hpp"

namespace tidelab::live {

/// One thing seen: JSON text and when it arrived.
struct Item {
  std::string json;
  step::Clock::time_point arrived;
};

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
  void add(std::string json, step::Clock::time_point arrived);
  void fail(Failure failure);
  std::jthread thread_;

private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Item> items_;
  std::optional<Failure> failure_;
};

/// Attached when it returns: what happens from now on is seen.
Result<std::unique_ptr<Watch>> open_watch(World& world, const step::Action& observer, const Where& where, const Control& control);

}  // namespace tidelab::live
