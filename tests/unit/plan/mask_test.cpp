// Masking piece by piece is masking the whole.
#include "plan/mask.hpp"

#include <random>
#include <sstream>

#include "plan/plan.hpp"
#include "support/catch.hpp"

using namespace tidelab;

namespace {

std::string masked(const std::string& text, const std::vector<std::string>& secrets, std::size_t piece) {
  std::istringstream from(text);
  std::ostringstream to;
  CHECK(plan::mask_stream(from, to, secrets, {}, piece));
  return to.str();
}

}  // namespace

TEST_CASE("a secret is found wherever pieces end") {
  const std::string secret = "s3\nc\"ret";
  for (std::size_t before = 0; before < 80; ++before) {
    const std::string text = std::string(before, 'x') + secret + "y" + R"(s3\nc\"ret)" + secret;
    for (const std::size_t piece : {1, 7, 16, 64}) CHECK(masked(text, {secret}, piece) == std::string(before, 'x') + "***y******");
  }
}

TEST_CASE("in pieces or at once, it is the same text") {
  std::mt19937 dice(11);
  const auto draw = [&](std::size_t most, const char* letters, std::size_t count) {
    std::string out(dice() % (most + 1), ' ');
    for (auto& c : out) c = letters[dice() % count];
    return out;
  };
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::string> secrets(dice() % 4);
    for (auto& each : secrets) each = draw(4, "abc\"", 4);
    const auto text = draw(120, "abc\"\n\\", 6);
    INFO(text);
    CHECK(masked(text, secrets, 1 + dice() % 40) == plan::mask(text, secrets));
  }
}

TEST_CASE("without secrets every byte stays, and what cannot be written is told") {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i);
  CHECK(masked(bytes, {}, 64) == bytes);
  CHECK(masked("", {"a"}, 64).empty());
  std::istringstream from("text");
  std::ostringstream full;
  full.setstate(std::ios::badbit);
  CHECK_FALSE(plan::mask_stream(from, full, {}));
}
