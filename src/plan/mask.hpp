// Secrets out of what may be too large for memory.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <stop_token>
#include <string>
#include <vector>

namespace tidelab::plan {

/// What mask() makes of the whole text, with a few pieces of it in memory. False when it could not be read or written to its end,
/// or was stopped before.
bool mask_stream(std::istream& from, std::ostream& to, const std::vector<std::string>& secrets, const std::stop_token& stop = {},
                 std::size_t piece = 1 << 20);

}  // namespace tidelab::plan
