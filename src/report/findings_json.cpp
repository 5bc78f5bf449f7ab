// Findings for programs. docs/validate.md describes every field; a change here is a change there.
#include <nlohmann/json.hpp>

#include "report/findings.hpp"

namespace tidelab::report {

namespace {

using Json = nlohmann::ordered_json;

Json make_span(const source::Span& span) {
  if (!span.known()) return nullptr;
  if (!span.has_line()) return {{"file", span.file->name}, {"line", nullptr}, {"column", nullptr}, {"end_column", nullptr}};
  return {{"file", span.file->name}, {"line", span.line}, {"column", span.column}, {"end_column", span.column + span.length}};
}

Json make_diagnostic(const source::Diagnostic& d) {
  Json related = Json::array();
  for (const auto& note : d.notes) related.push_back({{"message", note.text}, {"span", make_span(note.span)}});
  return {{"code", d.code},       {"severity", d.severity == source::Severity::error ? "error" : "warning"},
          {"message", d.message}, {"span", make_span(d.span)},
          {"label", d.label},     {"related", std::move(related)},
          {"help", d.help}};
}

}  // namespace

std::string render_json(const Findings& findings) {
  Json files = Json::array(), diagnostics = Json::array();
  for (const auto& each : findings.files)
    files.push_back({{"name", each.name},
                     {"errors", each.errors},
                     {"warnings", each.warnings},
                     {"instances", each.instances},
                     {"hosts", each.hosts},
                     {"note", each.note}});
  for (const auto* each : findings.diagnostics.ordered()) diagnostics.push_back(make_diagnostic(*each));
  const Json root = {{"format", 1},
                     {"program", findings.program},
                     {"command", "validate"},
                     {"strict", findings.strict},
                     {"exit_code", findings.exit_code},
                     {"counts",
                      {{"errors", findings.diagnostics.errors()},
                       {"warnings", findings.diagnostics.warnings()},
                       {"left_out", findings.diagnostics.left_out()}}},
                     {"files", std::move(files)},
                     {"diagnostics", std::move(diagnostics)}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tidelab::report
