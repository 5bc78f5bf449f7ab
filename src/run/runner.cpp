// The scheduler is one thread that owns all state; steps run on threads of their own and report back
// through one queue. A step in trouble holds up nothing but what needs it.
#include "run/runner.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

namespace tidelab::run {

namespace {

using step::Clock;
using step::Result;

// Messages from the threads to the scheduler.
struct Message {
  int step = -1;  // finished, or said something
  std::optional<std::string> said;
  std::optional<Result<Done>> done;  // neither this nor `said`: it was not tried
  std::vector<Evidence> evidence;
  int lane = -1;  // a look came back
  std::vector<Looked> looked;
};

class Inbox {
public:
  void put(Message message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    filled_.notify_one();
  }
  Message take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return !messages_.empty(); });
    auto out = std::move(messages_.front());
    messages_.pop_front();
    return out;
  }

private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Message> messages_;
};

enum class State { waiting, running, ended };

struct Progress {
  State state = State::waiting;
  Outcome outcome = Outcome::held;
  bool held() const { return state == State::ended && (outcome == Outcome::held || outcome == Outcome::made); }
  bool dirty = false;   // it, or something that it needs, acted: an earlier look says nothing any more
  std::set<int> roots;  // which steps failed first
  Looked looked;
};

// What has come through a gate so far.
struct Passage {
  std::size_t open = 0;  // steps that have not ended
  bool held = true, dirty = false;
  std::set<int> roots;
};

class Scheduler {
public:
  Scheduler(const plan::Plan& plan, Effects& effects, const Listener& listener, std::stop_token stop, const Options& options)
      : plan_(plan),
        effects_(effects),
        listener_(listener),
        stop_(std::move(stop)),
        options_(options),
        progress_(plan.steps.size()),
        passages_(plan.gates.size()),
        gates_behind_(plan.steps.size()),
        began_(Clock::now()) {
    for (std::size_t gate = 0; gate < plan.gates.size(); ++gate) {
      passages_[gate].open = plan.gates[gate].steps.size();
      for (const auto step : plan.gates[gate].steps) gates_behind_[static_cast<std::size_t>(step)].push_back(gate);
    }
  }

  bool run(Opened opened) {
    fill(opened);
    tell(std::move(opened));
    if (options_.look_first) start_looks();
    while (looks_under_way_ > 0) handle(inbox_.take());
    advance();
    while (running_ > 0) {
      handle(inbox_.take());
      advance();
    }
    threads_.clear();
    finish();
    return std::all_of(progress_.begin(), progress_.end(), [](const auto& p) { return p.held(); });
  }

private:
  const plan::Plan& plan_;
  Effects& effects_;
  const Listener& listener_;
  std::stop_token stop_;
  const Options& options_;
  std::vector<Progress> progress_;
  std::vector<Passage> passages_;
  std::vector<std::vector<std::size_t>> gates_behind_;  // by step
  Clock::time_point began_;
  Inbox inbox_;
  std::vector<std::jthread> threads_;
  int running_ = 0;
  int looks_under_way_ = 0;

  microseconds since(Clock::time_point when) const { return std::chrono::duration_cast<microseconds>(when - began_); }

  template <class What>
  void tell(What what) {
    listener_(Event{since(Clock::now()), std::move(what)});
  }

  void fill(Opened& opened) const {
    for (const auto& lane : plan_.lanes) opened.lanes.push_back(lane.name);
    for (const auto& step : plan_.steps) {
      StepLine line{step.id,        plan::mask(step.title, plan_.secrets),  step.lane,
                    step.component, source::render_place(step.origin),      step.changes,
                    step.hop,       plan::steps_that_must_hold(plan_, step)};
      opened.steps.push_back(std::move(line));
    }
  }

  void start_looks() {
    std::map<int, std::vector<const plan::Step*>> by_lane;
    for (const auto& step : plan_.steps)
      if (step.changes && step.lane > 0) by_lane[step.lane].push_back(&step);
    for (auto& [lane, steps] : by_lane) {
      ++looks_under_way_;
      threads_.emplace_back([this, lane = lane, steps = std::move(steps)] {
        const Control control{Clock::now() + std::chrono::minutes(2), stop_, [this](const std::string& line) { say(-1, line); }};
        inbox_.put({-1, {}, {}, {}, lane, effects_.look(lane, steps, control)});
      });
    }
  }

  void say(int step, const std::string& line) { inbox_.put({step, line, {}, {}, -1, {}}); }

  void take_looks(const Message& message) {
    --looks_under_way_;
    std::size_t at = 0;
    for (const auto& step : plan_.steps) {
      if (!(step.changes && step.lane == message.lane)) continue;
      if (at < message.looked.size()) progress_[static_cast<std::size_t>(step.id)].looked = message.looked[at++];
    }
  }

