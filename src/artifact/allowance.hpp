// How much may be written for somebody who may send anything.
#pragma once

#include <filesystem>
#include <string>

namespace tidelab::artifact {

/// Free bytes of a file system that are never used up for what others send.
inline constexpr long long kept_free = 256LL << 20;

/// Bytes that may be written to the file system of a directory. For one thread at a time.
class Allowance {
public:
  /// `most`: in bytes, 0 or more.
  Allowance(std::filesystem::path on, long long most) : on_(std::move(on)), most_(most) {}

  /// False when these would be too many; it stays so then.
  bool take(long long bytes);
  /// Of what was taken these were not kept after all. Others may be taken again, if it is they that were too many.
  void give_back(long long bytes);
  /// Once it was refused: "it is more than 900 MiB in all", or that the disk is nearly full. Else empty.
  const std::string& refusal() const { return refusal_; }

private:
  std::filesystem::path on_;
  long long most_, taken_ = 0, unchecked_ = 0;
  std::string refusal_;
};

/// What may be spread over the file system of `on` so that as much again fits on it, in bytes.
long long half_of_what_is_free(const std::filesystem::path& on);

}  // namespace tidelab::artifact
