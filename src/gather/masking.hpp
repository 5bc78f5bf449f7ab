// Secrets out of what was collected for `tidelab logs --archive`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gather/gather.hpp"

namespace tidelab::gather {

constexpr long most_mib_unpacked = 1024;  ///< a compressed file that is larger is left out, and named

/// In every file below `top` secrets become `***`. What gzip has compressed is unpacked for that, and stays so (without `.gz`
/// at its end where that name is free); what was compressed otherwise, or cannot be masked, is taken out. Both are told to
/// `all`. What is unpacked counts among its host's share. `aside`: names of files of our own, on the same file system, begin so. False when
/// it cannot be said that no secret is left, or it was stopped.
bool mask_all(const std::filesystem::path& top, const std::filesystem::path& aside, const std::vector<std::string>& secrets, Shares& shares,
              Gathered& all, const std::stop_token& stop);

}  // namespace tidelab::gather
