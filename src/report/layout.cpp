#include "report/layout.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

#include "source/cells.hpp"
#include "source/utf8.hpp"

namespace tidelab::report {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_shown(std::uint32_t code) {
  const bool control = code < 0x20 ? code != '\n' && code != '\t' : code >= 0x7F && code < 0xA0;
  return !control && !(code >= 0x80 && source::moves_text(code)) && code != 0xFFFE && code != 0xFFFF;
}

}  // namespace

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "fail";
    case Verdict::warn: return "warn";
    case Verdict::broken: return "broken";
    case Verdict::blocked: return "blocked";
    case Verdict::unknown: return "unknown";
  }
  return "unknown";
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [code, length] = source::decode(text, 0);
    if (length > 0 && code == '\r') {
      if (text.size() == 1 || text[1] != '\n') out += '\n';  // a progress bar: each state on a line of its own
    } else if (length > 0 && is_shown(code)) {
      out += text.substr(0, length);
    } else {
      out += replacement;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out = printable(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  const auto from = out.find_first_not_of(' ');
  if (from == std::string::npos) return {};
  return out.substr(from, out.find_last_not_of(' ') - from + 1);
}

int width_of(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

std::string pad(std::string_view text, int width) {
  return std::string(text) + std::string(static_cast<std::size_t>(std::max(0, width - width_of(text))), ' ');
}

std::string clip(std::string_view text, int width) {
  if (width_of(text) <= width) return std::string(text);
  std::size_t end = 0;
  for (int seen = 0; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0u) != 0x80u;
    if (begins && ++seen == std::max(width, 1)) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string render_span(std::chrono::microseconds span) {
  const double seconds = static_cast<double>(span.count()) / 1e6;
  const double size = std::abs(seconds);  // a row can be in the log before COMMIT returns
  if (size < 0.0995) return fmt::format("{:.0f} ms", seconds * 1e3 + 0.0);
  if (size < 9.995) return fmt::format("{:.2f} s", seconds);
  if (size < 59.5) return fmt::format("{:.0f} s", seconds);
  const long long whole = std::llround(seconds);
  return fmt::format("{} min {:02} s", whole / 60, std::llabs(whole % 60));
}

std::string count_of(long number, std::string_view noun) { return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s"); }

namespace {

template <class Keep>
std::vector<Group> make_groups(const Report& report, Keep&& keep) {
  std::vector<Group> groups;
  for (const Row& row : report.rows) {
    if (!keep(row)) continue;
    auto at =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.check == row.hop.check && g.name == row.hop.group; });
    if (at == groups.end()) at = groups.insert(groups.end(), Group{row.hop.check, row.hop.group, {}});
    at->rows.push_back(&row);
  }
  return groups;
}

}  // namespace

std::vector<Group> groups_of(const Report& report, bool travels) {
  return make_groups(report, [&](const Row& row) { return row.hop.travels == travels; });
}

std::vector<Group> groups_of(const Report& report) {
  return make_groups(report, [](const Row&) { return true; });
}

std::vector<Patient> patients_of(const Report& report) {
  std::vector<Patient> patients;
  for (const Row& row : report.rows) {
    if (row.hop.travels) continue;
    const std::string label = label_of(report.opened, row);
    auto at = std::find_if(patients.begin(), patients.end(), [&](const Patient& p) { return p.label == label; });
    if (at == patients.end()) at = patients.insert(patients.end(), Patient{label, {}, 0});
    at->rows.push_back(&row);
    at->failed += row.verdict != Verdict::pass;
  }
  return patients;
}

std::string component_label(const run::Opened& opened, int component) {
  if (component < 0 || component >= static_cast<int>(opened.components.size())) return {};
  const auto& line = opened.components[component];
  return line.node.empty() ? line.title : line.title + " " + line.node;
}

std::string label_of(const run::Opened& opened, const Row& row) {
  if (row.hop.group.empty()) {
    auto label = component_label(opened, row.component);
    return label.empty() ? row.hop.check : label;
  }
  const auto& all = opened.components;
  const auto own = std::find_if(all.begin(), all.end(), [&](const auto& line) { return line.node == row.hop.group; });
  return own == all.end() ? Group{row.hop.check, row.hop.group, {}}.title() : own->title + " " + own->node;
}

std::vector<const run::ComponentLine*> stand_ins_of(const Report& report) {
  std::vector<const run::ComponentLine*> found;
  for (const auto& line : report.opened.components) {
    if (line.source.find("stand-in") != std::string::npos) found.push_back(&line);
  }
  return found;
}

int count_of(const Report& report, Verdict verdict) {
  return static_cast<int>(std::count_if(report.rows.begin(), report.rows.end(), [&](const Row& row) { return row.verdict == verdict; }));
}

}  // namespace tidelab::report
