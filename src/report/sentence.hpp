// What a run comes to, in one sentence, from a report whose other fields are filled.
#pragma once

#include "report/report.hpp"

namespace tidelab::report {

/// Fills `story` and `sentence`.
void render_sentence(Report& report);

}  // namespace tidelab::report
