// Which lines of a topology a program speaks of, when it does not take its configuration.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tidelab::run {

/// Where the settings are written that occur in `words`, as a person is told it; empty where none does. Programs name a setting
/// in full, or by the last part of its name. `settings`: name → place; of two with one name the later one holds.
std::string where_written(const std::vector<std::pair<std::string, std::string>>& settings, const std::string& words);

}  // namespace tidelab::run
