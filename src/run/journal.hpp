// Events as JSON lines, and back.
#pragma once

#include <string>
#include <vector>

#include "run/event.hpp"

namespace tidelab::run {

/// One line without its newline. Every field is always present; null stands for nothing.
std::string render_line(const Event& event);

/// nullopt when the line is not an event of a journal.
std::optional<Event> parse_line(const std::string& line);

}  // namespace tidelab::run
