// One self-contained page: no script, nothing loaded from elsewhere. Every text goes through escape_html() or rich_html().
#include <algorithm>

#include <fmt/format.h>

#include "report/exit_code.hpp"
#include "report/html_text.hpp"
#include "report/html_timeline.hpp"
#include "report/layout.hpp"
#include "report/page_style.hpp"
#include "report/report.hpp"

namespace tidelab::report {
namespace {

std::string span_or_nothing(const Row& row) { return row.latency ? render_span(*row.latency) : ""; }

/// The row's way as boxes.
std::string render_chain(const Group& group) {
  std::string out = "<div class=\"chain\">\n";
  for (const Row* row : group.rows) {
    if (row != group.rows.front()) out += "<span class=\"faint\">→</span>\n";
    const std::string below = row->latency ? render_span(*row->latency) : name_of(row->verdict);
    out += fmt::format("<div class=\"box {}\" title=\"{}\">{}<small>{}</small></div>\n", name_of(row->verdict), escape_html(row->hop.title),
                       escape_html(row->hop.place), escape_html(below));
  }
  return out + "</div>\n";
}

std::string render_field(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<div><span class=\"faint\">{}:</span> {}</div>\n", name, rich_html(value));
}

std::string render_evidence(const std::string& summary, const std::string& text, const std::string& id = {}) {
  if (text.empty()) return {};
  return fmt::format("<details{}><summary>{}</summary><pre>{}</pre></details>\n", id.empty() ? id : fmt::format(" id=\"{}\"", id),
                     rich_html(summary), escape_html(text));
}

/// The head of a table, and that its body begins.
std::string render_head(std::initializer_list<const char*> names) {
  std::string out = "<table>\n<thead><tr>";
  for (const auto* name : names) out += fmt::format("<th scope=\"col\">{}</th>", name);
  return out + "</tr></thead>\n<tbody>\n";
}

constexpr const char* end_of_table = "</tbody></table>\n";

/// Links to what was collected about a component: its logs stand there.
std::string render_collected(const Report& report, int component) {
  std::string out;
  for (std::size_t i = 0; i < report.evidence.size(); ++i)
    if (component >= 0 && report.evidence[i].component == component)
      out += fmt::format("<div><a href=\"#evidence-{}\">{}</a></div>\n", i, rich_html(report.evidence[i].title));
  return out;
}

std::string render_why(const Report& report, const Row& row) {
  std::string out;
  if (!row.note.empty()) out += fmt::format("<div>{}</div>\n", rich_html(row.note));
  for (const std::string& title : row.blocked_by) out += render_field("blocked by", title);
  if (row.verdict == Verdict::pass) return out;
  out += render_field("expected", row.expected) + render_field("actual", row.actual) + render_evidence("evidence", row.evidence);
  out += render_field("help", row.help) + render_field("look at", row.hop.look_at) + render_field("for", row.written) +
         render_field("origin", row.origin);
  return out + (row.verdict == Verdict::blocked ? std::string() : render_collected(report, row.component));
}

std::string render_rows(const Report& report, const std::vector<const Row*>& rows) {
  auto out = render_head({"verdict", "latency", "claim", "found"});
  for (const Row* row : rows) {
    const std::string component = component_label(report.opened, row->component);
    out += fmt::format("<tr><td class=\"word {0}\">{0}</td><td class=\"time\">{1}</td><th scope=\"row\">{2}{3}</th><td>{4}</td></tr>\n",
                       name_of(row->verdict), span_or_nothing(*row), rich_html(row->hop.title),
                       component.empty() ? ""
                                         : fmt::format("<div><a class=\"faint\" href=\"#component-{}\">{}</a></div>", row->component,
                                                       rich_html(component)),
                       render_why(report, *row));
  }
  return out + end_of_table;
}

std::string render_warnings(const Report& report) {
  if (report.warned.empty()) return {};
  auto out = "<h2>warnings</h2>\n" + render_head({"result", "host", "check", "found"});
  for (const auto& each : report.warned)
    out += fmt::format(
        "<tr><td class=\"word broken\">{}</td><td class=\"word\">{}</td><th class=\"word\" scope=\"row\">{}</th><td>{}{}{}</td></tr>\n",
        escape_html(each.result), escape_html(each.host), escape_html(each.check), rich_html(each.found),
        render_evidence("evidence", each.evidence), render_field("fix", each.fix));
  return out + end_of_table;
}

std::string render_troubles(const Report& report) {
  if (report.troubles.empty()) return {};
  auto out = "<h2>steps that did not work</h2>\n" + render_head({"step", "where", "why"});
  for (const Trouble& trouble : report.troubles) {
    const auto& failure = trouble.failure;
    out += fmt::format("<tr><th class=\"fail\" scope=\"row\">{}</th><td>{} {}</td><td>{}{}{}{}{}{}</td></tr>\n", rich_html(trouble.title),
                       rich_html(trouble.host), rich_html(trouble.component), rich_html(failure.what),
                       render_field("expected", failure.expected), render_field("actual", failure.actual),
                       render_evidence("evidence", failure.evidence), render_field("help", failure.help),
                       render_field("for", trouble.written) + render_field("origin", trouble.origin));
  }
  return out + end_of_table;
}

/// What is not as it must be, before anything else: false first, then what could not be asked, then what was not decided.
std::string render_failures(const Report& report) {
  std::vector<const Row*> rows;
  for (const auto& row : report.rows)
    if (row.verdict != Verdict::pass && row.verdict != Verdict::blocked) rows.push_back(&row);
  std::stable_sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) { return a->verdict < b->verdict; });
  return (rows.empty() ? std::string() : "<h2>what failed</h2>\n" + render_rows(report, rows)) + render_troubles(report);
}

