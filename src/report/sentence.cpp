// The sentence is what most people read of a report, so it names one thing: the earliest root in plan order.
// What was only blocked is never called failed, and what could not be asked is never called false.
#include "report/sentence.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "report/layout.hpp"

namespace tidelab::report {
namespace {

using Places = std::vector<std::string>;

bool holds(const Endings& endings, int step) {
  const auto at = endings.find(step);
  return at != endings.end() && (at->second.outcome == run::Outcome::held || at->second.outcome == run::Outcome::made);
}

bool same_group(const Row& a, const Row& b) { return a.hop.check == b.hop.check && a.hop.group == b.hop.group; }

/// Several changes of one row may be followed in a group; those of one change share its time zero.
bool same_change(const Row& a, const Row& b) {
  if (!same_group(a, b)) return false;
  return a.hop.since < 0 || b.step == a.hop.since || b.hop.since == a.hop.since;
}

/// Others measure from it, so it is where a row is written.
bool is_write(const Report& report, const Row& row) {
  return std::any_of(report.rows.begin(), report.rows.end(), [&](const Row& other) { return other.hop.since == row.step; });
}

/// Hops that the change followed by `row` has passed before it.
std::vector<const Row*> passed_before(const Report& report, const Row& row) {
  std::vector<const Row*> passed;
  for (const Row& other : report.rows) {
    if (&other == &row) break;
    if (other.hop.travels && other.verdict == Verdict::pass && same_change(row, other)) passed.push_back(&other);
  }
  return passed;
}

/// "in A", "in A and in B", "in A, in B and in C": distinct, in order.
std::string render_places(const std::vector<const Row*>& rows) {
  Places places;
  for (const Row* row : rows) {
    if (std::find(places.begin(), places.end(), row->hop.place) == places.end()) places.push_back(row->hop.place);
  }
  std::string text;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i > 0) text += i + 1 == places.size() ? " and " : ", ";
    text += "in " + places[i];
  }
  return text;
}

std::string what_of(const Row& row) {
  const std::string what = row.note.empty() ? fmt::format("\"{}\" is false", row.hop.title) : one_line(row.note);
  return row.hop.look_at.empty() ? what : fmt::format("{}, see {}", what, row.hop.look_at);
}

std::string what_of(const Trouble& trouble) {
  const std::string where = trouble.host.empty() ? "" : " on " + trouble.host;
  return fmt::format("{}{}: {}", trouble.title, where, one_line(trouble.failure.what));
}

std::string and_more(int others) { return others > 0 ? fmt::format(" (and {} more)", others) : ""; }

/// The first travelling hop that this claim kept from being tried.
const Row* first_blocked_by(const Report& report, const Row& claim, const Endings& endings) {
  for (const Row& row : report.rows) {
    if (!row.hop.travels || row.verdict != Verdict::blocked) continue;
    const auto& roots = endings.at(row.step).blocked_by;
    if (std::find(roots.begin(), roots.end(), claim.step) != roots.end()) return &row;
  }
  return nullptr;
}

std::string render_lost(const Report& report, const Row& lost, const Endings& endings) {
  const auto passed = passed_before(report, lost);
  if (is_write(report, lost)) {
    // `passed` holds hops of earlier changes here, since a write has no time zero of its own.
    return (passed.empty() ? "no row could be written: " : "the next change could not be written: ") + what_of(lost);
  }
  if (passed.empty() && !holds(endings, lost.hop.since)) return "no row could be written: " + what_of(lost);
  if (passed.empty()) return fmt::format("a row was written; it was lost before {}: {}", lost.hop.place, what_of(lost));
  const std::string& last = passed.back()->hop.place;
  const std::string where =
      last == lost.hop.place ? "went wrong in " + last : fmt::format("was lost between {} and {}", last, lost.hop.place);
  return fmt::format("the row was {}; it {}: {}", render_places(passed), where, what_of(lost));
}

