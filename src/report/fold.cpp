// Events to a report. Nothing that a journal says is trusted to be there: a journal may end in the middle,
// name steps that were never announced, or hold no run at all, and none of that may look like a success.
#include <algorithm>

#include <fmt/format.h>

#include "report/exit_code.hpp"
#include "report/judge.hpp"
#include "report/layout.hpp"
#include "report/report.hpp"
#include "report/sentence.hpp"

namespace tidelab::report {
namespace {

using step::Why;

bool has_held(const run::Ended& ended) { return ended.outcome == run::Outcome::held || ended.outcome == run::Outcome::made; }

Verdict verdict_of(const run::Ended* ended) {
  if (ended == nullptr) return Verdict::unknown;
  switch (ended->outcome) {
    case run::Outcome::held:
    case run::Outcome::made: return Verdict::pass;
    case run::Outcome::blocked: return Verdict::blocked;
    case run::Outcome::interrupted: return Verdict::unknown;
    case run::Outcome::failed: break;
  }
  if (!ended->failure) return Verdict::broken;  // failed, and nobody knows how: that is no answer of the component
  switch (ended->failure->why) {
    case Why::differs:
    case Why::refused:
    case Why::timed_out:
    case Why::failed: return Verdict::fail;
    case Why::unreachable: return Verdict::broken;
    case Why::interrupted: return Verdict::unknown;
  }
  return Verdict::broken;
}

const run::Ended* ending_of(const Endings& endings, int step) {
  const auto at = endings.find(step);
  return at == endings.end() ? nullptr : &at->second;
}

std::string title_of(const run::Opened& opened, int step) {
  for (const auto& line : opened.steps) {
    if (line.id == step) return line.hop ? line.hop->title : line.title;
  }
  return {};
}

// The user's own line, beside the playbook's.
std::string written_for(const run::Opened& opened, int component) {
  if (component < 0 || component >= static_cast<int>(opened.components.size())) return {};
  const auto& line = opened.components[static_cast<std::size_t>(component)];
  return line.written.empty() ? std::string() : fmt::format("{} at {}", line.name, line.written);
}

Row make_row(const run::Opened& opened, const run::StepLine& line, const Endings& endings) {
  Row row;
  row.step = line.id;
  row.hop = *line.hop;
  row.origin = line.origin;
  row.written = written_for(opened, line.component);
  row.component = line.component;
  const run::Ended* ended = ending_of(endings, line.id);
  row.verdict = verdict_of(ended);
  if (ended == nullptr) return row;
  row.note = ended->note;
  if (const auto& failure = ended->failure) {
    if (!failure->what.empty()) row.note = failure->what;
    row.expected = failure->expected;
    row.actual = failure->actual;
    row.evidence = failure->evidence;
    row.help = failure->help;
    row.why = failure->why;
  }
  // The time at which somebody gave up waiting is no latency: only what arrived has one.
  const run::Ended* since = ending_of(endings, row.hop.since);
  if (since != nullptr && has_held(*since)) {
    if (row.verdict == Verdict::pass) row.latency = ended->observed - since->observed;
    if (row.verdict == Verdict::fail && row.why == Why::timed_out) row.watched = ended->observed - since->observed;
  }
  if (row.verdict == Verdict::blocked) {
    for (const int root : ended->blocked_by) {
      if (const std::string title = title_of(opened, root); !title.empty()) row.blocked_by.push_back(title);
    }
  }
  return row;
}

Trouble make_trouble(const run::Opened& opened, const run::StepLine& line, const run::Ended& ended) {
  Trouble trouble{line.id, line.title, "", component_label(opened, line.component), line.origin, written_for(opened, line.component),
                  {},      {}};
  if (line.lane >= 0 && line.lane < static_cast<int>(opened.lanes.size())) trouble.host = opened.lanes[line.lane];
  trouble.failure = ended.failure.value_or(step::Failure{Why::failed, ended.note.empty() ? "no reason was recorded" : ended.note});
  return trouble;
}

void count(Report& report, run::Outcome outcome) {
  switch (outcome) {
    case run::Outcome::held: ++report.held; break;
    case run::Outcome::made: ++report.made; break;
    case run::Outcome::failed: ++report.failed; break;
    case run::Outcome::blocked: ++report.blocked; break;
    case run::Outcome::interrupted: break;
  }
}

void fold_steps(Report& report, const Endings& endings) {
  for (const auto& line : report.opened.steps) {
    const run::Ended* ended = ending_of(endings, line.id);
    if (ended != nullptr) {
      const bool stopped = ended->outcome == run::Outcome::interrupted || (ended->failure && ended->failure->why == Why::interrupted);
      report.interrupted = report.interrupted || stopped;
      if (line.changes && !stopped) count(report, ended->outcome);
      report.restarted += ended->restarted ? 1 : 0;
      if (!line.hop && !stopped && ended->outcome == run::Outcome::failed)
        report.troubles.push_back(make_trouble(report.opened, line, *ended));
    }
    if (line.hop) report.rows.push_back(make_row(report.opened, line, endings));
  }
}

}  // namespace

Report fold(const std::vector<run::Event>& events) {
  Report report;
  Endings endings;
  for (const auto& event : events) {
    if (const auto* opened = std::get_if<run::Opened>(&event.what)) {
      // A journal that was appended to: the last run is the one that is meant.
      report = Report{};
      endings.clear();
      report.opened = *opened;
    } else if (const auto* warned = std::get_if<run::Warned>(&event.what)) {
      report.warned.push_back(*warned);
    } else if (const auto* ended = std::get_if<run::Ended>(&event.what)) {
      endings[ended->step] = *ended;
    } else if (const auto* evidence = std::get_if<run::Evidence>(&event.what)) {
      report.evidence.push_back(*evidence);
    } else if (const auto* closed = std::get_if<run::Closed>(&event.what)) {
      report.closed = *closed;
      report.interrupted = closed->interrupted;
      report.complete = !report.opened.command.empty();
    }
    report.took = std::max(report.took, event.at);
  }
  fold_steps(report, endings);
  judge(report, endings);
  report.bars = bars_of(events);
  report.exit_code = exit_code_of(report);
  render_sentence(report);
  return report;
}

}  // namespace tidelab::report
