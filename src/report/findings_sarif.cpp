// Findings as SARIF 2.1.0. Columns are UTF-16 code units, which is what readers assume that ignore columnKind.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/findings.hpp"
#include "report/layout.hpp"
#include "source/utf8.hpp"
#include "step/short_digest.hpp"

namespace tidelab::report {

namespace {

using Json = nlohmann::ordered_json;

// Of `file:` or relative to where the tool ran, which in a CI job is the checkout.
std::string make_uri(const std::string& name) {
  const auto path = std::filesystem::path(name).lexically_normal().generic_string();
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// How many UTF-16 code units lie before character `column` (from 1).
int units_before(std::string_view line, int column) {
  int units = 0;
  std::size_t at = line.starts_with("\xef\xbb\xbf") ? 3 : 0;
  for (int i = 1; i < column && at < line.size(); ++i) {
    const auto [value, length] = source::decode(line, at);
    units += value > 0xffff ? 2 : 1;
    at += std::max<std::size_t>(length, 1);
  }
  return units;
}

Json make_location(const source::Span& span) {
  Json place = {{"artifactLocation", {{"uri", make_uri(span.file->name)}}}};
  if (span.has_line()) {
    const auto line = span.file->line(span.line);
    place["region"] = {{"startLine", span.line},
                       {"startColumn", units_before(line, span.column) + 1},
                       {"endLine", span.line},
                       {"endColumn", units_before(line, span.column + span.length) + 1}};
    // A place behind the last character has no characters of its own.
    auto& region = place["region"];
    if (region["endColumn"] <= region["startColumn"]) region["endColumn"] = region["startColumn"];
  }
  return {{"physicalLocation", std::move(place)}};
}

// In a message, brackets would begin a link, and braces a placeholder.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '\\') out += '\\';
    if (c == '{' || c == '}') out += c;
    out += c;
  }
  return out;
}

std::string make_message(const source::Diagnostic& d) {
  auto out = escaped(one_line(d.message));
  if (!d.label.empty()) out += fmt::format(" ({})", escaped(one_line(d.label)));
  int id = 0;
  for (const auto& note : d.notes)
    out += note.span.known() ? fmt::format("; [{}]({})", escaped(one_line(note.text)), ++id) : "; " + escaped(one_line(note.text));
  if (!d.help.empty()) out += ". Help: " + escaped(one_line(d.help));
  return out.ends_with('?') ? out : out + ".";
}

Json make_rule(const std::string& code, const Findings& findings) {
  Json rule = {{"id", code}};
  const auto found = findings.explained.find(code);
  if (found == findings.explained.end()) return rule;
  rule["shortDescription"] = {{"text", found->second.title}};
  rule["fullDescription"] = {{"text", found->second.text}};
  rule["help"] = {{"text", found->second.text}, {"markdown", found->second.markdown}};
  return rule;
}

Json make_result(const source::Diagnostic& d, std::size_t rule, const source::File* fallback, std::map<std::string, int>& seen) {
  Json out = {{"ruleId", d.code},
              {"ruleIndex", rule},
              {"level", d.severity == source::Severity::error ? "error" : "warning"},
              {"message", {{"text", make_message(d)}}},
              {"locations", Json::array()}};
  if (d.span.known())
    out["locations"].push_back(make_location(d.span));
  else if (fallback != nullptr)
    out["locations"].push_back(make_location({fallback, 0, 0, 0}));
  Json related = Json::array();
  for (const auto& note : d.notes) {
    if (!note.span.known()) continue;
    auto place = make_location(note.span);
    place["id"] = related.size() + 1;
    place["message"] = {{"text", escaped(one_line(note.text))}};
    related.push_back(std::move(place));
  }
  if (!related.empty()) out["relatedLocations"] = std::move(related);
  // The same fault stays the same alert when lines move above it.
  auto what = d.code + "\n" + (d.span.known() ? d.span.file->name : "") + "\n" +
              (d.span.has_line() ? one_line(d.span.file->line(d.span.line)) : "");
  out["partialFingerprints"] = {{"tidelabDiagnostic/v1", fmt::format("{}:{}", step::short_digest(what), ++seen[what])}};
  return out;
}

}  // namespace

std::string render_sarif(const Findings& findings) {
  const auto ordered = findings.diagnostics.ordered();
  std::set<std::string> codes;
  const source::File* first = nullptr;
  for (const auto* each : ordered) {
    codes.insert(each->code);
    if (first == nullptr) first = each->span.file;
  }
  // What is wrong with an option is told at the first file that was asked about: uploads take nothing without a place.
  const source::File asked{findings.files.empty() ? "" : findings.files.front().name, ""};
  if (first == nullptr && !findings.files.empty()) first = &asked;
  Json rules = Json::array(), results = Json::array();
  for (const auto& code : codes) rules.push_back(make_rule(code, findings));
  std::map<std::string, int> seen;
  for (const auto* each : ordered) {
    const auto rule = static_cast<std::size_t>(std::distance(codes.begin(), codes.find(each->code)));
    results.push_back(make_result(*each, rule, first, seen));
  }
  const auto version = findings.program.substr(findings.program.find(' ') + 1);
  Json driver = {{"name", "tidelab"},
                 {"fullName", findings.program},
                 {"semanticVersion", version.substr(0, version.find(' '))},
                 {"rules", std::move(rules)}};
  Json artifacts = Json::array();
  for (const auto& file : findings.files) artifacts.push_back({{"location", {{"uri", make_uri(file.name)}}}});
  const Json run = {{"tool", {{"driver", std::move(driver)}}},
                    {"invocations", Json::array({{{"executionSuccessful", true}, {"exitCode", findings.exit_code}}})},
                    {"columnKind", "utf16CodeUnits"},
                    {"artifacts", std::move(artifacts)},
                    {"results", std::move(results)}};
  const Json root = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tidelab::report
