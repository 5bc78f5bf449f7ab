// Private to this room: what is collected after a failure, for whoever would go and look next.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "live/log_lines.hpp"
#include "live/world.hpp"

namespace tidelab::live {

/// Of a component it tells what its process is, what the check asks for, and the lines of its log that matter: each once in a
/// run, however many claims about it fail; later only what is new.
class Collector {
public:
  explicit Collector(World& world) : world_(world) {}

  /// A step is carried out now.
  void begin(const plan::Step& step);
  std::vector<run::Evidence> collect(const plan::Step& step, const Failure& failure, const Control& control);

private:
  struct Turn {
    std::mutex mutex;
    std::string process;            // what was told of it
    bool told = false;              // something of its log was
    std::optional<HostTime> until;  // up to here
  };
  step::Clock::time_point began(const plan::Step& step);
  std::vector<run::Evidence> about(const plan::Component& component, Turn& turn, step::Clock::time_point since, const Control& control);

  World& world_;
  std::mutex mutex_;
  std::map<int, step::Clock::time_point> began_;    // by step
  std::map<int, step::Clock::time_point> started_;  // by component: when a service of it was
  std::map<int, Turn> turns_;                       // by component: claims that fail at once take turns
};

}  // namespace tidelab::live
