// Events for a person who watches: lines as things happen, and on a terminal one line below them that says what is waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "plan/plan.hpp"
#include "run/event.hpp"
#include "step/control.hpp"
#include "step/thread.hpp"

namespace tidelab::cli {

/// Where progress is shown.
struct Watching {
  bool lines = true;  ///< what happens, on the standard output
  bool verbose = false;
  bool colour = false;
  int live = -1;  ///< a terminal (1 or 2) whose last line is redrawn; -1: none
};
/// What fits these streams: of `text`, lines and the terminal that they go to; else nothing but a terminal that errors go to.
Watching watch_as(bool text, bool verbose, bool colour);

/// What is under way, for a person: which step has been waited for the longest, and how many of all have ended.
class UnderWay {
public:
  explicit UnderWay(const plan::Plan& plan);
  void operator()(const run::Event& event);
  /// "14 of 62, 7 s: Broker 10.0.0.2:9092 serves, and 2 more"; empty when nothing runs. `now` since the run began.
  std::string line(std::chrono::microseconds now) const;
  /// How long the oldest step has been running.
  std::chrono::microseconds oldest(std::chrono::microseconds now) const;

private:
  const plan::Plan& plan_;
  bool hops_;  ///< only these are counted, as a person who verifies counts
  int ended_ = 0, all_ = 0;
  std::map<int, std::chrono::microseconds> running_;
};

class Progress {
public:
  Progress(const plan::Plan& plan, Watching how);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void operator()(const run::Event& event);

private:
  void told(const run::Event& event);
  void ended(const run::Event& event, const run::Ended& ended);
  void line(std::chrono::microseconds at, const std::string& mark, const std::string& text);
  void tick(const std::stop_token& stop);
  void draw();
  void wipe();
  std::chrono::microseconds now() const { return std::chrono::duration_cast<std::chrono::microseconds>(step::Clock::now() - began_); }

  const plan::Plan& plan_;
  const Watching how_;
  const step::Clock::time_point began_ = step::Clock::now();
  std::map<int, std::chrono::microseconds> started_;
  UnderWay under_way_;
  std::chrono::microseconds next_line_;  ///< of a wait, where no terminal shows it
  std::mutex mutex_;                     ///< of all this, and of what is written
  std::condition_variable_any wake_;
  step::Thread ticker_;
};

/// "Broker 10.0.0.3:9092", or the host for what is of no component.
std::string who(const plan::Plan& plan, const plan::Step& step);

/// Takes a line that is being redrawn off its terminal; safe at any time, also when a signal has come. True when there was one.
bool wipe_live_line();

}  // namespace tidelab::cli
