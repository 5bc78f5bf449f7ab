// Nothing here looks at names or places: who needs whom, and how many of a group must be well, is data of the playbooks.
#include "report/judge.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "report/layout.hpp"

namespace tidelab::report {
namespace {

bool is_bad(const Row& row) { return row.verdict == Verdict::fail || row.verdict == Verdict::broken || row.verdict == Verdict::warn; }

const run::ComponentLine* component_of(const Report& report, int component) {
  const auto& all = report.opened.components;
  return component < 0 || component >= static_cast<int>(all.size()) ? nullptr : &all[static_cast<std::size_t>(component)];
}

/// A claim about how one component is, rather than about what spans several or about what was asked for.
bool is_about_member(const Row& row) { return !row.hop.travels && !row.hop.drift && !row.hop.warns && row.hop.group.empty(); }

std::set<int> sick_members(const Report& report) {
  std::set<int> out;
  for (const Row& row : report.rows)
    if (is_about_member(row) && is_bad(row)) out.insert(row.component);
  return out;
}

bool held(const Endings& endings, int step) {
  const auto at = endings.find(step);
  return at != endings.end() && (at->second.outcome == run::Outcome::held || at->second.outcome == run::Outcome::made);
}

const Row* row_of(const Report& report, int step) {
  const auto at = std::find_if(report.rows.begin(), report.rows.end(), [&](const Row& row) { return row.step == step; });
  return at == report.rows.end() ? nullptr : &*at;
}

/// The step without a row of its own that alone kept this row from being asked: its observer, or its negative control.
const run::Ended* observer_that_failed(const Report& report, const Row& row, const Endings& endings) {
  const auto ended = endings.find(row.step);
  if (ended == endings.end()) return nullptr;
  const run::Ended* found = nullptr;
  for (const int root : ended->second.blocked_by) {
    // An earlier hop, or a claim that is told by itself; but an observer may have a row of its own, too.
    if (const Row* other = row_of(report, root); other != nullptr && (other->hop.travels || !row.hop.travels)) return nullptr;
    const auto at = endings.find(root);
    if (found == nullptr && at != endings.end() && at->second.failure) found = &at->second;
  }
  return found;
}

void settle_unwatched(const Report& report, Row& row, const Endings& endings) {
  if (row.verdict != Verdict::blocked) return;
  // A write that was not tried; nothing was written that could be looked for; or what is claimed of it needs that it was seen.
  if (row.hop.travels ? row.hop.since < 0 || !held(endings, row.hop.since) : row.hop.since >= 0) return;
  const auto* observer = observer_that_failed(report, row, endings);
  if (observer == nullptr) return;
  row.verdict = Verdict::broken;
  row.why = observer->failure->why;
  row.note = observer->failure->what;
  row.expected = observer->failure->expected;
  row.actual = observer->failure->actual;
  row.evidence = observer->failure->evidence;
  row.help = observer->failure->help;
}

void settle_consequence(const Report& report, Row& row) {
  if (row.verdict != Verdict::fail || row.why != step::Why::timed_out || !row.hop.travels || !row.watched) return;
  for (const Row& earlier : report.rows) {
    if (&earlier == &row) return;
    if (!earlier.hop.travels || earlier.verdict != Verdict::fail || !same_change(earlier, row)) continue;
    row.verdict = Verdict::blocked;
    row.blocked_by = {earlier.hop.title};
    return;
  }
}

void settle_members(Report& report) {
  const auto lost = [](const Row& row) { return row.hop.travels && row.verdict != Verdict::pass; };
  const bool travel = std::none_of(report.rows.begin(), report.rows.end(), lost);
  const auto down = sections_down(report);
  for (Row& row : report.rows) {
    // What was not asked of a member that is down is no more than that it is down.
    const bool not_asked = row.verdict == Verdict::blocked && !row.hop.travels;
    if (row.verdict != Verdict::fail && row.verdict != Verdict::broken && !not_asked) continue;
    const auto* component = component_of(report, row.component);
    const bool spared = travel && is_about_member(row) && component != nullptr && !component->section.empty() &&
                        standing_of(report, row.component).all > 1 && !down.contains(component->section);
    if (report.opened.strict) continue;
    if (spared || (row.hop.warns && row.verdict == Verdict::fail)) row.verdict = Verdict::warn;
  }
}

/// Everything that these sections work with, themselves included.
std::set<std::string> closure_of(const Report& report, const std::vector<std::string>& sections) {
  std::set<std::string> out;
  const std::function<void(const std::string&)> visit = [&](const std::string& section) {
    if (!out.insert(section).second) return;
    for (const auto& line : report.opened.components)
      if (line.section == section)
        for (const auto& needed : line.needs) visit(needed);
  };
  for (const auto& section : sections) visit(section);
  return out;
}

class Search {
public:
  Search(const Report& report, const Row* lost) : report_(report), down_(sections_down(report)) {
    if (lost == nullptr) return;
    auto sections = lost->hop.about;
    if (const auto* own = component_of(report, lost->component)) sections.push_back(own->section);
    relevant_ = closure_of(report, sections);
    group_ = lost->hop.group;
    told_ = !lost->words.empty();
  }

