// Words that ask, watch and compare, against servers of this test on loopback.
#include <unistd.h>

#include <atomic>

#include <catch2/catch.hpp>

#include "live/live.hpp"
#include "run/runner.hpp"
#include "step/read_step.hpp"
#include "support/http_server.hpp"
#include "support/loopback.hpp"
#include "yaml/document.hpp"

using namespace tidelab;
using namespace std::chrono_literals;
using step::Why;
using tests::HttpServer;
using tests::Request;
using tests::Response;

namespace {

/// Steps as a playbook would write them, one after the other, carried out for real.
class Asking {
public:
  run::Ended last(const std::string& yaml, std::chrono::milliseconds within = 2s) {
    const source::File file{"steps.yaml", yaml};
    source::Diagnostics diagnostics;
    plan::Plan plan;
    plan.lanes = {{"controller", 0, {}, "/nonexistent"}};
    plan.hints = hints;
    for (auto& each : step::read_steps(yaml::read_document(file, diagnostics), diagnostics)) {
      plan::Step made;
      made.id = static_cast<int>(plan.steps.size());
      made.title = "step";
      made.action = each.action;
      made.within = within;
      made.scope = "test";
      made.changes = false;
      made.evidence = each.evidence;
      made.warns = each.warns;
      if (made.id > 0) made.needs = {{made.id - 1, true}};
      plan.steps.push_back(std::move(made));
    }
    REQUIRE_FALSE(diagnostics.has_errors());
    live::Setup setup;
    setup.hosts.push_back(host::make_local());
    setup.users = {""};
    setup.of_user = {false};
    auto effects = live::make_live(plan, std::move(setup));
    run::Ended ended;
    run::carry_out(plan, {}, *effects,
                   [&](const run::Event& event) {
                     if (const auto* one = std::get_if<run::Ended>(&event.what)) ended = *one;
                     if (const auto* one = std::get_if<run::Evidence>(&event.what)) evidence.push_back(*one);
                     if (const auto* one = std::get_if<run::Warned>(&event.what)) warned.push_back(*one);
                   },
                   {});
    return ended;
  }
  std::vector<plan::Hint> hints;
  std::vector<run::Evidence> evidence;
  std::vector<run::Warned> warned;
};

Response json(const std::string& body) { return {200, body}; }
std::string address_of(const HttpServer& server) {
  const auto url = server.url();
  return url.substr(7, url.find('/', 7) - 7);
}
/// An address at which nobody listens.
std::string nobody() {
  const auto there = tests::listen_on_loopback();
  close(there.fd);
  return "127.0.0.1:" + std::to_string(there.port);
}

}  // namespace

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

TEST_CASE("arm, absent and seen: what was there before is a fault, what arrives is seen, what came twice is counted") {
  // A page of results that has one more row at each visit.
  std::atomic<int> visits = 0;
  const HttpServer server([&](const Request&) {
    const int visit = std::min(++visits, 3);
    return json(R"({"next":"/p","rows":[{"id":"r)" + std::to_string(visit) + "\"}]}");
  });
  const auto arm = "- arm: {as: o, observe: {page: {url: \"" + server.url("/p") + "\", next: /next, items: /rows}}}\n";
  Asking asking;
  CHECK(asking.last(arm + "- seen: {in: o, find: {/id: r3}, within: 5s}\n", 5s).outcome == run::Outcome::held);
  const auto never = asking.last(arm + "- seen: {in: o, find: {/id: r9}, within: 300ms}\n", 300ms);
  REQUIRE(never.failure);
  CHECK(never.failure->why == Why::timed_out);
  CHECK(asking.last(arm + "- seen: {in: o, find: {/id: r3}}\n- absent: {in: o, find: {/id: r3}}\n").outcome == run::Outcome::failed);
  visits = 0;
  CHECK(asking.last(arm + "- seen: {in: o, find: {/id: r3}}\n- absent: {in: o, find: {/id: r1}, most: 1}\n").outcome == run::Outcome::held);
  visits = 0;
  const auto twice = asking.last(arm + "- seen: {in: o, find: {/id: r3}}\n- absent: {in: o, find: {/id: {contains: r}}, most: 1}\n");
  REQUIRE(twice.failure);
  CHECK(twice.failure->expected == "at most 1");
}

TEST_CASE("an observer that ends has not looked: that is no answer") {
  const HttpServer server([](const Request&) { return Response{500, "gone"}; });
  Asking asking;
  const auto ended = asking.last("- arm: {as: o, observe: {page: {url: \"" + server.url("/p") + "\", next: /next, items: /rows}}}\n" +
                                 "- seen: {in: o, find: {/id: r1}, within: 2s}\n");
  REQUIRE(ended.failure);
  CHECK(ended.failure->why == Why::unreachable);
  CHECK(ended.failure->what.find("the observer ended") == 0);
}

TEST_CASE("refute: what is true already proves nothing") {
  const HttpServer server([](const Request&) { return json(R"({"count":1})"); });
  Asking asking;
  CHECK(asking.last("refute: {that: {http: {url: \"" + server.url("/") + "\", expect: {/count: 0}}}}").outcome == run::Outcome::held);
  CHECK(asking.last("refute: {that: {http: {url: \"" + server.url("/") + "\", expect: {/count: 1}}}}").outcome == run::Outcome::failed);
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

TEST_CASE("pages lead to no other server") {
  const HttpServer other([](const Request&) { return json(R"({"rows":[{"n":7}],"next":"/"})"); });
  const HttpServer pages([&](const Request&) { return json(R"({"rows":[],"next":")" + other.url("/elsewhere") + R"("})"); });
  Asking asking;
  const auto ended = asking.last("- arm: {as: w, observe: {page: {url: \"" + pages.url("/1") +
                                 "\", next: /next, items: /rows}}}\n- seen: {in: w, find: {/n: 7}, within: 1s}\n");
  CHECK(ended.outcome != run::Outcome::held);
  CHECK(other.requests().empty());
}

TEST_CASE("a line without end, and lines without end, end the watching and not the run") {
  Asking asking;
  const auto line = asking.last(
      "- arm: {as: w, observe: {follow: {argv: [sh, -c, \"tr '\\\\0' x < /dev/zero\"]}}}\n- seen: {in: w, find: {/line: x}, within: 20s}\n",
      60s);
  REQUIRE(line.failure);
  CHECK(line.failure->what.find("a line of more than 1024 KiB") != std::string::npos);
  const auto lines = asking.last(
      "- arm: {as: w, observe: {follow: {argv: [sh, -c, \"yes $(head -c 100000 /dev/zero | tr '\\\\0' x)\"]}}}\n- seen: {in: w, find: "
      "{/line: x}, within: 100s}\n",
      120s);
  REQUIRE(lines.failure);
  CHECK(lines.failure->what.find("more than 64 MiB came") != std::string::npos);
}
