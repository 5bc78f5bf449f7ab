#include "source/paint.hpp"

#include <random>

#include <fmt/format.h>

namespace tidelab::source {

namespace {

std::string& sequence() {
  static std::string begin = "\x1b[";
  return begin;
}

}  // namespace

const std::string& own_sequence() { return sequence(); }

void tell_ours_apart() {
  std::random_device random;
  sequence() = fmt::format("\x1b<{:08x}{:08x}>", random(), random());
}

std::string painted(std::string_view text, std::string_view look) { return fmt::format("{0}{1}m{2}{0}0m", own_sequence(), look, text); }

}  // namespace tidelab::source
