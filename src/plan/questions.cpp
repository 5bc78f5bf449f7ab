// `ask`: what another playbook says under `questions` takes its place, as it is for the versions that the topology has.
#include <algorithm>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "step/describe.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

using namespace step;

namespace {

const playbook::Question* question_of(const playbook::Playbook& playbook, const std::string& name) {
  const auto found =
      std::find_if(playbook.questions.begin(), playbook.questions.end(), [&](const auto& each) { return each.name.value == name; });
  return found == playbook.questions.end() ? nullptr : &*found;
}

// The parts of a word that are its conditions, where it has any.
struct AskingOf {
  Asking* operator()(auto& word) const {
    if constexpr (requires { word.ask.take; })
      return &word.ask;
    else
      return nullptr;
  }
};

template <class OnAsk>
void each_ask(const Action& action, OnAsk& on_ask);

template <class OnAsk>
struct AsksWithin {
  OnAsk& on_ask;
  void operator()(std::string_view, const std::vector<step::Step>& steps, Use) const {
    for (const auto& each : steps) each_ask(each.action, on_ask);
  }
  template <class Other>
  void operator()(std::string_view, const Other&, Use) const {}
};

// Every `ask` within an action, wherever it stands.
template <class OnAsk>
void each_ask(const Action& action, OnAsk& on_ask) {
  if (const auto* ask = std::get_if<Ask>(&action)) return on_ask(*ask);
  std::visit([&](const auto& word) { fields(word, AsksWithin<OnAsk>{on_ask}); }, action);
}

void expand_all(Asking& asking, const topology::Scope& scope) {
  Action carrier = Tcp{{}, {}, asking};
  each_text(carrier, [&](Text& text) { text.value = scope.expand(text); });
  asking = std::get<Tcp>(carrier).ask;
}

}  // namespace

// How it is asked of the versions that the topology has; nullptr after an error, and where `ask` names what is not there.
const playbook::Way* Builder::way_of(const Ask& ask, bool tell) const {
  const auto complain = [&](const source::Text& where, std::string what, std::string help = {}) -> const playbook::Way* {
    if (tell) diagnostics_.error("L009", std::move(what), where.span).help = std::move(help);
    return nullptr;
  };
  const auto first = first_of(ask.of.value);
  if (first < 0) return complain(ask.of, fmt::format("the topology has no `{}` that could be asked", ask.of.value));
  const auto& asked = instances()[static_cast<std::size_t>(first)];
  const auto* question = question_of(*asked.playbook, ask.what.value);
  if (question == nullptr) {
    std::vector<std::string> names;
    for (const auto& each : asked.playbook->questions) names.push_back(each.name.value);
    const auto near = source::did_you_mean(ask.what.value, names);
    return complain(ask.what, fmt::format("the playbook of `{}` knows no question `{}`", ask.of.value, ask.what.value),
                    near.empty() ? std::string() : fmt::format("did you mean `{}`?", near));
  }
  const auto said = [&](const source::Text& name) {
    return std::any_of(ask.with.begin(), ask.with.end(), [&](const auto& each) { return each.first.value == name.value; });
  };
  const auto wanted = [&](const source::Text& name) {
    return std::any_of(question->with.begin(), question->with.end(), [&](const auto& each) { return each.value == name.value; });
  };
  for (const auto& name : question->with)
    if (!said(name)) return complain(ask.what, fmt::format("`{}` needs `{}` in `with`", ask.what.value, name.value));
  for (const auto& [name, value] : ask.with)
    if (!wanted(name)) return complain(name, fmt::format("`{}` takes no `{}`", ask.what.value, name.value));
  const playbook::Way* found = nullptr;
  for (const auto& way : question->ways) {
    if (!topology::applies(way.versions, asked, inputs_.topology)) continue;
    if (found != nullptr) return complain(ask.what, fmt::format("`{}` has two ways for this topology", ask.what.value));
    found = &way;
  }
  if (found != nullptr) return found;
  return complain(ask.what, fmt::format("`{}` has no way for {} {}", ask.what.value, asked.playbook->title.value, asked.version.value));
}

bool Builder::can_be_asked(const Action& action) const {
  bool all = true;
  auto look = [&](const Ask& ask) {
    const auto* way = way_of(ask, false);
    all = all && (way == nullptr || way->nothing.empty());
  };
  each_ask(action, look);
  return all;
}

topology::Scope Builder::scope_of(const Ask& ask, const topology::Scope& scope) const {
  auto out = scope_of(static_cast<std::size_t>(first_of(ask.of.value)));
  for (const auto& [name, value] : ask.with) out.set(name.value, scope.expand(value));
  return out;
}

