// JUnit XML for CI servers. They count cases, and most take a file without any for a success: so a report that
// is not a success always holds at least one failure or error, and no report is without a case.

#include <fmt/format.h>
#include <pugixml.hpp>

#include "report/junit_document.hpp"
#include "report/layout.hpp"
#include "report/report.hpp"

namespace tidelab::report {
namespace {

struct Tally {
  int tests = 0, failures = 0, errors = 0, skipped = 0;

  Tally& operator+=(const Tally& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    return *this;
  }
};

void set_tally(pugi::xml_node node, const Tally& tally) {
  node.append_attribute("tests") = tally.tests;
  node.append_attribute("failures") = tally.failures;
  node.append_attribute("errors") = tally.errors;
  node.append_attribute("skipped") = tally.skipped;
}

void add_finding(pugi::xml_node test, const char* kind, const std::string& message, const std::string& body) {
  auto node = test.append_child(kind);
  set_line(node, "message", message);
  if (!body.empty()) node.append_child(pugi::node_pcdata).set_value(printable(body).c_str());
}

std::string body_of(std::initializer_list<std::pair<const char*, const std::string&>> fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) body += fmt::format("{}: {}\n", name, value);
  }
  return body;
}

void add_row(pugi::xml_node suite, const std::string& suite_name, const Row& row, Tally& tally) {
  auto test = add_case(suite, row.hop.title, suite_name);
  const double seconds = row.latency ? static_cast<double>(row.latency->count()) / 1e6 : 0;
  set_line(test, "time", fmt::format("{:.6f}", seconds < 0 ? 0 : seconds));
  ++tally.tests;
  const std::string body = body_of({{"expected", row.expected},
                                    {"actual", row.actual},
                                    {"for", row.written},
                                    {"origin", row.origin},
                                    {"help", row.help},
                                    {"look at", row.hop.look_at},
                                    {"evidence", row.evidence}});
  switch (row.verdict) {
    case Verdict::pass:
    case Verdict::warn: break;
    case Verdict::fail:
      ++tally.failures;
      add_finding(test, "failure", row.note, body);
      break;
    case Verdict::broken:
      ++tally.errors;
      add_finding(test, "error", row.note, body);
      break;
    case Verdict::unknown:
      ++tally.errors;
      add_finding(test, "error", "not decided: the run ended before", body);
      break;
    case Verdict::blocked:
      ++tally.skipped;
      add_finding(test, "skipped", row.blocked_by.empty() ? "blocked" : "blocked by: " + row.blocked_by.front(), "");
      break;
  }
}

pugi::xml_node add_suite(pugi::xml_node root, const std::string& name) {
  auto suite = root.append_child("testsuite");
  set_line(suite, "name", name);
  return suite;
}

Tally add_group(pugi::xml_node root, const Group& group) {
  Tally tally;
  auto suite = add_suite(root, group.title());
  for (const Row* row : group.rows) add_row(suite, group.title(), *row, tally);
  set_tally(suite, tally);
  return tally;
}

/// What is no hop: steps that did not work, and the run itself where nothing else would speak for it.
Tally add_run(pugi::xml_node root, const Report& report, const Tally& before) {
  const bool says_no = before.failures + before.errors > 0 || !report.troubles.empty();
  const bool empty = before.tests == 0 && report.troubles.empty();
  const bool speak = empty || (report.exit_code != 0 && !says_no);
  if (report.troubles.empty() && !speak) return {};
  Tally tally;
  auto suite = add_suite(root, "run");
  for (const Trouble& trouble : report.troubles) {
    const auto& failure = trouble.failure;
    add_finding(add_case(suite, trouble.title, "run"), "error", failure.what,
                body_of({{"host", trouble.host},
                         {"component", trouble.component},
                         {"expected", failure.expected},
                         {"actual", failure.actual},
                         {"for", trouble.written},
                         {"origin", trouble.origin},
                         {"help", failure.help},
                         {"evidence", failure.evidence}}));
    ++tally.tests;
    ++tally.errors;
  }
  if (speak) {
    auto test = add_case(suite, fmt::format("{} {}", report.opened.command, report.opened.lab), "run");
    ++tally.tests;
    if (report.exit_code != 0) {
      ++tally.errors;
      add_finding(test, "error", report.sentence, "");
    }
  }
  set_tally(suite, tally);
  return tally;
}

/// They fail nothing: the words stand in cases that pass, as those of `tidelab preflight` do.
Tally add_warnings(pugi::xml_node root, const Report& report) {
  if (report.warned.empty()) return {};
  const std::string name = "warnings";
  Tally tally;
  auto suite = add_suite(root, name);
  for (const auto& each : report.warned) {
    const auto body = body_of({{each.result.c_str(), each.found}, {"fix", each.fix}, {"evidence", each.evidence}});
    add_case(suite, each.host + ": " + each.check, name).append_child("system-out").text().set(printable(body).c_str());
    ++tally.tests;
  }
  set_tally(suite, tally);
  return tally;
}

}  // namespace

std::string render_junit(const Report& report) {
  pugi::xml_document document;
  auto root = begin_suites(document, printable(one_line(fmt::format("tidelab {} {}", report.opened.command, report.opened.lab))));
  set_line(root, "time", fmt::format("{:.3f}", static_cast<double>(report.took.count()) / 1e6));
  Tally all;
  for (const Group& group : groups_of(report)) all += add_group(root, group);
  all += add_run(root, report, all);
  all += add_warnings(root, report);
  set_tally(root, all);
  return text_of(document);
}

}  // namespace tidelab::report
