// What a run means: a pure fold over its events, and its renderings.
#pragma once

#include <string>
#include <vector>

#include "report/timeline.hpp"
#include "run/event.hpp"

namespace tidelab::report {

enum class Verdict {
  pass,
  fail,     ///< the component answered wrongly, refused or stayed silent on its own port while its host is reachable
  broken,   ///< could not ask: ssh, DNS, authentication, a missing tool of ours
  blocked,  ///< something before it failed
  unknown,  ///< interrupted before it was decided
};
const char* name_of(Verdict verdict);

/// One hop or claim.
struct Row {
  int step = 0;
  plan::Hop hop;
  Verdict verdict = Verdict::unknown;
  std::optional<std::chrono::microseconds> latency;  ///< from the commit, where the hop has a time zero
  std::string note, expected, actual, evidence, origin, help;
  int component = -1;
  std::vector<std::string> blocked_by;  ///< titles
};

/// A step (not a hop) that did not hold.
struct Trouble {
  int step = 0;
  std::string title, host, component, origin;
  step::Failure failure;
};

struct Report {
  run::Opened opened;
  std::vector<Row> rows;            ///< in plan order
  std::vector<run::Warned> warned;  ///< before the first change
  std::vector<Trouble> troubles;
  std::vector<run::Evidence> evidence;
  std::vector<Bar> bars;                            ///< when what took how long
  int held = 0, made = 0, failed = 0, blocked = 0;  ///< steps that change something
  std::chrono::microseconds took{};
  bool interrupted = false;
  bool complete = false;  ///< false: the journal ends in the middle
  run::Closed closed;
  std::string sentence;  ///< what it comes to, for a person in a hurry
  int exit_code = 0;     ///< 0 all true · 1 a claim is false · 2 could not find out · 3 up/down failed · 130 interrupted
};

Report fold(const std::vector<run::Event>& events);

std::string render_text(const Report& report, bool colour);
std::string render_json(const Report& report);   ///< documented in docs/report.md
std::string render_junit(const Report& report);  ///< JUnit XML: a suite per check, a case per hop
std::string render_html(const Report& report);   ///< one self-contained page

}  // namespace tidelab::report
