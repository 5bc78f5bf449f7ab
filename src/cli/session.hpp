// What commands that touch a lab share: which lab, its hosts, carrying out a plan with live progress, the report.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cli/load.hpp"
#include "lab/lock.hpp"
#include "live/live.hpp"
#include "report/report.hpp"

namespace tidelab::cli {

/// A lab that `target` names (a topology file or a lab's name), as it was applied if it is up.
struct Lab {
  Options options;  ///< with the ways to reach hosts filled in from the record
  std::unique_ptr<Loaded> loaded;
  bool recorded = false;
  agent::Claim claim;   ///< with it
  std::string run;      ///< of the lock that this command holds; empty when it only looks
  std::string kept{};   ///< Record::kept
  std::string state{};  ///< state_of its record; empty without one
};

/// Null after saying why. `as_file`: `up` and what plans for it take a file as it is, all else as it was applied.
std::unique_ptr<Lab> open_lab(const Options& options, bool as_file);

/// The lock of the lab, held while a command works on it; `lab` is told of it. Null after saying who holds it, since when.
std::unique_ptr<lab::Lock> take_lock(Lab& lab, const std::string& name, const std::string& command);

/// False after saying what could not be written down of a lab.
bool noted(const lab::Known<void>& done);

/// Each with what its sources said, and what to do; on the standard error.
void tell(const std::vector<step::Failure>& failures);

live::Setup make_setup(const plan::Plan& plan, const Lab& lab, std::map<std::string, artifact::Acquired> acquired = {});

/// Carries the plan out, prints progress, writes the journal, and folds it. `warned`: by the look that came before.
report::Report run_plan(const plan::Plan& plan, const Lab& lab, live::Setup setup, std::vector<run::Warned> warned = {});

/// "done", "failed" or "interrupted": Record::outcome.
std::string outcome_of(const report::Report& report);

/// What `up` came to, and whether it began to change anything.
struct Brought {
  int code;
  bool began;
};
Brought bring_up(const Options& options);  // up.cpp

/// The name of a command's journal in the record of its lab, and how large one is taken (bytes).
std::string journal_of(const std::string& command);
inline constexpr std::size_t most_of_a_journal = std::size_t{32} << 20;

/// The cache of archives. Null after saying why there is none that can be used.
std::unique_ptr<artifact::Store> open_store();

/// Prints the report in the format asked for, and writes report.json, junit.xml and report.html into --report.
/// `journal`: what the report was made of, where that is not the record's.
void give_report(const report::Report& report, const Options& options, bool print = true, const std::string* journal = nullptr);

/// Asks for the lab's name before its data are destroyed. False after saying what to do, or when the answer is another.
enum class Consent { given, refused, nobody };
Consent ask_for_consent(const std::string& lab, const std::string& what, const Options& options);  // confirm.cpp

std::string program_version();
std::string program_release();  ///< "0.1.0"
std::string program_date();     ///< of its newest commit; empty where that is not known

}  // namespace tidelab::cli
