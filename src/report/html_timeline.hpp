// Private to this room: timelines of a page, as inline SVG.
#pragma once

#include <string>
#include <vector>

#include "report/layout.hpp"
#include "report/report.hpp"

namespace tidelab::report {

/// What each component took of a run that changes the lab, one line each.
std::string render_run_timeline(const Report& report);

/// Where the row was, hop by hop.
std::string render_hop_timeline(const Report& report, const Group& group);

}  // namespace tidelab::report
