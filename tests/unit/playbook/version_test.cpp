// Versions and ranges of them, nonsense included.
#include "playbook/version.hpp"

#include "support/catch.hpp"

using namespace tidelab::playbook;

namespace {

std::string version(const std::string& text) {
  const auto v = parse_version(text);
  return v ? std::to_string(v->part[0]) + "." + std::to_string(v->part[1]) + "." + std::to_string(v->part[2]) : "none";
}

bool holds(const std::string& range, const std::string& version) {
  const auto parsed = Range::parse(range);
  REQUIRE(parsed);
  return parsed->holds(*parse_version(version));
}

}  // namespace

TEST_CASE("versions are one to three numbers, and what follows a dash or plus is ignored") {
  CHECK(version("3.6.2") == "3.6.2");
  CHECK(version("v8.4.0-alpha") == "8.4.0");
  CHECK(version("11.0.13+8") == "11.0.13");
  CHECK(version("11") == "11.0.0");
  CHECK(version("2.4") == "2.4.0");
  CHECK(version("2-rc.1") == "2.0.0");
  CHECK(version("007.08.09") == "7.8.9");
}

TEST_CASE("what is no version") {
  for (const std::string text : {"",   "v",    "vv1", ".",  "1.", "1.2.", "1.2.3.", "1.2.3.4", "1..2",        "1.2.3..4",
                                 "-1", "1.-2", "+1",  " 1", "1 ", "1.2x", "x",      "latest",  "99999999999", "1,2"}) {
    CAPTURE(text);
    CHECK(version(text) == "none");
  }
}

TEST_CASE("bounds") {
  CHECK(holds(">=2.4", "2.4.0"));
  CHECK_FALSE(holds(">=2.4", "2.3.9"));
  CHECK_FALSE(holds(">2.4", "2.4.0"));
  CHECK(holds(">2.4", "2.4.1"));
  CHECK(holds("<=2.4", "2.4.0"));
  CHECK_FALSE(holds("<=2.4", "2.4.1"));
  CHECK_FALSE(holds("<4.0", "4.0.0"));
  CHECK(holds("<4.0", "3.9.9"));
  CHECK_FALSE(holds("<4.0", "4.0.0-rc1"));  // a pre-release counts as its release
  CHECK(holds(">=2.10", "2.11.0"));         // numbers, not texts
  CHECK_FALSE(holds(">=2.10", "2.9.0"));
}

TEST_CASE("a bare version holds of all that begin with its parts") {
  CHECK(holds("11", "11.0.13"));
  CHECK_FALSE(holds("11", "12.0.0"));
  CHECK_FALSE(holds("1", "11.0.0"));
  CHECK(holds("2.7", "2.7.9"));
  CHECK_FALSE(holds("2.7.0", "2.7.1"));
}

TEST_CASE("all of an alternative, any of them") {
  const std::string range = ">=2.4 <4.0 || 5.0.3";
  CHECK(holds(range, "2.4.0"));
  CHECK(holds(range, "3.9.0"));
  CHECK_FALSE(holds(range, "4.0.0"));
  CHECK(holds(range, "5.0.3"));
  CHECK_FALSE(holds(range, "5.0.4"));
  CHECK(holds("*", "0.0.0"));
  CHECK_FALSE(holds(">=3 <2", "2.5.0"));  // nothing is in it, and that is no nonsense
}

TEST_CASE("what is no range") {
  for (const std::string text :
       {"", " ", "||", "1 ||", "|| 1", "1 || || 2", ">=", ">= 2", "=2", "~>2", "^2", "2.x", "* || 1", ">=2,<3", "1|2", "<>1"}) {
    CAPTURE(text);
    CHECK_FALSE(Range::parse(text));
  }
}

TEST_CASE("ranges overlap where some version is in both") {
  const auto overlap = [](const char* a, const char* b) {
    const auto x = Range::parse(a), y = Range::parse(b);
    REQUIRE((x && y));
    CHECK(x->overlaps(*y) == y->overlaps(*x));
    return x->overlaps(*y);
  };
  CHECK(overlap("*", ">=99"));
  CHECK(overlap("<1", "<2"));
  CHECK(overlap(">=1 <2", ">=1.9.9"));
  CHECK(overlap(">1.2", ">1.3 <=2"));
  CHECK(overlap("11", ">=11.0.13"));
  CHECK(overlap("8 || 11", ">=9"));
  CHECK_FALSE(overlap("<1", ">=1"));
  CHECK_FALSE(overlap("8 || 11", ">=9 <11"));
  CHECK_FALSE(overlap("11", "<11"));
  CHECK_FALSE(overlap("1.2.3", ">1.2.3"));
  CHECK_FALSE(overlap(">1.2.2 <1.2.3", "*"));
}
