// Settings → the text of a configuration file, in the formats that components read.
#pragma once

#include <string>

#include "step/failure.hpp"
#include "step/words.hpp"

namespace tidelab::step {

/// Later settings replace earlier ones of the same key. `nested`: the file has tables, so that a value replaces keys below
/// it, and the other way round; flat files may have both (`restart-strategy` and `restart-strategy.fixed-delay.delay`).
Settings merge_settings(const Settings& under, const Settings& over, bool nested);

/// properties | yaml | toml | env. Keys keep their order (toml: tables after plain keys). In toml and yaml a
/// plain `true`, `12` or `1.5` keeps its type and a quoted one stays a string; the other two know only text.
/// Lists of lists and mappings can be written in toml only.
/// Why::failed with a reason when a value cannot be written in that format (a newline in properties or env).
Result<std::string> render_config(const std::string& format, const Settings& settings);

}  // namespace tidelab::step
