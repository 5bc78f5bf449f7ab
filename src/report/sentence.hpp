// What a run comes to: one sentence and one exit code, from a report whose other fields are filled.
#pragma once

#include "report/report.hpp"

namespace tidelab::report {

/// Commands that change the lab; all others ask.
bool changes_lab(const Report& report);

int exit_code_of(const Report& report);
/// Fills `story` and `sentence`.
void render_sentence(Report& report);

}  // namespace tidelab::report
