// The scheduler is one thread that owns all state; steps run on threads of their own and report back
// through one queue. A step in trouble holds up nothing but what needs it.
#include "run/runner.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <regex>

#include "run/rolling.hpp"
#include "run/standing.hpp"
#include "run/written.hpp"
#include "step/thread.hpp"

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
  int thread = -1;                    // its last message
  std::optional<std::size_t> roll{};  // whose turn it is was found out
  std::optional<Result<Turn>> turn{};
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

class Scheduler {
public:
  Scheduler(const plan::Plan& plan, Effects& effects, const Listener& listener, std::stop_token stop, const Options& options)
      : plan_(plan),
        effects_(effects),
        listener_(listener),
        stop_(std::move(stop)),
        options_(options),
        standing_(plan),
        rolling_(plan, standing_),
        began_(Clock::now()) {}

  bool run(Opened opened) {
    fill(opened);
    tell(std::move(opened));
    for (const auto& each : options_.warned) tell(masked(each));
    if (options_.look_first) start_looks();
    while (looks_under_way_ > 0) handle(inbox_.take());
    for (const auto& each : rolling_.begin()) tell(Said{-1, each});
    advance();
    while (running_ + choosing_ > 0) {
      handle(inbox_.take());
      advance();
    }
    threads_.clear();
    finish();
    return standing_.all_held();
  }

private:
  const plan::Plan& plan_;
  Effects& effects_;
  const Listener& listener_;
  std::stop_token stop_;
  const Options& options_;
  Standing standing_;
  Rolling rolling_;
  Clock::time_point began_;
  Inbox inbox_;
  Due due_;
  std::map<int, std::vector<const plan::Step*>> looked_at_;  // by lane
  std::map<int, step::Thread> threads_;                      // by number
  int threads_so_far_ = 0;
  int running_ = 0;
  int choosing_ = 0;  // of rolls, how many look for the next member
  int looks_under_way_ = 0;

  microseconds since(Clock::time_point when) const { return std::chrono::duration_cast<microseconds>(when - began_); }

  template <class What>
  void tell(What what) {
    listener_(Event{since(Clock::now()), std::move(what)});
  }

  void fill(Opened& opened) const {
    for (const auto& lane : plan_.lanes) opened.lanes.push_back(lane.name);
    for (const auto& step : plan_.steps) {
      StepLine line{step.id,
                    plan::mask(step.title, plan_.secrets),
                    step.lane,
                    step.component,
                    source::render_place(step.origin),
                    step.changes,
                    step.hop,
                    {}};
      for (const auto& need : step.needs)
        if (need.must_hold) line.blocked_by.push_back(need.step);
      for (const auto& need : step.gates)
        if (need.must_hold) line.gates.push_back(need.gate);
      opened.steps.push_back(std::move(line));
    }
    for (const auto& gate : plan_.gates) opened.gates.push_back(gate.steps);
    opened.strict = plan_.strict;
  }

  // The thread ends with a message that has its number: the stack of one that nobody joins stays. What can throw is guarded
  // by those who know whose failure it is.
  template <class F>
  void start_thread(F work) {
    const int number = threads_so_far_++;
    threads_.emplace(number, step::Thread([number, work = std::move(work)] { work(number); }, step::nobody_is_told));
  }

  void start_looks() {
    for (const auto& step : plan_.steps)
      if (step.changes && step.lane > 0) looked_at_[step.lane].push_back(&step);
    for (const auto& [lane, steps] : looked_at_) {
      ++looks_under_way_;
      start_thread([this, lane = lane, &steps = steps](int thread) {
        const Control control{Clock::now() + std::chrono::minutes(2), stop_, [this](const std::string& line) { say(-1, line); }};
        const auto looked = step::guarded([&]() -> Result<std::vector<Looked>> { return effects_.look(lane, steps, control); });
        inbox_.put({-1, {}, {}, {}, lane, looked.value_or(std::vector<Looked>()), thread});
      });
    }
  }

  void say(int step, const std::string& line) { inbox_.put({step, line, {}, {}, -1, {}, -1}); }

  void take_looks(const Message& message) {
    --looks_under_way_;
    const auto& steps = looked_at_.at(message.lane);
    for (std::size_t i = 0; i < steps.size() && i < message.looked.size(); ++i) standing_.of(steps[i]->id).looked = message.looked[i];
  }

