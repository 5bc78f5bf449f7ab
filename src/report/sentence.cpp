// The sentence is what most people read of a report: where the row was seen and where it was not, the nearest cause, marked as an
// explanation, and what to do next. It never speaks of a row that nobody wrote or looked for.
#include "report/sentence.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "report/exit_code.hpp"
#include "report/judge.hpp"
#include "report/layout.hpp"

namespace tidelab::report {
namespace {

/// "Kafka broker 10.0.0.2:9092", or what the claim is about where that is no component's.
std::string who_of(const Report& report, const Row& row) {
  if (row.hop.group.empty() && !row.hop.travels) return component_label(report.opened, row.component);
  return {};
}

constexpr int longest_note = 200;  // an answer may be a whole page; all of it stands with the claim

/// Why a claim is false: the component's own words before ours.
std::string why_of(const Row& row) { return row.words.empty() ? clip(one_line(row.note), longest_note) : one_line(row.words); }

/// How the group of one that is not healthy stands, and what it can still lose; empty for one alone.
std::string render_standing(const Report& report, int component) {
  const auto [well, all, least] = standing_of(report, component);
  if (all < 2) return {};
  if (well < least) return fmt::format("{} of {} are healthy, {} are needed", well, all, least);
  return fmt::format("{} of {} are healthy, {} may be lost", well, all, well == least ? "no other" : fmt::format("{} more", well - least));
}

/// A host that is gone explains all that is on it.
std::string render_dark_host(const Report& report, const DarkHost& dark) {
  std::string text = fmt::format("host {} cannot be reached ({}); on it:", dark.host, why_of(*dark.why));
  std::set<int> told;
  for (const Row* row : dark.on_it) {
    if (!told.insert(row->component).second) continue;
    const auto standing = render_standing(report, row->component);
    text += fmt::format("{} {}{}", told.size() > 1 ? "," : "", component_label(report.opened, row->component),
                        standing.empty() ? "" : " (" + standing + ")");
  }
  return text;
}

std::string render_claim(const Report& report, const Row& row) {
  if (const auto dark = dark_host_of(report, row)) return render_dark_host(report, *dark);
  const auto who = who_of(report, row);
  const auto standing = row.hop.group.empty() ? render_standing(report, row.component) : std::string();
  const auto behind = standing.empty() ? standing : "; " + standing;
  if (!row.condition.empty())
    return fmt::format("{} (\"{}\" is {}){}", row.condition, row.hop.title, row.verdict == Verdict::broken ? "not known" : "false", behind);
  std::string text =
      fmt::format("{}{}\"{}\" is {}", who, who.empty() ? "" : ": ", row.hop.title, row.verdict == Verdict::broken ? "not known" : "false");
  if (const auto why = why_of(row); !why.empty()) text += fmt::format(" ({})", why);
  return text + behind;
}

std::string render_next(const Report& report, const Row& row) {
  if (const auto dark = dark_host_of(report, row)) return fmt::format("bring {} back, then `tidelab up {}`", dark->host, report.opened.lab);
  if (!row.help.empty()) return one_line(row.help);
  if (!row.remedy.empty()) return row.remedy;
  if (!row.hop.heal.empty()) return row.hop.heal;
  const auto& all = report.opened.components;
  if (!row.hop.travels && row.hop.group.empty() && row.component >= 0 && row.component < static_cast<int>(all.size()))
    return fmt::format("tidelab restart {} --node {}", report.opened.lab, all[static_cast<std::size_t>(row.component)].node);
  return row.hop.look_at.empty() ? std::string() : "look at " + row.hop.look_at;
}

/// "A", "A and B", "A, B and C": distinct, in order.
std::string list_of(const std::vector<std::string>& items) {
  std::vector<std::string> distinct;
  for (const auto& item : items)
    if (std::find(distinct.begin(), distinct.end(), item) == distinct.end()) distinct.push_back(item);
  std::string text;
  for (std::size_t i = 0; i < distinct.size(); ++i) text += (i == 0 ? "" : i + 1 == distinct.size() ? " and " : ", ") + distinct[i];
  return text;
}

std::string and_more(int others) { return others > 0 ? fmt::format(" (and {} more)", others) : ""; }

/// A write that was tried and did not come to an end that is known, or that was refused.
std::string render_unwritten(const Report& report, const Row& write) {
  const bool first = std::none_of(report.rows.begin(), report.rows.end(), [&](const Row& row) {
    return row.step < write.step && row.hop.check == write.hop.check && row.hop.group == write.hop.group && row.verdict == Verdict::pass &&
           is_write(report, row);
  });
  const char* what = first ? "a row" : "the next change";
  if (write.verdict == Verdict::blocked || write.verdict == Verdict::unknown)
    return fmt::format("no row was written: {}",
                       write.blocked_by.empty() ? "the run ended before" : "not before \"" + write.blocked_by.front() + "\"");
  if (write.why == step::Why::timed_out)
    return fmt::format("{} was sent to {}, which has not acknowledged it ({}); whether it is committed is not known", what, write.hop.place,
                       one_line(write.note));
  return fmt::format("{} could not be written to {}: {}", what, write.hop.place, why_of(write));
}

/// Where the row of this change was seen, and where it was not.
std::string render_seen(const Report& report, const Row& lost) {
  if (is_write(report, lost)) return render_unwritten(report, lost);
  std::vector<std::string> seen, gone, unseen;
  std::string wrong;
  for (const Row& row : report.rows) {
    if (!row.hop.travels || !same_change(lost, row)) continue;
    if (row.verdict == Verdict::pass)
      seen.push_back("in " + row.hop.place);
    else if (row.verdict == Verdict::broken)
      unseen.push_back(fmt::format("in {} ({})", row.hop.place, why_of(row)));
    else if (row.watched)
      gone.push_back(fmt::format("in {} within {}", row.hop.place, render_span(*row.watched)));
    else if (row.verdict == Verdict::fail)
      wrong += fmt::format("; what was found in {} does not match: {}", row.hop.place, why_of(row));
  }
  std::string text = seen.empty() ? "the row was written" : "the row was seen " + list_of(seen);
  if (!gone.empty()) text += "; it was not seen " + list_of(gone);
  if (!unseen.empty()) text += "; it could not be looked for " + list_of(unseen);
  return text + wrong;
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
  const int true_claims = count_of(report, Verdict::pass) - static_cast<int>(hops);
  if (hops == 0) return fmt::format("all {} of health passed; no row was sent", count_of(claims, "claim"));
  const std::string health = claims == 0            ? ""
                             : true_claims < claims ? fmt::format(", and {} of {} of health", true_claims, count_of(claims, "claim"))
                                                    : fmt::format(", and all {} of health", count_of(claims, "claim"));
  return fmt::format("{}all {} passed{}", text, count_of(hops, "hop"), health);
}

/// The hop that matters most: a loss before a wrong row, and that before one that could not be looked at.
const Row* worst_hop(const Report& report) {
  const auto find = [&](auto fits) -> const Row* {
    const auto at = std::find_if(report.rows.begin(), report.rows.end(), [&](const Row& row) { return row.hop.travels && fits(row); });
    return at == report.rows.end() ? nullptr : &*at;
  };
  if (const auto* lost = find([](const Row& row) { return row.verdict == Verdict::fail; })) return lost;
  if (const auto* dark = find([](const Row& row) { return row.verdict == Verdict::broken; })) return dark;
  return find([](const Row& row) { return row.verdict == Verdict::unknown || row.verdict == Verdict::blocked; });
}

bool has_hops(const Report& report) {
  return std::any_of(report.rows.begin(), report.rows.end(), [](const Row& row) { return row.hop.travels; });
}

/// Claims that are false or not known, beside the one that is named, or those of the host that is.
int beside(const Report& report, const Row* named) {
  const auto dark = named == nullptr ? std::nullopt : dark_host_of(report, *named);
  const auto is_named = [&](const Row& row) {
    return &row == named || (dark && std::find(dark->on_it.begin(), dark->on_it.end(), &row) != dark->on_it.end());
  };
  return static_cast<int>(std::count_if(report.rows.begin(), report.rows.end(), [&](const Row& row) {
    const bool bad = row.verdict == Verdict::fail || row.verdict == Verdict::warn || row.verdict == Verdict::broken;
    return bad && !row.hop.travels && !is_named(row);
  }));
}

std::string what_of(const Trouble& trouble) {
  const std::string where = trouble.host.empty() ? "" : " on " + trouble.host;
  const std::string words = trouble.words.empty() ? "" : trouble.words + "; ";
  return fmt::format("{}{}: {}{}", trouble.title, where, words, one_line(trouble.failure.what));
}

/// No claim explains it: what is known instead.
std::string render_no_claim(const Report& report, const Row& lost) {
  if (!report.complete) return "the run did not finish";
  if (!lost.words.empty() && report.story.seen.find(lost.words) == std::string::npos) return lost.words;
  const int others = beside(report, nullptr);
  const bool asked = std::any_of(report.rows.begin(), report.rows.end(), [](const Row& row) { return !row.hop.travels; });
  if (others == 0) return asked ? "every other claim holds" : "";
  return others == 1 ? "the check that failed does not concern its path"
                     : fmt::format("the {} checks that failed do not concern its path", others);
}

/// What arrived beside the row that did not: that one did and another did not says much about where to look.
std::string render_others(const Report& report) {
  std::string text;
  for (const Group& group : groups_of(report, true)) {
    const bool all = std::all_of(group.rows.begin(), group.rows.end(), [](const Row* row) { return row->verdict == Verdict::pass; });
    const Row &first = *group.rows.front(), &last = *group.rows.back();
    if (all && last.hop.place != first.hop.place)
      text += fmt::format("; another row reached {} ({})", last.hop.place, one_line(group.title()));
  }
  return text;
}

void tell_lost(Report& report, const Row& lost) {
  report.story.arrived = false;
  report.story.seen = render_seen(report, lost) + render_others(report);
  const Row* cause = cause_of(report, &lost);
  if (cause != nullptr) {
    report.story.cause = render_claim(report, *cause) + and_more(beside(report, cause));
    report.story.next = render_next(report, *cause);
  } else {
    report.story.cause = render_no_claim(report, lost);
    report.story.next = render_next(report, lost);
  }
}

void tell_arrived(Report& report) {
  const Row* cause = cause_of(report, nullptr);
  const bool unsure = !report.complete || !report.troubles.empty();
  if (cause == nullptr && !unsure) {
    report.story.seen = render_arrivals(report);
    return;
  }
  report.story.seen = has_hops(report) ? "rows travel: " + render_arrivals(report) : "no row was sent";
  if (cause != nullptr) {
    report.story.cause = render_claim(report, *cause) + and_more(beside(report, cause));
    report.story.next = render_next(report, *cause);
  } else if (!report.troubles.empty()) {
    report.story.cause = "this did not work: " + what_of(report.troubles.front()) + and_more(static_cast<int>(report.troubles.size()) - 1);
    report.story.next = report.troubles.front().failure.help;
  } else {
    report.story.cause = "the run did not finish";
  }
}

struct Words {
  std::string done, not_done;
};

/// What `start` and `stop` were about: the lab, or those of its nodes that were named.
std::string who_was_meant(const run::Opened& opened) {
  std::set<int> meant;
  for (const auto& line : opened.steps)
    if (line.changes && line.component >= 0) meant.insert(line.component);
  for (std::size_t i = 0; i < opened.components.size(); ++i)
    if (opened.components[i].lost) meant.insert(static_cast<int>(i));
  const auto on_hosts = std::count_if(opened.components.begin(), opened.components.end(),
                                      [&](const auto& each) { return opened.lanes.empty() || each.host != opened.lanes.front(); });
  const auto count = static_cast<long>(meant.size());
  if (count == 0 || count >= on_hosts) return "the lab";
  return count == 1 ? component_label(opened, *meant.begin()) : fmt::format("{} of {} nodes", count, on_hosts);
}

Words words_of(const run::Opened& opened) {
  if (opened.command == "down") return {"the lab is down", "the lab could not be taken down"};
  static const std::map<std::string_view, const char*> verbs = {
      {"start", "started"}, {"stop", "stopped"}, {"restart", "restarted"}, {"prune", "taken away"}};
  const auto found = verbs.find(opened.command);
  if (found == verbs.end()) return {"the lab is up", "the lab could not be brought up"};
  const auto who = who_was_meant(opened);
  const auto* const verb = found->second;
  return {fmt::format("{} {} {}", who, who.ends_with(" nodes") ? "are" : "is", verb), fmt::format("{} could not be {}", who, verb)};
}

std::string render_changed(const Report& report) {
  const Words words = words_of(report.opened);
  if (report.exit_code == exit_no_lab) {
    if (report.troubles.empty()) return fmt::format("{}: {} blocked", words.not_done, count_of(report.blocked, "step"));
    return fmt::format("{}: {}{}", words.not_done, what_of(report.troubles.front()),
                       and_more(static_cast<int>(report.troubles.size()) - 1));
  }
  if (!report.complete) return words.not_done + ": the run did not finish";
  if (report.made == 0) return fmt::format("nothing to change: all {} are up to date", count_of(report.held, "thing"));
  const char* verb = report.opened.command == "up" ? "made" : "changed";
  return fmt::format("{}: {} {}, {} unchanged, in {}", words.done, count_of(report.made, "thing"), verb, report.held,
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

std::string render_whole(Report& report) {
  if (report.opened.command.empty()) return "nothing was checked: this journal holds no run";
  if (report.interrupted) return render_interrupted(report);
  if (changes_lab(report)) return render_changed(report);
  if (report.rows.empty() && report.troubles.empty()) return "nothing was checked";
  if (report.rows.empty()) return "nothing was checked: " + what_of(report.troubles.front());
  if (const Row* lost = worst_hop(report))
    tell_lost(report, *lost);
  else
    tell_arrived(report);
  auto text = report.story.seen;
  if (!report.story.cause.empty()) text += fmt::format("; {}{}", report.story.arrived ? "but " : "explanation: ", report.story.cause);
  if (!report.story.next.empty()) text += "; next: " + report.story.next;
  return text;
}

}  // namespace

void render_sentence(Report& report) { report.sentence = render_whole(report); }

}  // namespace tidelab::report
