// From a word to what it does: the one visit over the whole vocabulary.
#include <fmt/format.h>

#include "client/kafka.hpp"
#include "live/observe.hpp"
#include "live/world.hpp"
#include "step/describe.hpp"

namespace tidelab::live {

using namespace step;
using run::Done;

namespace {

Result<Done> done_asking(const Result<Asked>& asked) {
  if (!asked) return tl::unexpected(asked.error());
  return Done{false, {}, asked->returned};
}

Result<Done> produce(const Produce& w, const Control& control) {
  const auto at = client::produce(w.bootstrap.value, w.topic.value, w.key.value, w.value.value, control);
  if (!at) return tl::unexpected(at.error());
  return Done{true, fmt::format("partition {}, offset {}", at->partition, at->offset), Clock::now()};
}

Result<Done> exec_once(World& world, const Exec& w, const Where& where, const Control& control) {
  if (!w.creates.empty()) {
    const auto there = world.host(where.lane).run({{"test", "-e", w.creates.value}, {}, {}, {}, {}}, control);
    if (!there) return tl::unexpected(there.error());
    if (there->code == 0) return Done{false, w.creates.value + " is there", {}};
  }
  auto asked = ask(world, w, where, control);
  if (!asked) return tl::unexpected(asked.error());
  return Done{true, {}, asked->returned};
}

// Looks until there is an answer at all; nullopt: it answered, and is not as it must be.
Result<std::optional<Asked>> look(World& world, const Action& question, const Where& where, const Control& control) {
  while (true) {
    auto attempt = control;
    attempt.deadline = std::min(control.deadline, Clock::now() + std::chrono::seconds(60));
    auto asked = ask(world, question, where, attempt);
    if (asked) return std::optional<Asked>(*asked);
    const auto why = asked.error().why;
    if (why == Why::differs) return std::optional<Asked>();
    if (asked.error().lasting || (why != Why::refused && why != Why::timed_out)) return tl::unexpected(asked.error());
    if (where.lenient) return tl::unexpected(asked.error());
    if (!step::pause(control, std::chrono::milliseconds(200))) return tl::unexpected(asked.error());
  }
}

Result<Done> ensure(World& world, const Ensure& w, const Where& where, const Control& control) {
  const auto& question = w.look.front().action;
  auto found = look(world, question, where, control);
  if (!found) {
    if (where.lenient && (found.error().why == Why::refused || found.error().why == Why::timed_out))
      return Done{false, "nothing answers there", {}};
    return tl::unexpected(found.error());
  }
  if (*found) return Done{false, {}, (*found)->returned};
  for (const auto& act : w.act) {
    auto acted = perform(world, act.action, where, control);
    if (acted) continue;
    // A look taken while a component was still finding itself may have been wrong ("does not exist" just after an
    // election), and the act then fails because what it makes is there. What counts is whether it is true.
    auto soon = control;
    soon.deadline = std::min(control.deadline, Clock::now() + std::chrono::seconds(10));
    auto again = ask_until(world, question, where, {}, soon);
    if (again) return Done{false, {}, again->returned};
    return acted;
  }
  auto asked = ask_until(world, question, where, {}, control);
  if (!asked) return tl::unexpected(asked.error());
  return Done{true, {}, asked->returned};
}

Result<Done> refute(World& world, const Refute& w, const Where& where, const Control& control) {
  const auto asked = ask(world, w.on.front().action, where, control);
  if (asked)
    return tl::unexpected(Failure{Why::differs,
                                  "this is true before anything was written, so it proves nothing",
                                  {},
                                  "not yet",
                                  asked->answer.text().substr(0, 400),
                                  {}});
  if (asked.error().why != Why::differs) return tl::unexpected(asked.error());
  return Done{false, {}, {}};
}

Result<Done> arm(World& world, const Arm& w, const Where& where, const Control& control) {
  for (const auto& each : w.prepare) {
    auto done = perform(world, each.action, where, control);
    if (!done) return done;
  }
  auto watch = open_watch(world, w.observe.front().action, where, control);
  if (!watch) return tl::unexpected(watch.error());
  auto* opened = watch->get();
  world.add_watch(w.as.value, std::move(*watch), w.finish, where);
  // Attached is not yet armed: a query may take a while until it really runs. If it ends before, that is the news.
  while (!w.until.empty()) {
    if (auto failure = opened->failure()) return tl::unexpected(*failure);
    auto attempt = control;
    attempt.deadline = std::min(control.deadline, Clock::now() + std::chrono::seconds(2));
    auto asked = ask_until(world, w.until.front().action, where, {}, attempt);
    if (asked) break;
    if (control.stopped() || control.expired()) return tl::unexpected(asked.error());
  }
  return Done{false, "watching", {}};
}

std::string last_seen(const std::vector<Item>& items) {
  if (items.empty()) return "nothing arrived";
  return fmt::format("{} item{} arrived, but none matched; the last: {}", items.size(), items.size() == 1 ? "" : "s",
                     items.back().answer().text().substr(0, 500));
}

// From its end on nobody has looked.
std::optional<Failure> ended_early(Watch& watch) {
  auto failure = watch.failure();
  if (!failure) return {};
  failure->why = Why::unreachable;
  failure->what = "the observer ended: " + failure->what;
  return failure;
}

Result<Done> absent(World& world, const Absent& w) {
  auto* watch = world.find_watch(w.in.value);
  if (watch == nullptr) return step::fail(Why::failed, fmt::format("nothing watches `{}`", w.in.value));
  const auto most = w.most.empty() ? 0L : std::strtol(w.most.value.c_str(), nullptr, 10);
  long seen = 0;
  for (const auto& item : watch->all()) {
    const auto answer = item.answer();
    if (mismatch(answer, w.find) || ++seen <= most) continue;
    const auto what = most == 0 ? std::string("this was seen before anything was written") : fmt::format("it came {} times or more", seen);
    return tl::unexpected(
        Failure{Why::differs, what, {}, most == 0 ? "nothing yet" : fmt::format("at most {}", most), answer.text().substr(0, 400), {}});
  }
  if (auto ended = ended_early(*watch)) return tl::unexpected(*ended);
  return Done{false, {}, {}};
}

Result<Done> seen(World& world, const Seen& w, const Where& where, const Control& control) {
  auto* watch = world.find_watch(w.in.value);
  if (watch == nullptr) return step::fail(Why::failed, fmt::format("nothing watches `{}`", w.in.value));
  std::size_t known = 0;
  while (true) {
    const auto fresh = watch->wait_beyond(known, control);
    known += fresh.size();
    for (const auto& item : fresh) {
      const auto answer = item.answer();
      if (mismatch(answer, w.find)) continue;
      if (auto wrong = mismatch(answer, w.expect))
        return tl::unexpected(
            Failure{Why::differs, "it arrived, and is not what was written", answer.text(), wrong->expected, wrong->actual, {}});
      if (auto taken = world.take(answer, w.take, where.scope); !taken) return tl::unexpected(taken.error());
      return Done{false, {}, item.arrived};
    }
    if (control.stopped()) return step::fail(Why::interrupted, "interrupted");
    if (!fresh.empty()) continue;
    if (auto ended = ended_early(*watch)) return tl::unexpected(*ended);
    if (control.expired())
      return tl::unexpected(Failure{Why::timed_out, "it did not arrive in time", {}, render_match(w.find), last_seen(watch->all()), {}});
  }
}

}  // namespace

Result<Done> perform(World& world, const Action& action, const Where& where, const Control& control) {
  if (is_host_word(action)) return perform_on_host(world, action, where, control);
  auto bound = std::holds_alternative<Ensure>(action) || std::holds_alternative<Wait>(action) || std::holds_alternative<Arm>(action) ||
                       std::holds_alternative<Refute>(action) || std::holds_alternative<Every>(action)
                   ? Result<Action>(action)  // their parts are bound one by one, since earlier ones give values to later ones
                   : world.bind(action, where.scope);
  if (!bound) return tl::unexpected(bound.error());
  return std::visit(overloaded{
                        [&](const Wait& w) { return done_asking(ask_until(world, w.on.front().action, where, w.process.value, control)); },
                        [&](const Ensure& w) { return ensure(world, w, where, control); },
                        [&](const Refute& w) { return refute(world, w, where, control); },
                        [&](const Exec& w) { return exec_once(world, w, where, control); },
                        [&](const Topic& w) -> Result<Done> {
                          auto made = ensure_topic(w, control);
                          if (!made && where.lenient && (made.error().why == Why::refused || made.error().why == Why::timed_out))
                            return Done{false, "nothing answers there", {}};
                          return made;
                        },
                        [&](const Every& w) { return done_asking(ask(world, w, where, control)); },
                        [&](const Produce& w) { return produce(w, control); },
                        [&](const Arm& w) { return arm(world, w, where, control); },
                        [&](const Absent& w) { return absent(world, w); },
                        [&](const Seen& w) { return seen(world, w, where, control); },
                        [&](const Tcp& w) { return done_asking(ask(world, w, where, control)); },
                        [&](const Http& w) { return done_asking(ask(world, w, where, control)); },
                        [&](const Sql& w) { return done_asking(ask(world, w, where, control)); },
                        [&](const Brokers& w) { return done_asking(ask(world, w, where, control)); },
                        [&](const Process& w) -> Result<Done> {
                          auto asked = ask(world, w, where, control);
                          if (!asked) return tl::unexpected(asked.error());
                          return Done{false, asked->answer.text(), asked->returned};
                        },
                        [](const NotAlone auto&) -> Result<Done> { return step::fail(Why::failed, "this word cannot stand alone"); },
                    },
                    *bound);
}

}  // namespace tidelab::live