std::string render_collection(const Report& report) {
  std::string out = report.evidence.empty() ? "" : "<h2>collected evidence</h2>\n";
  for (std::size_t i = 0; i < report.evidence.size(); ++i) {
    const auto& item = report.evidence[i];
    const std::string component = component_label(report.opened, item.component);
    out += render_evidence(component.empty() ? item.title : item.title + " – " + component, item.text, fmt::format("evidence-{}", i));
  }
  return out;
}

std::string render_components(const Report& report) {
  if (report.opened.components.empty()) return {};
  auto out = "<h2>components</h2>\n" + render_head({"component", "node", "version", "host", "jre", "from"});
  int number = 0;
  for (const auto& line : report.opened.components) {
    const bool stand_in = line.source.find("stand-in") != std::string::npos;
    out += fmt::format("<tr id=\"component-{}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td{}>{}</td></tr>\n",
                       number++, rich_html(line.title), rich_html(line.node), rich_html(line.version), rich_html(line.host),
                       rich_html(line.jre), stand_in ? " class=\"broken\"" : "", rich_html(line.source));
  }
  return out + end_of_table;
}

const char* colour_of(const Report& report) {
  if (report.exit_code == 0) return "pass";
  return is_false(report.exit_code) ? "fail" : "broken";
}

/// For the tab of a browser, which shows some twenty characters.
std::string title_of(const Report& report) {
  const char* mark = report.exit_code == 0 ? "✓" : is_false(report.exit_code) ? "✗" : "?";
  return fmt::format("{} {} {}", mark, report.opened.lab, report.opened.command);
}

std::string render_body(const Report& report) {
  const auto& opened = report.opened;
  std::string out =
      fmt::format("<h1>{} {}</h1>\n<div class=\"faint\">{} · {} · {} · {}</div>\n", escape_html(opened.command), escape_html(opened.lab),
                  rich_html(opened.topology), escape_html(opened.when), escape_html(opened.program), render_span(report.took));
  out += fmt::format("<p class=\"sentence {}\">{}</p>\n", colour_of(report), rich_html(report.sentence));
  for (const std::string& note : opened.notes) out += fmt::format("<div class=\"faint\">note: {}</div>\n", rich_html(note));
  out += render_failures(report) + render_collection(report) + render_warnings(report);
  for (const Group& group : groups_of(report, true))
    out += fmt::format("<h2>{}</h2>\n", escape_html(group.title())) + render_chain(group) + render_hop_timeline(report, group) +
           render_rows(report, group.rows);
  if (report.rows.empty()) out += render_run_timeline(report);
  for (const Group& group : groups_of(report, false))
    out += fmt::format("<h2>health: {}</h2>\n", escape_html(group.title())) + render_rows(report, group.rows);
  return out + render_components(report);
}

}  // namespace

std::string render_html(const Report& report) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escape_html(title_of(report)), page_style, render_body(report));
}

}  // namespace tidelab::report