std::string Builder::asked_by_hand(const Action& action, const topology::Scope& scope) const {
  std::string out;
  auto look = [&](const Ask& ask) {
    if (!out.empty() || way_of(ask, false) == nullptr) return;
    const auto& asked = instances()[static_cast<std::size_t>(first_of(ask.of.value))];
    out = scope_of(ask, scope).expand(question_of(*asked.playbook, ask.what.value)->by_hand);
  };
  each_ask(action, look);
  return out;
}

source::Text Builder::asked_on(const Action& action) const {
  source::Text out;
  auto look = [&](const Ask& ask) {
    const auto* way = way_of(ask, false);
    if (way != nullptr && !way->steps.empty() && out.empty()) out = way->steps.front().on;
  };
  each_ask(action, look);
  return out;
}

source::Text Builder::pointer_of(const Action& asked, source::Text pointer) const {
  const auto* ask = std::get_if<Ask>(&asked);
  const auto* way = ask == nullptr ? nullptr : way_of(*ask, false);
  if (way == nullptr || way->gives.empty() || !pointer.value.starts_with('/')) return pointer;
  const auto end = std::min(pointer.value.find('/', 1), pointer.value.size());
  const auto name = pointer.value.substr(1, end - 1);
  const auto given = std::find_if(way->gives.begin(), way->gives.end(), [&](const auto& each) { return each.first.value == name; });
  if (given == way->gives.end()) {
    std::vector<std::string> names;
    for (const auto& [each, at] : way->gives) names.push_back(each.value);
    const auto near = source::did_you_mean(name, names);
    diagnostics_.error("L009", fmt::format("`{}` gives no `{}`", ask->what.value, name), pointer.span).help =
        near.empty() ? std::string() : fmt::format("did you mean `/{}`?", near);
    return pointer;
  }
  return {given->second.value + pointer.value.substr(end), pointer.span};
}

// What these versions do not tell cannot be asked of them.
void Builder::point(const Action& asked, Match& match) const {
  std::erase_if(match, [&](const auto& each) { return pointer_of(asked, each.pointer).value == playbook::not_told; });
  for (auto& each : match) {
    each.pointer = pointer_of(asked, each.pointer);
    if (each.op != Op::before) continue;
    const auto blank = each.value.value.find(' ');
    each.value.value = pointer_of(asked, {each.value.value.substr(0, blank), each.value.span}).value + each.value.value.substr(blank);
  }
}

// The words that take the place of `ask`, with every text literal.
std::vector<step::Step> Builder::words_of(const Ask& ask, const topology::Scope& scope) {
  const auto* way = way_of(ask, true);
  if (way == nullptr || !way->nothing.empty()) return {};
  const auto first = static_cast<std::size_t>(first_of(ask.of.value));
  const auto inner = scope_of(ask, scope);
  const auto itself = std::make_pair(ask.of.value, ask.what.value);
  if (std::find(being_asked_.begin(), being_asked_.end(), itself) != being_asked_.end()) {
    diagnostics_.error("L009", fmt::format("`{}` asks itself, through others", ask.what.value), ask.what.span);
    return {};
  }
  being_asked_.push_back(itself);
  std::vector<step::Step> out;
  for (const auto* each : there(way->steps, first)) {
    if (const auto* other = std::get_if<Ask>(&each->action)) {
      auto words = words_of(*other, inner);
      std::move(words.begin(), words.end(), std::back_inserter(out));
      continue;
    }
    out.push_back(*each);
    out.back().action = expand(each->action, first, inner);
  }
  being_asked_.pop_back();
  if (out.empty()) return out;
  auto* own = std::visit(AskingOf{}, static_cast<AnyWord&>(out.back().action));
  auto more = ask.ask;
  point(ask, more.pick.where), point(ask, more.expect), point(ask, more.give_up);
  for (auto& each : more.take) each.pointer = pointer_of(ask, each.pointer);
  expand_all(more, scope);
  const bool says_more = more.pick.used || !more.expect.empty() || !more.give_up.empty() || !more.take.empty();
  if (own == nullptr) {
    if (says_more) diagnostics_.error("L009", fmt::format("`{}` has no answer that could be looked at", ask.what.value), ask.what.span);
    return out;
  }
  if (more.pick.used) own->pick = more.pick;
  own->expect.insert(own->expect.end(), more.expect.begin(), more.expect.end());
  if (!more.give_up.empty()) own->give_up = more.give_up;
  own->take.insert(own->take.end(), more.take.begin(), more.take.end());
  return out;
}

}  // namespace tidelab::plan
