// Findings as JUnit XML: a suite for each file, a case for each diagnostic, since CI servers show one failure a case.
// Warnings are cases that pass and say something; a file without any finding is one case that passes.
#include <algorithm>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "report/findings.hpp"
#include "report/junit_document.hpp"
#include "report/layout.hpp"

namespace tidelab::report {

namespace {

pugi::xml_node add_case_of_file(pugi::xml_node suite, const std::string& name, const std::string& file) {
  auto made = add_case(suite, name, file);
  set_line(made, "file", file);
  return made;
}

void add_diagnostic(pugi::xml_node suite, const source::Diagnostic& d, const std::string& file) {
  auto made = add_case_of_file(suite, fmt::format("{}: {}", d.code, d.message), file);
  if (d.span.has_line()) made.append_attribute("line") = d.span.line;
  const bool fails = d.severity == source::Severity::error;
  auto body = made.append_child(fails ? "failure" : "system-out");
  if (fails) {
    set_line(body, "message", d.message);
    set_line(body, "type", d.code);
  }
  body.append_child(pugi::node_pcdata).set_value(printable(source::render_text(d)).c_str());
}

int failures_of(const std::vector<const source::Diagnostic*>& found) {
  return static_cast<int>(std::count_if(found.begin(), found.end(), [](const auto* d) { return d->severity == source::Severity::error; }));
}

void add_suite(pugi::xml_node root, const std::string& file, const std::vector<const source::Diagnostic*>& found) {
  auto suite = root.append_child("testsuite");
  set_line(suite, "name", file);
  suite.append_attribute("tests") = std::max<long>(1, static_cast<long>(found.size()));
  suite.append_attribute("failures") = failures_of(found);
  suite.append_attribute("errors") = 0;
  suite.append_attribute("skipped") = 0;
  if (found.empty()) add_case_of_file(suite, "no findings", file);
  for (const auto* each : found) add_diagnostic(suite, *each, file);
}

}  // namespace

std::string render_junit(const Findings& findings) {
  // By the names of files: those asked about first, also the clean ones; then playbooks, if they are at fault.
  std::vector<std::pair<std::string, std::vector<const source::Diagnostic*>>> suites;
  for (const auto& file : findings.files) suites.emplace_back(file.name, std::vector<const source::Diagnostic*>{});
  for (const auto* each : findings.diagnostics.ordered()) {
    const auto name = each->span.known() ? each->span.file->name : suites.empty() ? "tidelab" : suites.front().first;
    auto at = std::find_if(suites.begin(), suites.end(), [&](const auto& suite) { return suite.first == name; });
    if (at == suites.end()) at = suites.insert(suites.end(), {name, {}});
    at->second.push_back(each);
  }
  pugi::xml_document document;
  auto root = begin_suites(document, "tidelab validate");
  std::size_t tests = 0;
  int failures = 0;
  for (const auto& [file, found] : suites) {
    tests += std::max<std::size_t>(1, found.size());
    failures += failures_of(found);
    add_suite(root, file, found);
  }
  root.append_attribute("tests") = static_cast<long>(tests);
  root.append_attribute("failures") = failures;
  root.append_attribute("errors") = 0;
  root.append_attribute("skipped") = 0;
  return text_of(document);
}

}  // namespace tidelab::report
