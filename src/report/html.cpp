// One self-contained page: no script, no outside address. Every text goes through escape().
#include <fmt/format.h>

#include "report/layout.hpp"
#include "report/page_style.hpp"
#include "report/report.hpp"

namespace tidelab::report {
namespace {

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string span_or_nothing(const Row& row) { return row.latency ? render_span(*row.latency) : ""; }

/// The row's way as boxes.
std::string render_chain(const Group& group) {
  std::string out = "<div class=\"chain\">\n";
  for (const Row* row : group.rows) {
    if (row != group.rows.front()) out += "<span class=\"faint\">→</span>\n";
    const std::string below = row->latency ? render_span(*row->latency) : name_of(row->verdict);
    out += fmt::format("<div class=\"box {}\" title=\"{}\">{}<small>{}</small></div>\n", name_of(row->verdict), escape(row->hop.title),
                       escape(row->hop.place), escape(below));
  }
  return out + "</div>\n";
}

std::string render_field(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<div><span class=\"faint\">{}:</span> {}</div>\n", name, escape(value));
}

std::string render_evidence(const std::string& summary, const std::string& text) {
  return text.empty() ? "" : fmt::format("<details><summary>{}</summary><pre>{}</pre></details>\n", escape(summary), escape(text));
}

std::string render_why(const Row& row) {
  std::string out;
  if (!row.note.empty()) out += fmt::format("<div>{}</div>\n", escape(row.note));
  for (const std::string& title : row.blocked_by) out += render_field("blocked by", title);
  if (row.verdict == Verdict::pass) return out;
  out += render_field("expected", row.expected) + render_field("actual", row.actual) + render_evidence("evidence", row.evidence);
  return out + render_field("origin", row.origin) + render_field("help", row.help) + render_field("look at", row.hop.look_at);
}

std::string render_rows(const Report& report, const std::vector<const Row*>& rows) {
  std::string out = "<table>\n<tr><th>verdict</th><th>latency</th><th>claim</th><th></th></tr>\n";
  for (const Row* row : rows) {
    const std::string component = component_label(report.opened, row->component);
    out += fmt::format("<tr><td class=\"{0}\">{0}</td><td class=\"time\">{1}</td><td>{2}{3}</td><td>{4}</td></tr>\n", name_of(row->verdict),
                       span_or_nothing(*row), escape(row->hop.title),
                       component.empty() ? "" : "<div class=\"faint\">" + escape(component) + "</div>", render_why(*row));
  }
  return out + "</table>\n";
}

std::string render_warnings(const Report& report) {
  if (report.warned.empty()) return {};
  std::string out = "<h2>before the first change</h2>\n<table>\n<tr><th>result</th><th>host</th><th>check</th><th></th></tr>\n";
  for (const auto& each : report.warned)
    out +=
        fmt::format("<tr><td class=\"broken\">{}</td><td>{}</td><td>{}</td><td>{}{}{}</td></tr>\n", escape(each.result), escape(each.host),
                    escape(each.check), escape(each.found), render_evidence("evidence", each.evidence), render_field("fix", each.fix));
  return out + "</table>\n";
}

std::string render_troubles(const Report& report) {
  if (report.troubles.empty()) return {};
  std::string out = "<h2>steps that did not work</h2>\n<table>\n<tr><th>step</th><th>where</th><th></th></tr>\n";
  for (const Trouble& trouble : report.troubles) {
    const auto& failure = trouble.failure;
    out += fmt::format("<tr><td class=\"fail\">{}</td><td>{} {}</td><td>{}{}{}{}{}{}</td></tr>\n", escape(trouble.title),
                       escape(trouble.host), escape(trouble.component), escape(failure.what), render_field("expected", failure.expected),
                       render_field("actual", failure.actual), render_evidence("evidence", failure.evidence),
                       render_field("origin", trouble.origin), render_field("help", failure.help));
  }
  return out + "</table>\n";
}

std::string render_components(const Report& report) {
  if (report.opened.components.empty()) return {};
  std::string out =
      "<h2>components</h2>\n<table>\n<tr><th>component</th><th>node</th><th>version</th><th>host</th><th>jre</th><th>from</th></tr>\n";
  for (const auto& line : report.opened.components) {
    const bool stand_in = line.source.find("stand-in") != std::string::npos;
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td{}>{}</td></tr>\n", escape(line.title),
                       escape(line.node), escape(line.version), escape(line.host), escape(line.jre), stand_in ? " class=\"broken\"" : "",
                       escape(line.source));
  }
  return out + "</table>\n";
}

const char* colour_of(const Report& report) {
  if (report.exit_code == 0) return "pass";
  return report.exit_code == 1 || report.exit_code == 3 ? "fail" : "broken";
}

std::string render_body(const Report& report) {
  const auto& opened = report.opened;
  std::string out =
      fmt::format("<h1>{} {}</h1>\n<div class=\"faint\">{} · {} · {} · {}</div>\n", escape(opened.command), escape(opened.lab),
                  escape(opened.topology), escape(opened.when), escape(opened.program), render_span(report.took));
  out += fmt::format("<p class=\"sentence {}\">{}</p>\n", colour_of(report), escape(report.sentence));
  for (const std::string& note : opened.notes) out += fmt::format("<div class=\"faint\">note: {}</div>\n", escape(note));
  out += render_warnings(report);
  for (const Group& group : groups_of(report, true)) {
    out += fmt::format("<h2>{}</h2>\n", escape(group.title())) + render_chain(group) + render_rows(report, group.rows);
  }
  for (const Group& group : groups_of(report, false)) {
    out += fmt::format("<h2>health: {}</h2>\n", escape(group.title())) + render_rows(report, group.rows);
  }
  out += render_troubles(report);
  if (!report.evidence.empty()) out += "<h2>collected evidence</h2>\n";
  for (const auto& item : report.evidence) {
    const std::string component = component_label(opened, item.component);
    out += render_evidence(component.empty() ? item.title : item.title + " – " + component, item.text);
  }
  return out + render_components(report);
}

}  // namespace

std::string render_html(const Report& report) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>{} {}: "
      "{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escape(report.opened.command), escape(report.opened.lab), escape(report.sentence), page_style, render_body(report));
}

}  // namespace tidelab::report