  void handle(Message message) {
    if (message.thread >= 0) threads_.erase(message.thread);
    if (message.lane >= 0) return take_looks(message);
    if (message.roll) return take_turn(*message.roll, *message.turn);
    if (message.said) return tell(Said{message.step, plan::mask(*message.said, plan_.secrets)});
    --running_;
    auto& progress = standing_.of(message.step);
    if (!message.done) return standing_.wait_again(message.step);            // for one that has ended, and did not hold
    standing_.inherit(plan_.steps[static_cast<std::size_t>(message.step)]);  // of what came along, too
    Ended ended{message.step, Outcome::held, {}, since(Clock::now()), {}, {}};
    auto& result = *message.done;
    if (result) {
      ended.outcome = result->acted ? Outcome::made : Outcome::held;
      const auto& say = plan_.steps[static_cast<std::size_t>(message.step)].say;
      ended.restarted = result->restarted;
      ended.note = plan::mask(result->acted && !say.empty() ? say : result->note, plan_.secrets);
      if (result->observed != Clock::time_point{}) ended.observed = since(result->observed);
      progress.dirty = progress.dirty || result->acted;
    } else {
      ended.outcome = result.error().why == step::Why::interrupted ? Outcome::interrupted : Outcome::failed;
      ended.failure = masked(helped(plan_.steps[static_cast<std::size_t>(message.step)], result.error(), message.evidence));
      progress.roots = {message.step};
      if (plan_.steps[static_cast<std::size_t>(message.step)].warns && may_be_let(*ended.failure)) let(ended, message.evidence);
    }
    end(std::move(ended));
    for (auto& each : message.evidence) {
      each.text = plan::mask(std::move(each.text), plan_.secrets);
      tell(std::move(each));
    }
  }

  // Only an answer is let pass; who could not be asked has given none.
  static bool may_be_let(const step::Failure& failure) { return failure.why == step::Why::differs || failure.why == step::Why::timed_out; }

  // What is not as it should be, and is no reason to fail.
  void let(Ended& ended, const std::vector<Evidence>& evidence) {
    const auto& step = plan_.steps[static_cast<std::size_t>(ended.step)];
    auto found = ended.failure->what;
    for (const auto& each : evidence)
      if (each.words) found = each.text;
    const auto title = plan::mask(step.title, plan_.secrets);
    tell(masked(Warned{plan_.lanes[static_cast<std::size_t>(step.lane)].name, title, "warning", found, ended.failure->help, {}}));
    ended.outcome = Outcome::held;
    ended.note = "not so: " + plan::mask(found, plan_.secrets);
    ended.failure.reset();
    standing_.of(ended.step).roots.clear();
  }

  // Whoever knows the component knows what to do about its words; what the failure says itself comes first.
  step::Failure helped(const plan::Step& step, step::Failure failure, const std::vector<Evidence>& evidence) const {
    if (!failure.help.empty()) return failure;
    auto words = failure.what + "\n" + failure.actual;
    for (const auto& each : evidence)
      if (each.words) words += "\n" + each.text;
    words.resize(std::min<std::size_t>(words.size(), 4000));
    for (const auto& hint : plan_.hints) {
      if (!std::regex_search(words, std::regex(hint.says, std::regex::ECMAScript))) continue;
      failure.help = hint.help;
      break;
    }
    if (failure.help.empty()) failure.help = where_written(step.settings, words + "\n" + failure.evidence);
    return failure;
  }

  step::Failure masked(step::Failure failure) const {
    for (auto* text : {&failure.what, &failure.evidence, &failure.expected, &failure.actual, &failure.help})
      *text = plan::mask(*text, plan_.secrets);
    return failure;
  }

  Warned masked(Warned warned) const {
    for (auto* text : {&warned.found, &warned.fix, &warned.evidence}) *text = plan::mask(*text, plan_.secrets);
    return warned;
  }

  void end(Ended ended) {
    standing_.end(ended.step, ended.outcome);
    tell(std::move(ended));
  }

  // Settles every step whose needs have ended, and starts those that are due, until nothing moves. Starting comes last: what
  // is settled without may let others go along.
  void advance() {
    for (;;) {
      if (const auto ready = standing_.take_ready())
        settle(plan_.steps[static_cast<std::size_t>(*ready)]);
      else if (give_turns())
        continue;
      else if (due_.empty() || (running_ >= options_.at_once && !stop_.stop_requested()))
        return;
      else
        start_or_end(plan_.steps[static_cast<std::size_t>(due_.first())]);
    }
  }

  // True where steps were released.
  bool give_turns() {
    if (stop_.stop_requested()) return rolling_.release_all();
    while (const auto roll = rolling_.take_due()) {
      if (const auto untouched = rolling_.says_untouched(*roll); rolling_.release_blocked(*roll)) {
        tell(Said{-1, untouched});
        return true;
      }
      ++choosing_;
      start_thread([this, at = *roll, asked = rolling_.asked(*roll)](int thread) {
        const auto says = [this](const std::string& line) { say(-1, line); };
        auto turn = step::guarded([&] { return choose(plan_, asked, effects_, stop_, says); });
        inbox_.put({-1, {}, {}, {}, -1, {}, thread, at, std::move(turn)});
      });
    }
    return false;
  }

