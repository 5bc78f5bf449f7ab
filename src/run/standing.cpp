#include "run/standing.hpp"

#include <algorithm>

namespace tidelab::run {

Standing::Standing(const plan::Plan& plan)
    : plan_(plan),
      progress_(plan.steps.size()),
      passages_(plan.gates.size()),
      steps_behind_(plan.steps.size()),
      steps_behind_gate_(plan.gates.size()),
      gates_behind_(plan.steps.size()) {
  for (std::size_t gate = 0; gate < plan.gates.size(); ++gate) {
    passages_[gate].open = plan.gates[gate].steps.size();
    for (const auto step : plan.gates[gate].steps) gates_behind_[static_cast<std::size_t>(step)].push_back(gate);
  }
  for (const auto& step : plan.steps) {
    auto& open = of(step.id).open;
    open = step.needs.size();
    for (const auto& need : step.needs) steps_behind_[static_cast<std::size_t>(need.step)].push_back(step.id);
    for (const auto& need : step.gates) {
      if (passage_of(need).open == 0) continue;
      ++open;
      steps_behind_gate_[static_cast<std::size_t>(need.gate)].push_back(step.id);
    }
    if (open == 0) ready_.insert(step.id);
  }
}

bool Standing::all_held() const {
  return std::all_of(progress_.begin(), progress_.end(), [](const auto& p) { return p.held(); });
}

std::optional<int> Standing::take_ready() {
  if (ready_.empty()) return std::nullopt;
  return ready_.extract(ready_.begin()).value();
}

bool Standing::needs_acted(const plan::Step& step) const {
  return std::any_of(step.needs.begin(), step.needs.end(), [&](const auto& need) { return of(need.step).dirty; }) ||
         std::any_of(step.gates.begin(), step.gates.end(), [&](const auto& need) { return passage_of(need).dirty; });
}

bool Standing::inherit(const plan::Step& step) {
  auto& progress = of(step.id);
  progress.dirty = progress.dirty || needs_acted(step);
  bool blocked = false;
  const auto blocked_by = [&](const std::set<int>& roots) {
    blocked = true;
    progress.roots.insert(roots.begin(), roots.end());
  };
  for (const auto& need : step.needs)
    if (need.must_hold && !of(need.step).held()) blocked_by(of(need.step).roots);
  for (const auto& need : step.gates)
    if (need.must_hold && !passage_of(need).held) blocked_by(passage_of(need).roots);
  if (const auto found = after_.find(step.id); found != after_.end())
    for (const auto other : found->second)
      if (!of(other).held()) blocked_by(of(other).roots);
  return blocked;
}

bool Standing::clean(const plan::Step& step) const {
  return of(step.id).looked.state == Looked::State::holds && !of(step.id).dirty && !needs_acted(step);
}

void Standing::end(int step, Outcome outcome) {
  auto& progress = of(step);
  progress.state = State::ended;
  progress.outcome = outcome;
  for (const auto other : steps_behind_[static_cast<std::size_t>(step)]) close_one(other);
  for (const auto gate : gates_behind_[static_cast<std::size_t>(step)]) {
    auto& passage = passages_[gate];
    passage.held = passage.held && progress.held();
    passage.dirty = passage.dirty || progress.dirty;
    passage.roots.insert(progress.roots.begin(), progress.roots.end());
    if (--passage.open > 0) continue;
    for (const auto other : steps_behind_gate_[gate]) close_one(other);
  }
}

void Standing::close_one(int step) {
  auto& progress = of(step);
  if (--progress.open == 0 && progress.state == State::waiting) ready_.insert(step);
}

void Standing::wait_again(int step) {
  auto& progress = of(step);
  progress.state = State::waiting;
  if (progress.open == 0) ready_.insert(step);
}

void Standing::hold(int step) {
  ++of(step).open;
  ready_.erase(step);
}

void Standing::release(int step, const std::vector<int>& after) {
  after_[step] = after;
  close_one(step);
}

bool Standing::ended(const std::vector<int>& steps) const {
  return std::all_of(steps.begin(), steps.end(), [&](const auto step) { return of(step).state == State::ended; });
}

bool Standing::held(const std::vector<int>& steps) const {
  return std::all_of(steps.begin(), steps.end(), [&](const auto step) { return of(step).held(); });
}

bool Standing::passed(const plan::Step& step) const {
  return std::all_of(step.gates.begin(), step.gates.end(), [&](const auto& need) { return passage_of(need).open == 0; });
}

std::vector<Joined> Standing::together(const plan::Step& first, const Due& due, const Effects& effects) const {
  const auto kind = effects.joins(first);
  if (kind == Joins::never) return {{&first, {}}};
  std::vector<Joined> out;
  std::map<int, std::size_t> places;
  std::map<int, std::size_t> closing;  // how much of what others need goes along
  const auto add = [&](const plan::Step& step, std::vector<std::size_t> needs, std::set<int>& next) {
    places[step.id] = out.size();
    out.push_back({&step, std::move(needs)});
    for (const auto other : steps_behind_[static_cast<std::size_t>(step.id)]) {
      const auto& progress = of(other);
      if (this->step(other).lane != first.lane || progress.state != State::waiting) continue;
      if (++closing[other] == progress.open) next.insert(other);
    }
  };
  auto next = due.that_join(first.lane);
  next.erase(first.id);
  add(first, {}, next);
  for (bool once = kind == Joins::once; !next.empty();) {
    const auto& step = this->step(next.extract(next.begin()).value());
    const auto joins = effects.joins(step);
    if (joins == Joins::never || (joins == Joins::once && once)) continue;
    auto needs = needs_among(step, places);
    if (!needs) continue;
    once = once || joins == Joins::once;
    add(step, std::move(*needs), next);
  }
  return out;
}

// Which of those that go along it needs; nullopt when it needs something else that does not hold.
std::optional<std::vector<std::size_t>> Standing::needs_among(const plan::Step& step, const std::map<int, std::size_t>& places) const {
  const auto closed = [&](const auto& need) { return passage_of(need).open > 0 || (need.must_hold && !passage_of(need).held); };
  if (std::any_of(step.gates.begin(), step.gates.end(), closed)) return std::nullopt;
  std::vector<std::size_t> out;
  for (const auto& need : step.needs) {
    const auto place = places.find(need.step);
    if (place != places.end() && need.must_hold)
      out.push_back(place->second);
    else if (place != places.end() || of(need.step).state != State::ended || (need.must_hold && !of(need.step).held()))
      return std::nullopt;
  }
  return out;
}

}  // namespace tidelab::run