std::string render_in_the_way(const Report& report, const Row& claim, const Endings& endings) {
  const Row& blocked = *first_blocked_by(report, claim, endings);
  const auto passed = passed_before(report, blocked);
  const std::string cause = fmt::format("\"{}\" is false: {}", claim.hop.title, what_of(claim));
  if (passed.empty()) {
    return (holds(endings, blocked.hop.since) ? "a row was written; it went no further because " : "no row could be written: ") + cause;
  }
  return fmt::format("the row was {}; it went no further because {}", render_places(passed), cause);
}

/// A group whose rows all passed: from where to where, and how long that took.
std::string render_arrival(const Group& group) {
  const Row& first = *group.rows.front();
  const Row* last = nullptr;
  for (const Row* row : group.rows) {
    if (row->hop.place != first.hop.place) last = row;
  }
  if (last == nullptr) return fmt::format("a row written to {} was there", first.hop.place);
  const std::string span = last->latency ? " in " + render_span(*last->latency) : "";
  return fmt::format("a row written to {} reached {}{}", first.hop.place, last->hop.place, span);
}

std::string render_arrivals(const Report& report) {
  const auto groups = groups_of(report, true);
  std::string text;
  long hops = 0;
  for (const Group& group : groups) {
    const std::string& name = group.name.empty() ? group.check : group.name;
    text += render_arrival(group) + (groups.size() > 1 && !name.empty() ? fmt::format(" ({})", name) : "") + "; ";
    hops += static_cast<long>(group.rows.size());
  }
  const long claims = static_cast<long>(report.rows.size()) - hops;
  if (hops == 0) return fmt::format("all {} of health passed; no row was sent", count_of(claims, "claim"));
  const std::string health = claims > 0 ? fmt::format(", and all {} of health", count_of(claims, "claim")) : "";
  return fmt::format("{}all {} passed{}", text, count_of(hops, "hop"), health);
}

/// The earliest false thing: on a row's way if there is one there, else about health alone.
std::string render_false(const Report& report, const Endings& endings, int others) {
  const Row* beside = nullptr;
  for (const Row& row : report.rows) {
    if (row.verdict != Verdict::fail) continue;
    if (row.hop.travels) return render_lost(report, row, endings) + and_more(others);
    if (first_blocked_by(report, row, endings) != nullptr) return render_in_the_way(report, row, endings) + and_more(others);
    if (beside == nullptr) beside = &row;
  }
  const auto travels = [](const Row& row) { return row.hop.travels; };
  const long hops = std::count_if(report.rows.begin(), report.rows.end(), travels);
  const bool arrived = hops > 0 && std::all_of(report.rows.begin(), report.rows.end(),
                                               [](const Row& row) { return !row.hop.travels || row.verdict == Verdict::pass; });
  const std::string prefix = arrived ? fmt::format("all {} passed, but ", count_of(hops, "hop")) : "";
  return fmt::format("{}\"{}\" is false: {}{}", prefix, beside->hop.title, what_of(*beside), and_more(others));
}

/// Nothing is known to be false, but not all is known to be true.
std::string render_unsure(const Report& report, int others) {
  const auto find = [&](Verdict verdict) -> const Row* {
    for (const Row& row : report.rows) {
      if (row.verdict == verdict) return &row;
    }
    return nullptr;
  };
  const Row* broken = find(Verdict::broken);
  const Trouble* trouble = report.troubles.empty() ? nullptr : &report.troubles.front();
  if (broken != nullptr && (trouble == nullptr || broken->step < trouble->step)) {
    return fmt::format("could not find out whether {}: {}{}", broken->hop.title, what_of(*broken), and_more(others));
  }
  if (trouble != nullptr) {
    if (report.rows.empty()) return "nothing was checked: " + what_of(*trouble) + and_more(others);
    const Row* open = find(Verdict::blocked) != nullptr ? find(Verdict::blocked) : find(Verdict::unknown);
    if (open != nullptr) return fmt::format("could not find out whether {}: {}{}", open->hop.title, what_of(*trouble), and_more(others));
    return fmt::format("all {} passed, but this did not work: {}{}", count_of(static_cast<long>(report.rows.size()), "hop"),
                       what_of(*trouble), and_more(others));
  }
  const Row* open = find(Verdict::unknown) != nullptr ? find(Verdict::unknown) : find(Verdict::blocked);
  const std::string why = report.complete ? "it was not tried" : "the run ended in the middle";
  if (open == nullptr) return "could not find out everything: " + why;
  return fmt::format("could not find out whether {}: {}", open->hop.title, why);
}

