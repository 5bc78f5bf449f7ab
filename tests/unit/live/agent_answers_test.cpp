// What hosts print, read: as the agent means it, and as somebody might who means no good.
#include "live/agent_answers.hpp"

#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::live;
using State = run::Looked::State;

TEST_CASE("looks by number, and what is none") {
  const auto looks =
      read_looks("noise\n=0\tholds\tas it is\n=1\tdiffers\t\n=2\tpurple\tx\n=7\tholds\t\n=-1\tholds\t\n=\n=0x\tdiffers\t\n", 4);
  REQUIRE(looks.size() == 4);
  CHECK(looks[0].state == State::holds);
  CHECK(looks[0].note == "as it is");
  CHECK(looks[1].state == State::differs);
  CHECK(looks[2].state == State::unasked);
  CHECK(looks[3].state == State::unknown);
}

TEST_CASE("what came of a step, and why") {
  const host::Output output{0,
                            "=0\tholds\tthere\n=1\tmade\tnew\n=2\tfailed\t1\n=3\tfailed\t1 No space "
                            "left\n=5\tpurple\tx\n=6\tmade\tfirst\n=6\tfailed\t1 later\n=4\tmade\tbro",
                            "=2\nno way\nmore\n=3\nx\n=5\nfirst\nlast\n"};
  const auto results = read_results(output, 8);
  REQUIRE(results.size() == 8);
  CHECK_FALSE(results[0]->value().acted);
  CHECK(results[1]->value().acted);
  CHECK(results[2]->error().what == "no way");
  CHECK(results[2]->error().evidence == "no way\nmore");
  CHECK(results[3]->error().what == "No space left");
  CHECK_FALSE(results[4]);                 // it broke off
  REQUIRE_FALSE(results[5]->has_value());  // no state of the agent's is no success
  CHECK(results[5]->error().evidence == "first\nlast\n");
  CHECK(results[6]->error().what == "later");
  CHECK_FALSE(results[7]);
  CHECK(nothing_said(output, 5).error().what == "last");
  CHECK(nothing_said({3, {}, {}}, 0).error().what == "it ended with 3");
}

TEST_CASE("the ends of logs") {
  auto logs =
      read_logs("1795410028 -0130\n\nmark 12\nfirst\nline\n\nmark  400000\nsecond\nmark /c is not there\n", "mark", {"/a", "/b", "/c"});
  CHECK(logs.now == std::chrono::seconds(1795410028));
  CHECK(logs.offset == std::chrono::seconds(-5400));
  REQUIRE(logs.ends.size() == 3);
  CHECK(logs.ends[0].text == "first\nline\n");
  CHECK(logs.ends[0].main);
  CHECK(logs.ends[0].whole);
  CHECK(logs.ends[1].text == "second");
  CHECK_FALSE(logs.ends[1].whole);
  CHECK(logs.unread == std::vector<std::string>{"", "", "/c is not there"});
  logs = read_logs("9223372036854775807 +99x9\n\nmark 1\nmark 2\nmark 99999999999999999999\n", "mark", {"/a", "/b", "/c"});
  CHECK(logs.now == HostTime(0));
  CHECK(logs.offset == std::chrono::seconds(0));
  REQUIRE(logs.ends.size() == 3);
  CHECK(logs.ends[0].text.empty());  // and not what belongs to others
  CHECK(logs.unread[2] == "99999999999999999999");
  CHECK(read_logs("", "mark", {"/a"}).ends.empty());
}
