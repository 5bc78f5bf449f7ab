// What the renderings share: safe text, widths, spans of time, and how rows are grouped.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.hpp"

namespace tidelab::report {

/// Valid UTF-8 without control characters other than line feed and tab. Evidence comes from logs of others:
/// it must not move a terminal's cursor and must be legal in XML. Carriage returns become line feeds.
std::string printable(std::string_view text);

/// The same on one line: line feeds and tabs become spaces, and spaces at the ends go.
std::string one_line(std::string_view text);

/// Number of characters (code points) of valid UTF-8.
int width_of(std::string_view text);

/// Filled with spaces up to `width`; at most `width` characters, the last one then being "…".
std::string pad(std::string_view text, int width);
std::string clip(std::string_view text, int width);

std::vector<std::string> lines_of(std::string_view text);

/// "12 ms", "0.91 s", "41 s", "2 min 05 s".
std::string render_span(std::chrono::microseconds span);

/// "1 hop", "2 hops".
std::string count_of(long number, std::string_view noun);

/// Rows of one check and instance, in plan order.
struct Group {
  std::string check, name;
  std::vector<const Row*> rows;

  std::string title() const { return name.empty() ? check : check + ": " + name; }
};

/// By first appearance. Only rows with this `travels`.
std::vector<Group> groups_of(const Report& report, bool travels);
std::vector<Group> groups_of(const Report& report);

/// Claims about health of one component.
struct Patient {
  std::string label;  ///< of the component, or the check's title for claims about none
  std::vector<const Row*> rows;
  int failed = 0;  ///< rows that are not Pass
};
std::vector<Patient> patients_of(const Report& report);

/// "Kafka broker 10.0.0.2:9092"; empty when the index points nowhere.
std::string component_label(const run::Opened& opened, int component);

/// Of whom a claim is: its component, or what has no host and that it was made for.
std::string label_of(const run::Opened& opened, const Row& row);

/// Components of which only a stand-in runs.
std::vector<const run::ComponentLine*> stand_ins_of(const Report& report);

int count_of(const Report& report, Verdict verdict);

}  // namespace tidelab::report
