// What a run comes to: one sentence and one exit code, from a report whose other fields are filled.
#pragma once

#include <map>
#include <string>

#include "report/report.hpp"

namespace tidelab::report {

/// How each step ended, by its id.
using Endings = std::map<int, run::Ended>;

/// Commands that change the lab; all others ask.
bool changes_lab(const Report& report);

int exit_code_of(const Report& report);
std::string render_sentence(const Report& report, const Endings& endings);

}  // namespace tidelab::report
