// What happened, as values: the journal writes them one JSON line each as they happen, and the report is
// a fold over them alone, so that a report can be made again from a journal without the plan.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plan/plan.hpp"
#include "step/failure.hpp"

namespace tidelab::run {

using std::chrono::microseconds;

/// Parts of a plan that a report needs.
struct StepLine {
  int id = 0;
  std::string title;
  int lane = 0;
  int component = -1;
  std::string origin;  ///< file:line:column or empty
  bool changes = true;
  std::optional<plan::Hop> hop;
  std::vector<int> blocked_by;  ///< ids of the steps that must hold
  std::vector<int> gates{};     ///< and the gates that must: indices in Opened::gates
};

struct ComponentLine {
  std::string name, node, title, version, host, jre;
  std::string source;                    ///< "assembled (stand-in, not …)", "official", "" when nothing was acquired in this run
  std::string section{}, serves_with{};  ///< of the topology; any | majority | all
  std::vector<std::string> needs{};      ///< sections
  std::string written{};                 ///< where the topology has it, file:line:column, or empty
  bool lost = false;                     ///< it goes with its host, and no step of it is needed
};

/// The first event of every run.
struct Opened {
  std::string command, lab, topology;
  std::string program;  ///< "tidelab 0.1.0 (abc123)"
  std::string when;     ///< wall clock, ISO 8601 with zone; everything else is relative to it
  std::vector<std::string> lanes;
  std::vector<ComponentLine> components;
  std::vector<StepLine> steps;
  std::vector<std::string> notes;
  std::vector<std::vector<int>> gates{};  ///< ids of the steps behind each
  bool strict = false;                    ///< what is only warned of fails, too
};

/// What was not as it should be when the hosts were looked at before the first change, and stopped nobody.
struct Warned {
  std::string host, check;  ///< as `tidelab preflight` names them
  std::string result;       ///< "warning", or "unknown" where it could not be looked at
  std::string found, fix;   ///< one line each; `fix` is empty when there is nothing to do
  std::string evidence;     ///< more lines; may be empty
};

struct Started {
  int step = 0;
};

/// A line of progress; step -1: about the run as a whole (artifacts, connections).
struct Said {
  int step = -1;
  std::string text;
};

enum class Outcome {
  held,         ///< was true already
  made,         ///< was not, and is now
  failed,       ///< see failure
  blocked,      ///< a step that it needs did not hold
  interrupted,  ///< the user stopped the run before it
};

struct Ended {
  int step = 0;
  Outcome outcome = Outcome::held;
  std::string note;         ///< what was found or done, one line
  microseconds observed{};  ///< when the claim became true, by the clock of the run (≤ the event's own time)
  std::optional<step::Failure> failure;
  std::vector<int> blocked_by;  ///< the steps that failed first (roots), for blocked
  bool restarted = false;       ///< a service that ran before was started again
};

/// Material collected after a failure: what a component's process is, the lines of its log that matter, a job's exception.
struct Evidence {
  int component = -1;
  std::string title;
  std::string text;
  /// Of what a process is, where that explains something: stopped, zombie, down, restarting, starting, out of memory.
  std::string state{};
  int step = -1;       ///< whose failure it was collected for
  bool words = false;  ///< the text is one line, in the component's own words: why it failed
};

/// The last event. `interrupted`: by the user.
struct Closed {
  bool interrupted = false;
  long remote_commands = 0;
  long connections = 0;
  long bytes_sent = 0;
};

struct Event {
  microseconds at{};  ///< since the run began, steady clock
  std::variant<Opened, Warned, Started, Said, Ended, Evidence, Closed> what;
};

const char* name_of(Outcome outcome);

}  // namespace tidelab::run
