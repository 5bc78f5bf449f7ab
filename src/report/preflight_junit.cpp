// The preflight for CI servers: a suite per host, a case per check, so that names of cases stay the same from run to run.
#include <algorithm>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "report/junit_document.hpp"
#include "report/layout.hpp"
#include "report/preflight.hpp"

namespace tidelab::report {

namespace {

using preflight::Finding;
using preflight::Outcome;

struct Case {
  std::string check;
  std::vector<const Finding*> rows;

  bool has(Outcome outcome) const {
    return std::any_of(rows.begin(), rows.end(), [&](const Finding* row) { return row->outcome == outcome; });
  }
  bool fails(bool strict) const { return has(Outcome::failure) || (strict && has(Outcome::warning)); }
  bool errs(bool strict) const { return !fails(strict) && has(Outcome::unknown); }
};

std::vector<Case> cases_of(const Preflight& found, int lane) {
  std::vector<Case> out;
  for (const auto& row : found.rows) {
    if (row.lane != lane) continue;
    auto at = std::find_if(out.begin(), out.end(), [&](const Case& each) { return each.check == row.check; });
    if (at == out.end()) at = out.insert(out.end(), {row.check, {}});
    at->rows.push_back(&row);
  }
  return out;
}

void add_check(pugi::xml_node suite, const std::string& host, const Case& each, bool strict) {
  auto node = add_case(suite, each.check, host);
  std::string text, first;
  for (const auto* row : each.rows) {
    text += fmt::format("{}: {}\n", preflight::name_of(row->outcome), one_line(row->found));
    if (!row->fix.empty()) text += fmt::format("  → {}\n", one_line(row->fix));
    if (!row->evidence.empty()) text += printable(row->evidence) + "\n";
    if (first.empty() && row->outcome != Outcome::ok && row->outcome != Outcome::fixed) first = row->found;
  }
  const bool fails = each.fails(strict), errs = each.errs(strict);
  auto body = node.append_child(fails ? "failure" : errs ? "error" : "system-out");
  if (fails || errs) {
    set_line(body, "message", first);
    set_line(body, "type", each.check);
  }
  body.append_child(pugi::node_pcdata).set_value(text.c_str());
}

struct Counts {
  long tests = 0, failures = 0, errors = 0;
  void put(pugi::xml_node node) const {
    node.append_attribute("tests") = tests;
    node.append_attribute("failures") = failures;
    node.append_attribute("errors") = errors;
    node.append_attribute("skipped") = 0;
  }
};

}  // namespace

std::string render_junit(const Preflight& found) {
  pugi::xml_document document;
  auto root = begin_suites(document, "tidelab preflight");
  Counts all;
  for (std::size_t i = 0; i < found.hosts.size(); ++i) {
    const auto cases = cases_of(found, static_cast<int>(i) + 1);
    auto suite = root.append_child("testsuite");
    set_line(suite, "name", found.hosts[i].name);
    const auto count = [&](auto which) { return static_cast<long>(std::count_if(cases.begin(), cases.end(), which)); };
    const Counts own{static_cast<long>(cases.size()), count([&](const Case& c) { return c.fails(found.strict); }),
                     count([&](const Case& c) { return c.errs(found.strict); })};
    own.put(suite);
    all = {all.tests + own.tests, all.failures + own.failures, all.errors + own.errors};
    for (const auto& each : cases) add_check(suite, found.hosts[i].name, each, found.strict);
  }
  all.put(root);
  return text_of(document);
}

}  // namespace tidelab::report
