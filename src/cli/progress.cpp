#include "cli/progress.hpp"

#include <iostream>

#include <fmt/format.h>

#include "step/words.hpp"

namespace tidelab::cli {

using run::Outcome;

void Progress::line(std::chrono::microseconds at, const char* mark, const std::string& text) const {
  std::cout << fmt::format("{:>7.1f}s {} {}\n", static_cast<double>(at.count()) / 1e6, mark, text) << std::flush;
}

std::string Progress::who(const plan::Step& step) const {
  if (step.component < 0) return plan_.lanes[static_cast<std::size_t>(step.lane)].name;
  const auto& component = plan_.components[static_cast<std::size_t>(step.component)];
  return fmt::format("{} {}", component.title, component.node);
}

void Progress::ended(const run::Event& event, const run::Ended& ended) {
  const auto& step = plan_.steps[static_cast<std::size_t>(ended.step)];
  if (step.hop) return;  // hops have a table of their own
  const auto took = started_.contains(ended.step) ? event.at - started_[ended.step] : std::chrono::microseconds(0);
  const auto seconds = fmt::format("{:.1f} s", static_cast<double>(took.count()) / 1e6);
  const auto text = fmt::format("{:<34} {}", who(step), step.title);
  const char* good = colour_ ? "\033[32m✓\033[0m" : "✓";
  const char* bad = colour_ ? "\033[31m✗\033[0m" : "✗";
  switch (ended.outcome) {
    case Outcome::held:
      if (std::holds_alternative<step::Wait>(step.action) && took > std::chrono::milliseconds(200))
        line(event.at, good, fmt::format("{} ({})", text, seconds));
      else if (verbose_)
        line(event.at, "=", text);
      break;
    case Outcome::made:
      if (step.changes || verbose_)
        line(event.at, good, fmt::format("{}{}", text, took > std::chrono::milliseconds(100) ? " (" + seconds + ")" : ""));
      break;
    case Outcome::failed: line(event.at, bad, fmt::format("{}: {}", text, ended.failure ? ended.failure->what : "")); break;
    case Outcome::blocked:
    case Outcome::interrupted:
      if (verbose_) line(event.at, "–", text);
      break;
  }
}

void Progress::operator()(const run::Event& event) {
  std::visit(step::overloaded{
                 [&](const run::Started& started) {
                   started_[started.step] = event.at;
                   if (verbose_) line(event.at, "…", plan_.steps[static_cast<std::size_t>(started.step)].title);
                 },
                 [&](const run::Said& said) { line(event.at, "·", said.text); },
                 [&](const run::Ended& e) { ended(event, e); },
                 [](const auto&) {},
             },
             event.what);
}

}  // namespace tidelab::cli