  void take_turn(std::size_t roll, const Result<Turn>& turn) {
    --choosing_;
    if (turn) {
      tell(Said{-1, rolling_.says(roll, *turn)});
      return rolling_.release(roll, *turn);
    }
    if (turn.error().why == step::Why::interrupted) return rolling_.put_back(roll);
    const int first = rolling_.first_step(roll);
    standing_.of(first).roots = {first};
    tell(Said{-1, rolling_.says_untouched(roll)});
    end({first, Outcome::failed, {}, since(Clock::now()), masked(turn.error()), {}});
    rolling_.stop(roll, first);
  }

  void settle(const plan::Step& step) {
    const bool blocked = standing_.inherit(step);
    const auto& progress = standing_.of(step.id);
    if (stop_.stop_requested()) return interrupt(step);
    if (blocked) return end({step.id, Outcome::blocked, {}, since(Clock::now()), {}, {progress.roots.begin(), progress.roots.end()}});
    if (standing_.clean(step)) return end({step.id, Outcome::held, progress.looked.note, since(Clock::now()), {}, {}});
    due_.put(step, effects_.joins(step));
  }

  void interrupt(const plan::Step& step) { end({step.id, Outcome::interrupted, {}, since(Clock::now()), {}, {}}); }

  void start_or_end(const plan::Step& step) {
    if (!stop_.stop_requested()) return start(step);
    due_.take(step.id);
    interrupt(step);
  }

  void start(const plan::Step& step) {
    auto steps = standing_.together(step, due_, effects_);
    for (const auto& each : steps) {
      due_.take(each.step->id);
      standing_.of(each.step->id).state = State::running;
      ++running_;
      tell(Started{each.step->id});
    }
    start_thread([this, steps = std::move(steps)](int thread) {
      steps.size() == 1 ? carry_out(*steps.front().step, thread) : carry_out(steps, thread);
    });
  }

  // These three run on a thread of their own.
  void carry_out(const plan::Step& step, int thread) {
    const Control control{Clock::now() + step.within, stop_, [this, id = step.id](const std::string& line) { say(id, line); }};
    report(step, step::guarded([&] { return effects_.perform(step, control); }), thread);
  }

  void carry_out(const std::vector<Joined>& steps, int thread) {
    auto within = steps.front().step->within;
    for (const auto& each : steps) within = std::max(within, each.step->within);
    const Control control{Clock::now() + within, stop_, [this, id = steps.front().step->id](const std::string& line) { say(id, line); }};
    using Together = std::vector<std::optional<Result<Done>>>;
    const auto together =
        step::guarded([&]() -> Result<Together> { return effects_.perform_together(steps.front().step->lane, steps, control); });
    auto done = together ? *together : Together(steps.size(), Result<Done>(tl::unexpected(together.error())));
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const int last = i + 1 == steps.size() ? thread : -1;
      if (done[i])
        report(*steps[i].step, std::move(*done[i]), last);
      else
        inbox_.put({steps[i].step->id, {}, {}, {}, -1, {}, last});
    }
  }

  void report(const plan::Step& step, Result<Done> done, int thread) {
    std::vector<Evidence> evidence;
    if (!done && done.error().why != step::Why::interrupted) {
      const Control brief{Clock::now() + std::chrono::seconds(10), stop_, {}};
      using All = std::vector<Evidence>;
      evidence = step::guarded([&]() -> Result<All> { return effects_.collect(step, done.error(), brief); }).value_or(All());
    }
    inbox_.put({step.id, {}, std::move(done), std::move(evidence), -1, {}, thread});
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
  std::vector<step::Thread> threads;
  for (const auto& [lane, steps] : by_lane) {
    threads.emplace_back(
        [&, lane = lane, steps = steps] {
          const Control control{Clock::now() + std::chrono::minutes(2), stop, {}};
          const auto looked = effects.look(lane, steps, control);
          for (std::size_t i = 0; i < steps.size() && i < looked.size(); ++i)
            out[static_cast<std::size_t>(steps[i]->id)] = looked[i];  // disjoint elements
        },
        [&, steps = steps](const step::Failure& why) {
          for (const auto* step : steps) out[static_cast<std::size_t>(step->id)] = {Looked::State::unasked, why.what};
        });
  }
  threads.clear();
  return out;
}

}  // namespace tidelab::run
