#include "artifact/allowance.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tidelab::artifact {

namespace {

constexpr long long between_looks = 8LL << 20;  // bytes that are written before the disk is looked at again

// Of a file system that does not say, none.
long long free_bytes(const std::filesystem::path& on) {
  std::error_code error;
  const auto space = std::filesystem::space(on, error);
  return error ? 0 : static_cast<long long>(std::min<std::uintmax_t>(space.available, 1ULL << 60));
}

}  // namespace

bool Allowance::take(long long bytes) {
  if (!refusal_.empty()) return false;
  taken_ += bytes;
  unchecked_ += bytes;
  if (taken_ > most_) {
    refusal_ = fmt::format("it is more than {} MiB in all", most_ >> 20);
  } else if (unchecked_ >= between_looks) {
    unchecked_ = 0;
    if (free_bytes(on_) < kept_free) refusal_ = fmt::format("less than {} MiB are free in {}", kept_free >> 20, on_.string());
  }
  return refusal_.empty();
}

void Allowance::give_back(long long bytes) {
  taken_ -= bytes;
  refusal_.clear();
}

long long half_of_what_is_free(const std::filesystem::path& on) { return std::max(0LL, (free_bytes(on) - kept_free) / 2); }

}  // namespace tidelab::artifact
