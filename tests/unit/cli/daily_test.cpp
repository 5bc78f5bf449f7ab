
#include "cli/daily.hpp"

#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::cli;

namespace {

plan::Shown changefeed() {
  plan::Shown out;
  out.title = "changefeed orders";
  out.state = "/state";
  out.good = {{{"/state", {}}, step::Op::equals, {"normal", {}}}};
  out.says = {{"error", "/last_error/message"}};
  out.ages = {{"checkpoint", "/checkpoint_ts", 262144}};
  out.missing = "is nowhere";
  return out;
}

constexpr double now = 1'700'000'010'000;

}  // namespace

TEST_CASE("a state is what the component says, an age is in seconds, whatever the unit of the answer") {
  const auto fare =
      judge(changefeed(), step::Answer::parse(R"({"state":"normal","checkpoint_ts":445644800000000000,"last_error":null})"), now);
  CHECK(fare.good == true);
  CHECK(fare.state == "normal");
  CHECK(fare.says.empty());
  REQUIRE(fare.ages.size() == 1);
  CHECK_THAT(fare.ages[0].second, Catch::Matchers::WithinAbs(10, 1e-9));
  CHECK(fare.problem.empty());
}

TEST_CASE("a clock that is behind makes no time negative, and what is no number has no age") {
  CHECK(judge(changefeed(), step::Answer::parse(R"({"checkpoint_ts":"445644800000000000"})"), 1).ages.at(0).second == 0);
  CHECK(judge(changefeed(), step::Answer::parse(R"({"checkpoint_ts":0})"), now).ages.empty());
  CHECK(judge(changefeed(), step::Answer::parse(R"({"checkpoint_ts":"soon"})"), now).ages.empty());
}

TEST_CASE("what is not good says so, in the component's words") {
  const auto fare = judge(changefeed(), step::Answer::parse(R"({"state":"failed","last_error":{"message":"too\nlarge"}})"), now);
  CHECK(fare.good == false);
  CHECK(fare.state == "failed");
  REQUIRE(fare.says.size() == 1);
  CHECK(fare.says[0].second == "too\\nlarge");
  const auto gone = judge(changefeed(), step::Answer::parse("null"), now);
  CHECK(gone.good == false);
  CHECK(gone.state == "is nowhere");
}

TEST_CASE("what could not be asked is not known, who is silent on its own port is not good") {
  const auto far = judge(changefeed(), step::fail(step::Why::unreachable, "no route to 10.0.0.9"), now);
  CHECK_FALSE(far.good.has_value());
  CHECK(far.state == "unknown");
  CHECK(far.problem == "no route to 10.0.0.9");
  const auto silent = judge(changefeed(), step::fail(step::Why::refused, "127.0.0.1:8300 refuses"), now);
  CHECK(silent.good == false);
  CHECK(silent.state == "no answer");
  step::Failure other{step::Why::differs, "topic t differs from the topology", {}, "\"/partitions\" = 3", "1", {}};
  const auto differs = judge(changefeed(), tl::unexpected(other), now);
  CHECK(differs.good == false);
  CHECK(differs.problem == "topic t differs from the topology: \"/partitions\" = 3 must hold, and it is 1");
}

TEST_CASE("fares stand below what they are of, and fit a narrow line") {
  std::vector<Fare> fares = {{"orders", "topic orders", "as asked", true, {{"partitions", "1"}}, {}, {}},
                             {"orders", "changefeed orders", "normal", true, {}, {{"checkpoint", 0.42}}, {}},
                             {"other", "changefeed other", "unknown", std::nullopt, {}, {}, "127.0.0.1:8300 refuses"}};
  CHECK(render_fares(fares, false, 0) ==
        "\norders\n"
        "✓  topic orders       as asked  partitions 1\n"
        "✓  changefeed orders  normal    checkpoint 0.4 s ago\n"
        "\nother\n"
        "?  changefeed other  unknown\n"
        "    127.0.0.1:8300 refuses\n");
  CHECK_THAT(render_fares(fares, false, 40),
             Catch::Matchers::ContainsSubstring("✓  changefeed orders  normal\n    checkpoint 0.4 s ago\n"));
  CHECK(render_fares(fares, true, 0).find("\n\033[33m?\033[0m  changefeed other") != std::string::npos);
}

TEST_CASE("lines that are there to be copied are never cut") {
  const std::string line = "mysql -h a.rather.long.name.example -P 4000 -u root";
  CHECK(render_lines({{"SQL", line}, {"Web", "http://x"}}, 0) == "  SQL  " + line + "\n  Web  http://x\n");
  CHECK(render_lines({{"SQL", line}, {"Web", "http://x"}}, 30) == "  SQL\n    " + line + "\n  Web\n    http://x\n");
}
