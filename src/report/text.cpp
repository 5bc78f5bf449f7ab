// The face of the product: calm when all is well, and when it is not, everything that a person needs to go on
// without opening a second terminal. The last line is always the sentence.
#include <algorithm>

#include <fmt/format.h>

#include "report/exit_code.hpp"
#include "report/layout.hpp"
#include "report/report.hpp"
#include "source/paint.hpp"

namespace tidelab::report {
namespace {

constexpr int page_width = 120;
constexpr int title_least = 40;
constexpr int latency_width = 7;
constexpr std::size_t evidence_lines = 30;
constexpr int evidence_width = 400;  // one line of JSON can be a megabyte; the other formats have it whole

const char* mark_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "✓";
    case Verdict::fail: return "✗";
    case Verdict::warn: return "!";
    case Verdict::broken: return "?";
    case Verdict::blocked: return "–";
    case Verdict::unknown: return "…";
  }
  return "?";
}

/// Writes the page; knows whether colour is wanted. Texts of others go through printable() or one_line() first.
const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "passed";
    case Verdict::fail: return "failed";
    case Verdict::warn: return "warned of";
    case Verdict::broken: return "could not be looked at";
    case Verdict::blocked: return "not reached";
    case Verdict::unknown: return "unknown";
  }
  return "unknown";
}

class Page {
public:
  Page(const Report& report, bool colour) : report_(report), colour_(colour) {}
  std::string render();

private:
  void head();
  void warnings();
  void hops();
  void health();
  void findings();
  void finding(const Row& row);
  void finding(const Trouble& trouble);
  void evidence();
  void stand_ins();
  void tail();

  void line(const std::string& text) { out_ += text + "\n"; }
  void heading(const std::string& text) { line("\n" + paint(text, "1")); }
  void hop_line(const Row& row, int title_width, const std::string& indent = "  ");
  void field(const char* name, const std::string& value);
  void block(const std::string& text, const std::string& indent);

  std::string paint(const std::string& text, const char* code) const { return colour_ ? source::painted(text, code) : text; }
  std::string dim(const std::string& text) const { return paint(text, "2"); }
  std::string mark(Verdict verdict) const {
    const char* code = verdict == Verdict::pass ? "32" : verdict == Verdict::fail ? "31" : verdict == Verdict::blocked ? "2" : "33";
    return paint(mark_of(verdict), code);
  }

  const Report& report_;
  bool colour_;
  std::string out_;
};

void Page::head() {
  const auto& opened = report_.opened;
  line(paint(one_line(fmt::format("{} {}", opened.command.empty() ? "no run" : opened.command, opened.lab)), "1") +
       dim(one_line(fmt::format("  {}  {}  {}", opened.topology, opened.when, opened.program)).insert(0, "  ")));
  for (const std::string& note : opened.notes) line("note: " + one_line(note));
}

void Page::warnings() {
  if (report_.warned.empty()) return;
  heading("warnings");
  for (const auto& each : report_.warned) {
    const char* sign = each.result == "unknown" ? "?" : "!";
    line(fmt::format("  {} {}", paint(sign, "33"), one_line(fmt::format("{}: {}: {}", each.host, each.check, each.found))));
    block(each.evidence, "      ");
    if (!each.fix.empty()) line("      → " + one_line(each.fix));
  }
}

void Page::hop_line(const Row& row, int title_width, const std::string& indent) {
  const std::string latency = row.latency ? render_span(*row.latency) : "";
  const std::string gap(static_cast<std::size_t>(std::max(0, latency_width - width_of(latency))), ' ');
  std::string text = pad(one_line(row.hop.title), title_width);
  const int left = page_width - width_of(indent) - 1 - 1 - latency_width - 2 - width_of(text) - 2;
  // What a failed row has to say is told in full below.
  const bool told_below = row.verdict == Verdict::fail || row.verdict == Verdict::broken;
  const std::string looked = row.watched ? fmt::format("not seen in {}", render_span(*row.watched)) : "";
  std::string note = told_below                                                   ? ""
                     : row.verdict == Verdict::blocked && row.watched             ? looked + " either"
                     : row.verdict == Verdict::blocked && !row.blocked_by.empty() ? "after: " + row.blocked_by.front()
                                                                                  : row.note;
  note = left < 12 ? "" : clip(one_line(note), left);
  if (note.empty()) text.erase(text.find_last_not_of(' ') + 1);
  line(fmt::format("{}{} {}{}  {}{}", indent, mark(row.verdict), gap, latency, text, note.empty() ? "" : "  " + dim(note)));
}

void Page::hops() {
  const auto groups = groups_of(report_, true);
  int title_width = title_least;
  for (const Group& group : groups) {
    for (const Row* row : group.rows) title_width = std::max(title_width, std::min(width_of(one_line(row->hop.title)), page_width - 40));
  }
  for (const Group& group : groups) {
    heading(one_line(group.title()));
    for (const Row* row : group.rows) hop_line(*row, title_width);
  }
}

void Page::health() {
  const auto patients = patients_of(report_);
  if (patients.empty()) return;
  heading("health");
  int longest_label = 0;
  for (const Patient& patient : patients)
    longest_label = std::max(longest_label, std::min(width_of(one_line(patient.label)), page_width - 30));
  for (const Patient& patient : patients) {
    const long all = static_cast<long>(patient.rows.size());
    const Row& first = *patient.rows.front();
    const auto bad = std::find_if(patient.rows.begin(), patient.rows.end(), [](const Row* row) { return row->verdict == Verdict::fail; });
    const Row* worst = bad != patient.rows.end() ? *bad : &first;
    for (const Row* row : patient.rows) {
      if (worst->verdict == Verdict::pass) worst = row;
    }
    const std::string count =
        patient.failed == 0 ? count_of(all, "claim") : fmt::format("{} of {} hold", all - patient.failed, count_of(all, "claim"));
    line(fmt::format("  {} {}  {}", mark(worst->verdict), pad(one_line(patient.label), longest_label), count));
    for (const Row* row : patient.rows) {
      if (row->verdict != Verdict::pass) line(fmt::format("      {} {}", mark(row->verdict), one_line(row->hop.title)));
    }
  }
}

