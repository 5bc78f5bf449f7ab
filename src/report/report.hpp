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
  warn,     ///< false, and told, and no reason to fail: a member of a group that serves without it, say
  broken,   ///< could not look: ssh, DNS, authentication, a missing tool of ours; of a hop also that its observer could not watch
  blocked,  ///< an earlier hop lost it, or wrote nothing
  unknown,  ///< interrupted before it was decided
};
const char* name_of(Verdict verdict);

/// One hop or claim.
struct Row {
  int step = 0;
  plan::Hop hop;
  Verdict verdict = Verdict::unknown;
  std::optional<std::chrono::microseconds> latency;  ///< from the commit, where the hop has a time zero
  step::Why why = step::Why::failed;                 ///< of one that is not true
  std::optional<std::chrono::microseconds> watched;  ///< of a hop that was not seen: for how long it was looked for
  std::string note, expected, actual, evidence, origin, help;
  std::string written;    ///< for whom, and where the topology has it: "some_servers 1 at lab.yaml:31:5"; may be empty
  std::string words;      ///< in the component's own words, one line
  std::string condition;  ///< of a claim about a component: what its process is, where that explains something ("…: stopped, up 310 s")
  std::string remedy;     ///< what to do about that
  int component = -1;
  std::vector<std::string> blocked_by;  ///< titles
};

/// A step (not a hop) that did not hold.
struct Trouble {
  int step = 0;
  std::string title, host, component, origin, written;
  step::Failure failure;
  std::string words;  ///< in the component's own words, one line
};

/// What a run comes to, in three parts; each may be empty.
struct Story {
  bool arrived = true;  ///< all that was written was seen; the cause is then of something else
  std::string seen;     ///< where the row was seen, and where it was not, and for how long it was looked for
  std::string cause;    ///< what explains it: a component that is down, and whom others need
  std::string next;     ///< a command, or a place to look
};

struct Report {
  run::Opened opened;
  std::vector<Row> rows;            ///< in plan order
  std::vector<run::Warned> warned;  ///< before the first change
  std::vector<Trouble> troubles;
  std::vector<run::Evidence> evidence;
  std::vector<Bar> bars;                            ///< when what took how long
  int held = 0, made = 0, failed = 0, blocked = 0;  ///< steps that change something
  int restarted = 0;                                ///< of those made: services that ran before
  std::chrono::microseconds took{};
  bool interrupted = false;
  bool complete = false;  ///< false: the journal ends in the middle
  run::Closed closed;
  Story story;           ///< of a command that asks
  std::string sentence;  ///< what it comes to, for a person in a hurry: the whole story on one line
  int exit_code = 0;     ///< 0 true, but for warnings · 1 a claim is false · 2 could not find out · 3 up/down failed · 130 interrupted
};

Report fold(const std::vector<run::Event>& events);

std::string render_text(const Report& report, bool colour);
std::string render_json(const Report& report);   ///< documented in docs/report.md
std::string render_junit(const Report& report);  ///< JUnit XML: a suite per check, a case per hop
std::string render_html(const Report& report);   ///< one self-contained page

}  // namespace tidelab::report
