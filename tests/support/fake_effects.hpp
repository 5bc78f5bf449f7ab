// A world of a few lines: each step does what the test said beforehand; all else is acting at once.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "run/effects.hpp"

namespace tidelab::support {

class FakeEffects : public run::Effects {
public:
  using Act = std::function<step::Result<run::Done>(const run::Control&)>;

  std::map<int, Act> acts;              ///< by step; without one: acted
  std::map<int, run::Joins> joining;    ///< by step; without one: never
  std::map<int, run::Looked> looks;     ///< by step; without one: unknown
  std::vector<run::Evidence> evidence;  ///< what a failure leaves behind

  std::vector<run::Looked> look(int, const std::vector<const plan::Step*>& steps, const run::Control&) override {
    std::vector<run::Looked> out;
    const std::lock_guard lock(mutex_);
    for (const auto* each : steps) {
      looked_.insert(each->id);
      out.push_back(looks.contains(each->id) ? looks.at(each->id) : run::Looked{});
    }
    return out;
  }

  step::Result<run::Done> perform(const plan::Step& step, const run::Control& control) override {
    begin(step.id);
    const auto act = acts.find(step.id);
    return act == acts.end() ? step::Result<run::Done>(run::Done{true, "", {}}) : act->second(control);
  }

  run::Joins joins(const plan::Step& step) const override { return joining.contains(step.id) ? joining.at(step.id) : run::Joins::never; }
  std::vector<std::optional<step::Result<run::Done>>> perform_together(int, const std::vector<run::Joined>& steps,
                                                                       const run::Control& control) override {
    {
      const std::lock_guard lock(mutex_);
      together_.emplace_back();
      for (const auto& each : steps) together_.back().push_back(each.step->id);
    }
    std::vector<std::optional<step::Result<run::Done>>> out;
    for (const auto& each : steps) {
      const bool could = std::all_of(each.needs.begin(), each.needs.end(), [&](const auto need) { return out[need] && *out[need]; });
      out.emplace_back(could ? std::optional(perform(*each.step, control)) : std::nullopt);
    }
    return out;
  }

  std::vector<run::Evidence> collect(const plan::Step&, const step::Failure&, const run::Control&) override { return evidence; }
  void close(const run::Control& control) override { ++closed_, closed_stopped_ = control.stopped(); }
  run::Closed costs() const override { return {false, 7, 2, 99}; }

  /// Blocks until a step was begun, by this time or earlier.
  void wait_for_begun(int step) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return std::find(performed_.begin(), performed_.end(), step) != performed_.end(); });
  }

  std::vector<int> performed() const { return locked(performed_); }
  std::set<int> looked() const { return locked(looked_); }
  /// The steps of each call that had more than one.
  std::vector<std::vector<int>> together() const { return locked(together_); }
  int closed() const { return closed_; }
  bool closed_stopped() const { return closed_stopped_; }

private:
  template <class T>
  T locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  void begin(int step) {
    const std::lock_guard lock(mutex_);
    performed_.push_back(step);
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> performed_;
  std::vector<std::vector<int>> together_;
  std::set<int> looked_;
  int closed_ = 0;
  bool closed_stopped_ = false;
};

}  // namespace tidelab::support
