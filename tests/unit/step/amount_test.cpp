// Sizes and times as many programs write them.
#include "step/amount.hpp"

#include "support/catch.hpp"

using namespace tidelab::step;
using namespace std::chrono_literals;

TEST_CASE("sizes: powers of 1024, however the unit is spelled") {
  CHECK(read_size("100") == 100);
  CHECK(read_size("512k") == 512LL << 10);
  for (const auto* each : {"3m", "3M", "3MB", "3mb", "3MiB", "3 MB"}) CHECK(read_size(each) == 3LL << 20);
  CHECK(read_size("1.5GB") == 3LL << 29);
  CHECK(read_size("2TiB") == 2LL << 40);
  CHECK(read_size("0MB") == 0);
  CHECK(read_size("7B") == 7);
  CHECK(read_size("9000000t") == 9223372036854775807LL);
  for (const auto* each : {"", "m", "-1", "1x", "1.5", "1.m", "1mm", "1kbb", "1m2", "99999999999999999999"}) CHECK_FALSE(read_size(each));
}

TEST_CASE("times: a number and a unit, or several") {
  CHECK(read_time("500ms") == 500ms);
  CHECK(read_time("20s") == 20s);
  CHECK(read_time("1m30s") == 90s);
  CHECK(read_time("1d2h") == 26h);
  CHECK(read_time("0s") == 0s);
  for (const auto* each : {"", "5", "s", "5 s", "-5s", "1m30", "5y", "99999999d"}) CHECK_FALSE(read_time(each));
}
