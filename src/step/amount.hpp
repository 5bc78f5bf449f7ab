// Sizes and times as configuration files of many programs have them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace tidelab::step {

/// `512m`, `1g`, `1.5GB`, `256MiB`, `100`: bytes, in powers of 1024 however the unit is spelled. More than can be counted is as
/// much as can be.
std::optional<long long> read_size(std::string_view text);

/// `500ms`, `20s`, `1m30s`, `2h`, `1d`.
std::optional<std::chrono::milliseconds> read_time(std::string_view text);

}  // namespace tidelab::step