/// `name: value`, further lines of the value below the first. Nothing when there is no value.
void Page::field(const char* name, const std::string& value) {
  const auto lines = lines_of(printable(value));
  for (std::size_t i = 0; i < lines.size(); ++i) line(fmt::format("    {:<9} {}", i == 0 ? name : "", lines[i]));
}

/// The last lines of a text: the end of a log is where the reason is.
void Page::block(const std::string& text, const std::string& indent) {
  const auto lines = lines_of(printable(text));
  const std::size_t from = lines.size() > evidence_lines ? lines.size() - evidence_lines : 0;
  if (from > 0) line(dim(fmt::format("{}│ … {} before", indent, count_of(static_cast<long>(from), "line"))));
  for (std::size_t i = from; i < lines.size(); ++i)
    line(dim(indent + "│") + (lines[i].empty() ? "" : " " + clip(lines[i], evidence_width)));
}

void Page::finding(const Row& row) {
  line(fmt::format("\n{} {}{}", mark(row.verdict), paint(one_line(row.hop.title), "1"),
                   dim("  " + one_line(label_of(report_.opened, row)))));
  if (!row.words.empty()) field("why:", row.words);
  field(row.verdict != Verdict::broken ? "false:" : row.hop.travels ? "could not look:" : "could not ask:", row.note);
  field("expected:", row.expected);
  field("actual:", row.actual);
  if (!row.evidence.empty()) {
    line("    evidence:");
    block(row.evidence, "      ");
  }
  field("for:", row.written);
  field("origin:", row.origin);
  field("help:", row.help);
  field("look at:", row.hop.look_at);
}

void Page::finding(const Trouble& trouble) {
  std::string where = trouble.host.empty() ? "" : "on " + trouble.host;
  if (!trouble.component.empty()) where += (where.empty() ? "" : ", ") + trouble.component;
  line(fmt::format("\n{} {}{}", mark(trouble.failure.why == step::Why::unreachable ? Verdict::broken : Verdict::fail),
                   paint(one_line(trouble.title), "1"), where.empty() ? "" : dim("  " + one_line(where))));
  field("what:", trouble.failure.what);
  field("expected:", trouble.failure.expected);
  field("actual:", trouble.failure.actual);
  if (!trouble.failure.evidence.empty()) {
    line("    evidence:");
    block(trouble.failure.evidence, "      ");
  }
  field("for:", trouble.written);
  field("origin:", trouble.origin);
  field("help:", trouble.failure.help);
}

void Page::findings() {
  for (const Row& row : report_.rows) {
    if (row.verdict == Verdict::fail || row.verdict == Verdict::warn || row.verdict == Verdict::broken) finding(row);
  }
  for (const Trouble& trouble : report_.troubles) finding(trouble);
}

void Page::evidence() {
  for (const auto& item : report_.evidence) {
    const std::string component = component_label(report_.opened, item.component);
    line("\n" + paint(one_line(item.title), "1") + (component.empty() ? "" : dim("  " + one_line(component))));
    block(item.text, "  ");
  }
}

void Page::stand_ins() {
  const auto found = stand_ins_of(report_);
  if (found.empty()) return;
  heading("not the real thing");
  for (const auto* item : found)
    line(paint(fmt::format("  {} ({}): {}", one_line(item->title), one_line(item->node), one_line(item->source)), "33"));
}

void Page::tail() {
  std::string counts;
  const auto add = [&](long number, const char* word) {
    if (number > 0) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", number, word);
  };
  for (const Verdict verdict : {Verdict::pass, Verdict::fail, Verdict::warn, Verdict::broken, Verdict::blocked, Verdict::unknown}) {
    add(count_of(report_, verdict), word_of(verdict));
  }
  if (report_.rows.empty()) {
    add(report_.made, "changed");
    if (report_.restarted > 0) counts += fmt::format(" ({} restarted)", count_of(report_.restarted, "service"));
    add(report_.held, "unchanged");
    add(report_.failed, "failed");
    add(report_.blocked, "blocked");
  }
  counts += fmt::format("{}{}", counts.empty() ? "" : "; ", render_span(report_.took));
  if (report_.closed.remote_commands > 0) counts += ", " + count_of(report_.closed.remote_commands, "remote command");
  line("\n" + dim(counts));
  const char* colour = report_.exit_code == 0 ? "1;32" : is_false(report_.exit_code) ? "1;31" : "1;33";
  const auto& story = report_.story;
  if (story.cause.empty()) return line(paint(one_line(report_.sentence), colour));
  // A long sentence in its three parts, each where a line begins.
  line(paint(one_line(story.seen), colour));
  line(fmt::format("{} {}", paint(story.arrived ? "but:" : "explanation:", "1"), one_line(story.cause)));
  if (!story.next.empty()) line(fmt::format("{} {}", paint("next:", "1"), one_line(story.next)));
}

std::string Page::render() {
  head();
  warnings();
  hops();
  health();
  evidence();
  stand_ins();
  findings();  // what failed stands last, where the eye is
  tail();
  return std::move(out_);
}

}  // namespace

std::string render_text(const Report& report, bool colour) { return Page(report, colour).render(); }

}  // namespace tidelab::report
