// Words that ask, against servers of this test on loopback.
#include "asking.hpp"

using namespace tidelab;
using namespace tidelab::tests;

TEST_CASE("of a group the next member is asked when one refuses, and whoever answered is asked first from then on") {
  const HttpServer second([](const Request&) { return json(R"({"a":1})"); });
  const auto group = nobody() + "," + address_of(second);
  Asking asking;
  const auto ended = asking.last("- http: {url: \"http://" + group + "/x\", expect: {/a: 1}}\n- http: {url: \"http://" + group +
                                 "/y\", expect: {/a: 1}}\n");
  CHECK(ended.outcome == run::Outcome::held);
  REQUIRE(second.requests().size() == 2);
  CHECK(second.requests()[0].path == "/x");
}

TEST_CASE("one member of a group that is as expected is enough") {
  const HttpServer one([](const Request&) { return json(R"({"is_owner":false})"); });
  const HttpServer other([](const Request&) { return json(R"({"is_owner":true})"); });
  Asking asking;
  const std::string group = address_of(one) + "," + address_of(other);
  CHECK(asking.last("http: {url: \"http://" + group + "/s\", expect: {/is_owner: true}}").outcome == run::Outcome::held);
  const auto none = asking.last("http: {url: \"http://" + group + "/s\", expect: {/is_owner: 7}}");
  REQUIRE(none.failure);
  CHECK(none.failure->why == Why::differs);
}

TEST_CASE("what may change something is not sent to a second member once the first has answered") {
  const HttpServer one([](const Request&) { return Response{400, "no"}; });
  const HttpServer other([](const Request&) { return json("{}"); });
  Asking asking;
  const auto ended = asking.last("http: {method: POST, url: \"http://" + address_of(one) + "," + address_of(other) + "/s\", body: x}");
  CHECK(ended.outcome == run::Outcome::failed);
  CHECK(other.requests().empty());
}

TEST_CASE("a state that does not end by itself ends the waiting") {
  const HttpServer server([](const Request&) { return json(R"({"state":"failed","error":{"code":"E1","message":"too large"}})"); });
  Asking asking;
  asking.hints = {{"too l.rge", "write less"}};
  const auto began = step::Clock::now();
  const auto ended =
      asking.last("wait: {for: {http: {url: \"" + server.url("/c") +
                      "\", expect: {/state: normal}, give_up: {/state: {one_of: [failed, stopped]}}}}, within: 60s}\n"
                      "evidence:\n  - http: {url: \"" +
                      server.url("/c") + "\", take: {code: /error/code, text: /error/message}}\n    say: \"@{code}: @{text}\"\n",
                  60s);
  REQUIRE(ended.failure);
  CHECK(step::Clock::now() - began < 30s);
  REQUIRE(asking.evidence.size() == 1);
  CHECK(asking.evidence[0].words);
  CHECK(asking.evidence[0].text == "E1: too large");
  CHECK(ended.failure->help == "write less");  // whoever knows the words knows what to do
}

TEST_CASE("what only warns is told, and fails nothing, what could not be asked does") {
  const HttpServer server([](const Request&) { return json(R"({"n":4})"); });
  Asking asking;
  const auto ended = asking.last("wait: {for: {http: {url: \"" + server.url("/c") + "\", expect: {/n: 0}}}}\nwarns: true\n", 200ms);
  CHECK(ended.outcome == run::Outcome::held);
  REQUIRE(asking.warned.size() == 1);
  CHECK(asking.warned[0].found.find("/n = 4") != std::string::npos);
  CHECK(asking.last("wait: {for: {http: {url: \"http://" + nobody() + "/c\"}}}\nwarns: true\n", 200ms).outcome == run::Outcome::failed);
}

TEST_CASE("every: the question is asked of each element, and one that does not fit is the answer") {
  const HttpServer server([](const Request& request) {
    if (request.path == "/all") return json(R"({"items":[{"id":"own"},{"id":"a"},{"id":"b"}]})");
    return json(request.path == "/of/b" ? R"({"uri":"kafka://h/topic?x"})" : R"({"uri":"kafka://h/other"})");
  });
  Asking asking;
  const auto every = [&](const std::string& lacks) {
    return "every:\n  of: {http: {url: \"" + server.url("/all") +
           "\"}}\n  items: /items\n  where: {/id: {ne: own}}\n  take: {other: /id}\n" + "  that: {http: {url: \"" +
           server.url("/of/@{other}") + "\", expect: {/uri: {lacks: \"" + lacks + "\"}}}}\n";
  };
  CHECK(asking.last(every("nothing of the kind")).outcome == run::Outcome::held);
  CHECK(server.requests().size() == 3);  // not of our own
  const auto wrong = asking.last(every("/topic?"));
  REQUIRE(wrong.failure);
  CHECK(wrong.failure->why == Why::differs);
  CHECK(server.requests().back().path == "/of/b");
}

TEST_CASE("a list that is not there is no empty one") {
  const HttpServer server([](const Request&) { return json(R"({"error":"x"})"); });
  Asking asking;
  const auto ended =
      asking.last("every:\n  of: {http: {url: \"" + server.url("/all") +
                  "\", expect: {/items: {exists: true}}}}\n  items: /items\n  that: {http: {url: \"" + server.url("/x") + "\"}}\n");
  CHECK(ended.outcome == run::Outcome::failed);
}

TEST_CASE("an answer beyond bounds is that server's failure, with the bound, and another one is asked") {
  const HttpServer deep([](const Request&) { return json(std::string(1'000'000, '[') + std::string(1'000'000, ']')); });
  Asking asking;
  const auto ended = asking.last("http: {url: \"http://" + address_of(deep) + "/s\", expect: {/a: 1}}");
  REQUIRE(ended.failure);
  CHECK(ended.failure->why == Why::differs);
  CHECK(ended.failure->what.find("it is nested deeper than 100") != std::string::npos);
  CHECK(ended.failure->evidence.size() < 1000);
  const HttpServer good([](const Request&) { return json(R"({"a":1})"); });
  CHECK(asking.last("http: {url: \"http://" + address_of(deep) + "," + address_of(good) + "/s\", expect: {/a: 1}}").outcome ==
        run::Outcome::held);
}