  void handle(Message message) {
    if (message.lane >= 0) return take_looks(message);
    if (message.said) return tell(Said{message.step, plan::mask(*message.said, plan_.secrets)});
    --running_;
    auto& progress = progress_[static_cast<std::size_t>(message.step)];
    if (!message.done) {
      progress.state = State::waiting;  // for one that has ended, and did not hold
      return;
    }
    for (const auto& need : plan_.steps[static_cast<std::size_t>(message.step)].needs)
      progress.dirty = progress.dirty || progress_[static_cast<std::size_t>(need.step)].dirty;
    Ended ended{message.step, Outcome::held, {}, since(Clock::now()), {}, {}};
    auto& result = *message.done;
    if (result) {
      ended.outcome = result->acted ? Outcome::made : Outcome::held;
      ended.note = plan::mask(result->note, plan_.secrets);
      if (result->observed != Clock::time_point{}) ended.observed = since(result->observed);
      progress.dirty = progress.dirty || result->acted;
    } else {
      ended.outcome = result.error().why == step::Why::interrupted ? Outcome::interrupted : Outcome::failed;
      ended.failure = masked(result.error());
      progress.roots = {message.step};
    }
    end(progress, std::move(ended));
    for (auto& each : message.evidence) {
      each.text = plan::mask(std::move(each.text), plan_.secrets);
      tell(std::move(each));
    }
  }

  step::Failure masked(step::Failure failure) const {
    for (auto* text : {&failure.what, &failure.evidence, &failure.expected, &failure.actual, &failure.help})
      *text = plan::mask(*text, plan_.secrets);
    return failure;
  }

  void end(Progress& progress, Ended ended) {
    progress.state = State::ended;
    progress.outcome = ended.outcome;
    for (const auto gate : gates_behind_[static_cast<std::size_t>(ended.step)]) {
      auto& passage = passages_[gate];
      --passage.open;
      passage.held = passage.held && progress.held();
      passage.dirty = passage.dirty || progress.dirty;
      passage.roots.insert(progress.roots.begin(), progress.roots.end());
    }
    tell(std::move(ended));
  }

  // Starts or settles every step whose needs have ended, until nothing moves.
  void advance() {
    for (bool moved = true; moved;) {
      moved = false;
      for (const auto& step : plan_.steps) {
        auto& progress = progress_[static_cast<std::size_t>(step.id)];
        if (progress.state != State::waiting || !ready(step)) continue;
        moved = settle(step, progress) || moved;
      }
    }
  }

  bool ready(const plan::Step& step) const {
    return std::all_of(step.needs.begin(), step.needs.end(),
                       [&](const auto& need) { return progress_[static_cast<std::size_t>(need.step)].state == State::ended; }) &&
           std::all_of(step.gates.begin(), step.gates.end(), [&](const auto& need) { return passage_of(need).open == 0; });
  }

  const Passage& passage_of(const plan::GateNeed& need) const { return passages_[static_cast<std::size_t>(need.gate)]; }

  // True when the step left the waiting state.
  bool settle(const plan::Step& step, Progress& progress) {
    for (const auto& need : step.needs) {
      const auto& other = progress_[static_cast<std::size_t>(need.step)];
      progress.dirty = progress.dirty || other.dirty;
      if (need.must_hold && !other.held()) progress.roots.insert(other.roots.begin(), other.roots.end());
    }
    for (const auto& need : step.gates) {
      const auto& passage = passage_of(need);
      progress.dirty = progress.dirty || passage.dirty;
      if (need.must_hold && !passage.held) progress.roots.insert(passage.roots.begin(), passage.roots.end());
    }
    const bool blocked =
        std::any_of(step.needs.begin(), step.needs.end(),
                    [&](const auto& n) { return n.must_hold && !progress_[static_cast<std::size_t>(n.step)].held(); }) ||
        std::any_of(step.gates.begin(), step.gates.end(), [&](const auto& n) { return n.must_hold && !passage_of(n).held; });
    if (stop_.stop_requested()) {
      end(progress, {step.id, Outcome::interrupted, {}, since(Clock::now()), {}, {}});
      return true;
    }
    if (blocked) {
      end(progress, {step.id, Outcome::blocked, {}, since(Clock::now()), {}, {progress.roots.begin(), progress.roots.end()}});
      return true;
    }
    if (!progress.dirty && progress.looked.state == Looked::State::holds) {
      end(progress, {step.id, Outcome::held, progress.looked.note, since(Clock::now()), {}, {}});
      return true;
    }
    if (running_ >= options_.at_once) return false;
    start(step);
    return true;
  }

  void start(const plan::Step& step) {
    const auto kind = effects_.joins(step);
    const auto steps = kind == Joins::never ? std::vector<Joined>{{&step, {}}} : those_with(step, kind);
    for (const auto& each : steps) {
      progress_[static_cast<std::size_t>(each.step->id)].state = State::running;
      ++running_;
      tell(Started{each.step->id});
    }
    threads_.emplace_back([this, steps] { steps.size() == 1 ? carry_out(*steps.front().step) : carry_out(steps); });
  }

