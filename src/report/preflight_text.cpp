// The preflight for people: a block per host, a line per check, and under what is wrong the way to mend it.
#include <algorithm>

#include <fmt/format.h>

#include "report/layout.hpp"
#include "report/preflight.hpp"
#include "source/paint.hpp"

namespace tidelab::report {

namespace {

using preflight::Finding;
using preflight::Outcome;

constexpr int check_width = 12;
constexpr std::size_t lines_of_evidence = 10;

struct Mark {
  const char* sign;
  const char* colour;
};

Mark mark_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return {"✓", "32"};
    case Outcome::fixed: return {"✓", "36"};
    case Outcome::warning: return {"!", "33"};
    case Outcome::failure: return {"✗", "31"};
    case Outcome::unknown: return {"?", "35"};
  }
  return {"?", "35"};
}

class PreflightPage {
public:
  PreflightPage(const Preflight& found, bool colour) : found_(found), colour_(colour) {}

  std::string render(bool all) {
    for (std::size_t i = 0; i < found_.hosts.size(); ++i) host(found_.hosts[i], static_cast<int>(i) + 1, all);
    return std::move(out_);
  }

  std::string bold(const std::string& text) const { return paint(text, "1"); }
  std::string dim(const std::string& text) const { return paint(text, "2"); }

private:
  const Preflight& found_;
  const bool colour_;
  std::string out_;

  std::string paint(const std::string& text, const char* code) const { return colour_ ? source::painted(text, code) : text; }

  void host(const Preflight::Host& host, int lane, bool all) {
    std::string previous, lines;
    for (const auto& each : found_.rows) {
      if (each.lane != lane || (!all && each.outcome == Outcome::ok)) continue;
      lines += row(each, each.check == previous);
      previous = each.check;
    }
    if (lines.empty()) return;
    out_ += "\n" + bold(one_line(host.name)) + dim("  " + one_line(fmt::format("{}", fmt::join(host.roles, ", ")))) + "\n" + lines;
  }

  std::string row(const Finding& each, bool again) const {
    const auto mark = mark_of(each.outcome);
    const std::string indent(static_cast<std::size_t>(check_width) + 6, ' ');
    const auto name = each.outcome == Outcome::fixed ? each.check + " set" : each.check;
    auto out = fmt::format("  {} {}  {}\n", paint(mark.sign, mark.colour), pad(again ? "" : name, check_width), one_line(each.found));
    const auto lines = lines_of(printable(each.evidence));
    for (std::size_t i = 0; i < std::min(lines.size(), lines_of_evidence); ++i)
      if (!lines[i].empty()) out += indent + dim(lines[i]) + "\n";
    if (!each.fix.empty()) out += indent + "→ " + one_line(each.fix) + "\n";
    return out;
  }
};

bool is_bad(const Preflight& found) {
  return std::any_of(found.rows.begin(), found.rows.end(), [](const Finding& row) {
    return row.outcome == Outcome::failure || (row.outcome == Outcome::unknown && (row.check == "reachable" || row.check == "look"));
  });
}

bool holds(const Preflight& found) {
  return !found.hosts.empty() && std::all_of(found.hosts.begin(), found.hosts.end(), [](const auto& host) { return host.holds; });
}

std::string sentence_of(const Preflight& found) {
  std::string out = fmt::format("{}, {}: ", count_of(static_cast<long>(found.hosts.size()), "host"),
                                count_of(static_cast<long>(found.rows.size()), "row"));
  std::string counts;
  const auto add = [&](Outcome outcome, const char* noun) {
    if (const auto count = count_of(found, outcome); count > 0) counts += (counts.empty() ? "" : ", ") + count_of(count, noun);
  };
  add(Outcome::failure, "failure");
  if (const auto count = count_of(found, Outcome::unknown); count > 0)
    counts += fmt::format("{}{} unknown", counts.empty() ? "" : ", ", count);
  add(Outcome::warning, "warning");
  if (const auto count = count_of(found, Outcome::fixed); count > 0) counts += fmt::format("{}{} set", counts.empty() ? "" : ", ", count);
  const bool strict = found.strict && count_of(found, Outcome::warning) > 0;
  out += counts.empty() ? "all checks passed" : counts;
  if (stops_up(found)) return out + "; `tidelab up` would stop before its first change";
  if (is_bad(found)) return out + "; nothing is to be changed on any host, so `tidelab up` would not stop";
  return out + (strict ? "; `tidelab up` would begin, but --strict treats warnings as errors" : "; `tidelab up` can begin");
}

}  // namespace

int count_of(const Preflight& found, Outcome outcome) {
  return static_cast<int>(std::count_if(found.rows.begin(), found.rows.end(), [&](const Finding& row) { return row.outcome == outcome; }));
}

bool stops_up(const Preflight& found) { return is_bad(found) && !holds(found); }

std::string render_text(const Preflight& found, bool colour) {
  PreflightPage page(found, colour);
  const auto head = page.bold(fmt::format("preflight {}", one_line(found.lab))) + page.dim("  " + one_line(found.topology)) + "\n";
  return head + page.render(true) + "\n" + sentence_of(found) + "\n";
}

std::string render_troubles(const Preflight& found, bool colour) { return PreflightPage(found, colour).render(false); }

}  // namespace tidelab::report
