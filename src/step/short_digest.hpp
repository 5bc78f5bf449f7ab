// Names that change with what they stand for.
#pragma once

#include <string>
#include <string_view>

namespace tidelab::step {

/// A digest for names, not for security: 12 hex digits (FNV-1a, 64 bits folded).
std::string short_digest(std::string_view text);

}  // namespace tidelab::step