  // The step, and all later ones of its lane that can go along: those that need nothing that is still to come, or
  // only what goes along as well.
  std::vector<Joined> those_with(const plan::Step& first, Joins kind) const {
    std::vector<Joined> out = {{&first, {}}};
    std::map<int, std::size_t> places = {{first.id, 0}};
    bool once = kind == Joins::once;
    for (auto id = static_cast<std::size_t>(first.id) + 1; id < plan_.steps.size(); ++id) {
      const auto& step = plan_.steps[id];
      if (step.lane != first.lane || progress_[id].state != State::waiting) continue;
      const auto joins = effects_.joins(step);
      if (joins == Joins::never || (joins == Joins::once && once)) continue;
      auto needs = needs_among(step, places);
      if (!needs || (needs->empty() && clean(step))) continue;
      once = once || joins == Joins::once;
      places[step.id] = out.size();
      out.push_back({&step, std::move(*needs)});
    }
    return out;
  }

  // Which of those that go along it needs; nullopt when it needs something else that does not hold.
  std::optional<std::vector<std::size_t>> needs_among(const plan::Step& step, const std::map<int, std::size_t>& places) const {
    std::vector<std::size_t> out;
    for (const auto& need : step.needs) {
      const auto& other = progress_[static_cast<std::size_t>(need.step)];
      const auto place = places.find(need.step);
      if (place != places.end() && need.must_hold)
        out.push_back(place->second);
      else if (place != places.end() || other.state != State::ended || (need.must_hold && !other.held()))
        return std::nullopt;
    }
    return out;
  }

  // A look said that it holds, and nothing that it needs has acted since: settle() ends it without a command.
  bool clean(const plan::Step& step) const {
    return progress_[static_cast<std::size_t>(step.id)].looked.state == Looked::State::holds &&
           std::none_of(step.needs.begin(), step.needs.end(),
                        [&](const auto& need) { return progress_[static_cast<std::size_t>(need.step)].dirty; });
  }

  // These two run on a thread of their own.
  void carry_out(const plan::Step& step) {
    const Control control{Clock::now() + step.within, stop_, [this, id = step.id](const std::string& line) { say(id, line); }};
    report(step, effects_.perform(step, control));
  }

  void carry_out(const std::vector<Joined>& steps) {
    auto within = steps.front().step->within;
    for (const auto& each : steps) within = std::max(within, each.step->within);
    const Control control{Clock::now() + within, stop_, [this, id = steps.front().step->id](const std::string& line) { say(id, line); }};
    auto done = effects_.perform_together(steps.front().step->lane, steps, control);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (done[i])
        report(*steps[i].step, std::move(*done[i]));
      else
        inbox_.put({steps[i].step->id, {}, {}, {}, -1, {}});
    }
  }

  void report(const plan::Step& step, Result<Done> done) {
    std::vector<Evidence> evidence;
    if (!done && done.error().why != step::Why::interrupted) {
      const Control brief{Clock::now() + std::chrono::seconds(10), stop_, {}};
      evidence = effects_.collect(step, done.error(), brief);
    }
    inbox_.put({step.id, {}, std::move(done), std::move(evidence), -1, {}});
  }

  void finish() {
    // Tidying up is not interrupted by the same wish that ended the run; it has its own bound.
    const Control control{Clock::now() + std::chrono::seconds(30), {}, {}};
    effects_.close(control);
    auto closed = effects_.costs();
    closed.interrupted = stop_.stop_requested();
    tell(closed);
  }
};

}  // namespace

bool carry_out(const plan::Plan& plan, Opened opened, Effects& effects, const Listener& listener, std::stop_token stop,
               const Options& options) {
  return Scheduler(plan, effects, listener, std::move(stop), options).run(std::move(opened));
}

std::vector<Looked> look_at_all(const plan::Plan& plan, Effects& effects, std::stop_token stop) {
  std::map<int, std::vector<const plan::Step*>> by_lane;
  for (const auto& step : plan.steps) by_lane[step.lane].push_back(&step);
  std::vector<Looked> out(plan.steps.size());
  std::vector<std::jthread> threads;
  for (const auto& [lane, steps] : by_lane) {
    threads.emplace_back([&, lane = lane, steps = steps] {
      const Control control{Clock::now() + std::chrono::minutes(2), stop, {}};
      const auto looked = effects.look(lane, steps, control);
      for (std::size_t i = 0; i < steps.size() && i < looked.size(); ++i)
        out[static_cast<std::size_t>(steps[i]->id)] = looked[i];  // disjoint elements
    });
  }
  threads.clear();
  return out;
}

}  // namespace tidelab::run