struct Words {
  const char *done, *not_done;
};

Words words_of(const std::string& command) {
  if (command == "down") return {"the lab is down", "the lab could not be taken down"};
  if (command == "start") return {"the lab is started", "the lab could not be started"};
  if (command == "stop") return {"the lab is stopped", "the lab could not be stopped"};
  return {"the lab is up", "the lab could not be brought up"};
}

std::string render_changed(const Report& report) {
  const Words words = words_of(report.opened.command);
  if (report.exit_code == 3) {
    if (report.troubles.empty()) return fmt::format("{}: {} blocked", words.not_done, count_of(report.blocked, "step"));
    return fmt::format("{}: {}{}", words.not_done, what_of(report.troubles.front()),
                       and_more(static_cast<int>(report.troubles.size()) - 1));
  }
  if (!report.complete) return words.not_done + std::string(": the run ended in the middle");
  if (report.made == 0) return fmt::format("nothing to change: all {} are already so", count_of(report.held, "thing"));
  const char* verb = report.opened.command == "up" ? "made" : "changed";
  return fmt::format("{}: {} {}, {} already so, in {}", words.done, count_of(report.made, "thing"), verb, report.held,
                     render_span(report.took));
}

std::string render_interrupted(const Report& report) {
  const auto& opened = report.opened;
  std::string reached;
  if (changes_lab(report)) {
    const long all = std::count_if(opened.steps.begin(), opened.steps.end(), [](const run::StepLine& line) { return line.changes; });
    reached = fmt::format("{} of {} are as they should be", report.held + report.made, count_of(all, "thing"));
  } else {
    const long all = static_cast<long>(report.rows.size());
    reached = fmt::format("{} of {} were decided", all - count_of(report, Verdict::unknown), count_of(all, "hop"));
  }
  const std::string away = opened.command == "down" ? "" : fmt::format(", or `tidelab down {}` to take it away", opened.topology);
  return fmt::format("interrupted: {}; run the same command again to go on{}", reached, away);
}

}  // namespace

bool changes_lab(const Report& report) {
  const std::string& command = report.opened.command;
  return command == "up" || command == "down" || command == "start" || command == "stop";
}

int exit_code_of(const Report& report) {
  if (report.interrupted) return 130;
  if (changes_lab(report) && (report.failed + report.blocked > 0 || !report.troubles.empty())) return 3;
  if (count_of(report, Verdict::fail) > 0) return 1;
  if (!report.complete || !report.troubles.empty()) return 2;
  if (report.rows.empty() && !changes_lab(report)) return 2;
  return count_of(report, Verdict::pass) == static_cast<int>(report.rows.size()) ? 0 : 2;
}

std::string render_sentence(const Report& report, const Endings& endings) {
  if (report.opened.command.empty()) return "nothing was checked: this journal holds no run";
  if (report.interrupted) return render_interrupted(report);
  // Roots besides the one that is named; blocked rows are consequences and not counted.
  const int others = count_of(report, Verdict::fail) + count_of(report, Verdict::broken) + static_cast<int>(report.troubles.size()) - 1;
  if (report.exit_code == 1) return render_false(report, endings, others);
  if (changes_lab(report) && (report.exit_code != 2 || !report.complete)) return render_changed(report);
  if (report.rows.empty() && report.troubles.empty()) return "nothing was checked";
  return report.exit_code == 2 ? render_unsure(report, others) : render_arrivals(report);
}

}  // namespace tidelab::report
