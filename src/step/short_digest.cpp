// FNV-1a: see the header.
#include "step/short_digest.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace tidelab::step {

std::string short_digest(std::string_view text) {
  std::uint64_t hash = 1469598103934665603ULL;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211ULL;
  return fmt::format("{:012x}", (hash ^ (hash >> 48U)) & 0xFFFFFFFFFFFFULL);
}

}  // namespace tidelab::step