  const Row* find() const {
    // Where a host is gone, what others could not do for that moment follows from it.
    if (const auto* dark = first([&](const Row& row) { return is_on_dark_host(row); })) return dark;
    if (const auto* root = first([&](const Row& row) { return is_root(row); })) return root;
    if (const auto* spans =
            first([&](const Row& row) { return !row.hop.group.empty() && !row.hop.drift && !row.hop.warns && is_on_way(row); }))
      return spans;
    // One member of a group that serves without it is a guess, and what a component itself says of this loss is none.
    if (const auto* member = first([&](const Row& row) { return !told_ && is_about_member(row) && is_relevant(row); })) return member;
    const auto drifts = [&](const Row& row) { return row.hop.drift && is_on_way(row); };
    // What is known to be so goes before what could not be asked, which may well follow from it.
    if (const auto* known = first([&](const Row& row) { return row.verdict != Verdict::broken && drifts(row); })) return known;
    if (const auto* drift = first(drifts)) return drift;
    return relevant_ ? nullptr : first([](const Row&) { return true; });
  }

private:
  const Report& report_;
  std::set<std::string> down_;
  std::optional<std::set<std::string>> relevant_;
  std::string group_;
  bool told_ = false;  ///< a component says in its own words why the row was lost

  /// Of the claims that fit, one that has the component's own words, else the first.
  const Row* first(const std::function<bool(const Row&)>& fits) const {
    const Row* found = nullptr;
    for (const Row& row : report_.rows) {
      const bool after = relevant_ && row.hop.since >= 0;  // what follows a write is no cause of its loss
      if (row.hop.travels || after || !is_bad(row) || !fits(row)) continue;
      if (found == nullptr || (found->words.empty() && !row.words.empty() && row.component == found->component)) found = &row;
    }
    return found;
  }

  bool is_on_dark_host(const Row& row) const {
    const auto* line = component_of(report_, row.component);
    return is_about_member(row) && line != nullptr && is_relevant(row) && (!told_ || down_.contains(line->section)) &&
           dark_host_of(report_, row);
  }
  bool is_relevant(const Row& row) const {
    const auto* line = component_of(report_, row.component);
    return !relevant_ || (line != nullptr && relevant_->contains(line->section));
  }
  /// What spans several hosts belongs to one instance, and is about some of its sections; another's trouble explains nothing.
  bool is_on_way(const Row& row) const {
    if (!group_.empty() && !row.hop.group.empty() && row.hop.group != group_) return false;
    const auto& about = row.hop.about;
    return !relevant_ || about.empty() ||
           std::any_of(about.begin(), about.end(), [&](const auto& each) { return relevant_->contains(each); });
  }

