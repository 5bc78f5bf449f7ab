#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <fmt/format.h>

#include "cli/secret.hpp"
#include "cli/terminal.hpp"
#include "source/cells.hpp"
#include "source/paint.hpp"
#include "step/words.hpp"

namespace tidelab::cli {

using run::Outcome;
using std::chrono::microseconds;

namespace {

constexpr microseconds quiet_before_line = std::chrono::seconds(10), between_lines = std::chrono::seconds(15);
constexpr std::string_view wiped = "\r\033[K";

std::atomic<int> live_line = -1;  // the descriptor that one stands on

std::string seconds_text(microseconds span) { return fmt::format("{:.1f} s", static_cast<double>(span.count()) / 1e6); }

}  // namespace

bool wipe_live_line() {
  const int fd = live_line.exchange(-1);
  if (fd >= 0) write_all(fd, wiped);
  return fd >= 0;
}

Watching watch_as(bool text, bool verbose, bool colour) {
  Watching out{text, verbose, colour, -1};
  const int stream = text ? STDOUT_FILENO : STDERR_FILENO;
  const char* kind = std::getenv("TERM");
  if (::isatty(stream) != 0 && kind != nullptr && std::string_view(kind) != "dumb") out.live = stream;
  return out;
}

std::string who(const plan::Plan& plan, const plan::Step& step) {
  if (step.component < 0) return plan.lanes[static_cast<std::size_t>(step.lane)].name;
  const auto& component = plan.components[static_cast<std::size_t>(step.component)];
  return fmt::format("{} {}", component.title, component.node);
}

UnderWay::UnderWay(const plan::Plan& plan) : plan_(plan), hops_(false) {
  for (const auto& each : plan.steps) hops_ = hops_ || each.hop.has_value();
  for (const auto& each : plan.steps) all_ += !hops_ || each.hop ? 1 : 0;
}

void UnderWay::operator()(const run::Event& event) {
  if (const auto* started = std::get_if<run::Started>(&event.what)) running_[started->step] = event.at;
  const auto* ended = std::get_if<run::Ended>(&event.what);
  if (ended == nullptr) return;
  running_.erase(ended->step);
  ended_ += !hops_ || plan_.steps[static_cast<std::size_t>(ended->step)].hop ? 1 : 0;
}

std::string UnderWay::line(microseconds now) const {
  if (running_.empty()) return {};
  const auto first = std::min_element(running_.begin(), running_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto& step = plan_.steps[static_cast<std::size_t>(first->first)];
  const auto more = running_.size() > 1 ? fmt::format(", and {} more", running_.size() - 1) : std::string();
  return fmt::format("{} of {}, {:.0f} s: {} {}{}", ended_, all_, static_cast<double>((now - first->second).count()) / 1e6,
                     who(plan_, step), plan::mask(step.title, plan_.secrets), more);
}

microseconds UnderWay::oldest(microseconds now) const {
  microseconds out{0};
  for (const auto& [step, since] : running_) out = std::max(out, now - since);
  return out;
}

Progress::Progress(const plan::Plan& plan, Watching how) : plan_(plan), how_(how), under_way_(plan), next_line_(quiet_before_line) {
  if (how_.live >= 0 || how_.lines) ticker_ = step::Thread([this](const std::stop_token& stop) { tick(stop); }, step::nobody_is_told);
}

Progress::~Progress() {
  ticker_ = {};
  wipe();
}

// Time passes without events, too.
void Progress::tick(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    if (stop.stop_requested()) return;
    if (how_.live >= 0) {
      draw();
    } else if (now() >= next_line_ && under_way_.oldest(now()) >= quiet_before_line) {
      line(now(), "…", under_way_.line(now()));
      next_line_ = now() + between_lines;
    }
  }
}

void Progress::draw() {
  const std::unique_lock turn(terminal_turn(), std::try_to_lock);
  if (!turn) return;
  const auto text = how_.live >= 0 ? under_way_.line(now()) : std::string();
  if (text.empty()) return wipe();
  const auto columns = columns_of(how_.live);
  const auto shown = fmt::format("{:>7.1f}s … {}", static_cast<double>(now().count()) / 1e6, source::printable(text, text.size()));
  // The last cell stays free: a terminal may go to the next line behind it.
  live_line = how_.live;
  write_all(how_.live, std::string(wiped) + (columns > 1 ? cut(shown, columns - 1) : shown));
}

void Progress::wipe() { wipe_live_line(); }

void Progress::line(microseconds at, const std::string& mark, const std::string& text) {
  if (!how_.lines) return;
  wipe();
  // A line end in what others said would begin a line that looks like one of ours.
  const auto shown = source::printable(text, text.size());
  std::cout << fmt::format("{:>7.1f}s {} {}\n", static_cast<double>(at.count()) / 1e6, mark, shown) << std::flush;
}

void Progress::ended(const run::Event& event, const run::Ended& ended) {
  const auto& step = plan_.steps[static_cast<std::size_t>(ended.step)];
  if (step.hop && ended.outcome != Outcome::failed) return;  // hops have a table of their own
  const auto took = started_.contains(ended.step) ? event.at - started_[ended.step] : microseconds(0);
  const auto text = fmt::format("{:<34} {}", who(plan_, step), plan::mask(step.title, plan_.secrets));
  const std::string good = how_.colour ? source::painted("✓", "32") : "✓";
  const std::string bad = how_.colour ? source::painted("✗", "31") : "✗";
  switch (ended.outcome) {
    case Outcome::held:
      if (std::holds_alternative<step::Wait>(step.action) && took > std::chrono::milliseconds(200))
        line(event.at, good, fmt::format("{} ({})", text, seconds_text(took)));
      else if (how_.verbose)
        line(event.at, "=", text);
      break;
    case Outcome::made:
      if (step.changes || how_.verbose)
        line(event.at, good, fmt::format("{}{}", text, took > std::chrono::milliseconds(100) ? " (" + seconds_text(took) + ")" : ""));
      if (!step.say.empty()) line(event.at, "·", ended.note);
      break;
    case Outcome::failed: line(event.at, bad, fmt::format("{}: {}", text, ended.failure ? ended.failure->what : "")); break;
    case Outcome::blocked:
    case Outcome::interrupted:
      if (how_.verbose) line(event.at, "–", text);
      break;
  }
}

void Progress::told(const run::Event& event) {
  std::visit(step::overloaded{
                 [&](const run::Started& started) {
                   started_[started.step] = event.at;
                   if (how_.verbose)
                     line(event.at, "…", plan::mask(plan_.steps[static_cast<std::size_t>(started.step)].title, plan_.secrets));
                 },
                 [&](const run::Said& said) { line(event.at, "·", said.text); },
                 [&](const run::Ended& e) { ended(event, e); },
                 [](const auto&) {},
             },
             event.what);
}

void Progress::operator()(const run::Event& event) {
  const std::lock_guard lock(mutex_);
  under_way_(event);
  told(event);
  if (how_.live < 0) return;
  if (std::holds_alternative<run::Closed>(event.what))
    wipe();
  else
    draw();
}

}  // namespace tidelab::cli