  bool is_root(const Row& row) const {
    const auto* line = component_of(report_, row.component);
    if (!is_about_member(row) || line == nullptr || !down_.contains(line->section) || !is_relevant(row)) return false;
    auto needed = closure_of(report_, line->needs);
    needed.erase(line->section);
    return std::none_of(needed.begin(), needed.end(), [&](const std::string& section) { return down_.contains(section); });
  }
};

}  // namespace

bool same_change(const Row& a, const Row& b) {
  if (a.hop.check != b.hop.check || a.hop.group != b.hop.group) return false;
  if (a.hop.since < 0) return b.hop.since == a.step;
  return b.step == a.hop.since || b.hop.since == a.hop.since;
}

bool is_write(const Report& report, const Row& row) {
  return std::any_of(report.rows.begin(), report.rows.end(), [&](const Row& other) { return other.hop.since == row.step; });
}

Standing standing_of(const Report& report, int component) {
  Standing out;
  const auto* line = component_of(report, component);
  if (line == nullptr || line->section.empty()) return out;
  const auto& with = line->serves_with;
  const auto sick = sick_members(report);
  for (std::size_t i = 0; i < report.opened.components.size(); ++i) {
    if (report.opened.components[i].section != line->section) continue;
    ++out.all;
    out.well += sick.contains(static_cast<int>(i)) ? 0 : 1;
  }
  out.least = with == "all" ? out.all : with == "majority" ? out.all / 2 + 1 : 1;
  return out;
}

std::optional<DarkHost> dark_host_of(const Report& report, const Row& row) {
  const auto* line = component_of(report, row.component);
  if (line == nullptr || line->host.empty() || !is_about_member(row)) return std::nullopt;
  DarkHost out{line->host, nullptr, {}};
  for (const Row& each : report.rows) {
    const auto* other = component_of(report, each.component);
    if (other == nullptr || other->host != line->host || !is_about_member(each)) continue;
    if (each.verdict == Verdict::pass) return std::nullopt;  // something on it was reached
    out.on_it.push_back(&each);
    if (out.why == nullptr && each.why == step::Why::unreachable && !each.note.empty()) out.why = &each;
  }
  return out.why == nullptr ? std::nullopt : std::optional(out);
}

std::set<std::string> sections_down(const Report& report) {
  std::set<std::string> out;
  for (const int component : sick_members(report)) {
    const auto* line = component_of(report, component);
    if (line == nullptr || line->section.empty()) continue;
    const auto standing = standing_of(report, component);
    if (standing.well < standing.least) out.insert(line->section);
  }
  return out;
}

const Row* cause_of(const Report& report, const Row* lost) { return Search(report, lost).find(); }

void judge(Report& report, const Endings& endings) {
  for (const auto& each : report.evidence) {
    if (!each.words) continue;
    for (Row& row : report.rows)
      if (row.step == each.step && row.words.empty()) row.words = one_line(each.text);
    for (Trouble& trouble : report.troubles)
      if (trouble.step == each.step && trouble.words.empty()) trouble.words = one_line(each.text);
  }
  for (const auto& each : report.evidence) {
    if (each.state.empty()) continue;
    const auto lines = lines_of(each.text);
    for (Row& row : report.rows) {
      if (lines.empty() || row.component != each.component || !is_about_member(row)) continue;
      row.condition = one_line(lines.front());
      row.remedy = lines.size() > 1 && lines[1].starts_with("→ ") ? one_line(lines[1].substr(std::string_view("→ ").size())) : "";
    }
  }
  for (Row& row : report.rows) settle_unwatched(report, row, endings);
  for (Row& row : report.rows) settle_consequence(report, row);
  settle_members(report);
  // What kept a hop from being looked at is told with that hop.
  std::erase_if(report.troubles, [&](const Trouble& trouble) {
    return std::any_of(report.rows.begin(), report.rows.end(), [&](const Row& row) {
      const auto ended = endings.find(row.step);
      return (row.verdict == Verdict::broken || row.verdict == Verdict::blocked) && ended != endings.end() &&
             std::count(ended->second.blocked_by.begin(), ended->second.blocked_by.end(), trouble.step) > 0;
    });
  });
}

}  // namespace tidelab::report
