// Words of checks (arm, absent, seen, refute): when each holds, what it says when it does not, and observers that end.
#include <atomic>
#include <mutex>

#include "asking.hpp"
#include "client/kafka.hpp"
#include "support/kafka_mock.hpp"

using namespace tidelab;
using namespace tidelab::tests;

namespace {

/// Pages of rows, as a server of results gives them: each row once, after `/write/ID` was asked for; `/end` ends them.
class Rows {
public:
  std::string arm(const std::string& more = {}) const {
    return "- arm: {as: o, observe: {page: {url: \"" + url("/pages") + "\", next: /next, items: /rows}}" + more + "}\n";
  }
  std::string ask(const std::string& path) const { return "- http: {url: \"" + url(path) + "\"}\n"; }
  std::string write(const std::string& id) const { return ask("/write/" + id); }
  std::string url(const std::string& path) const { return server_.url(path); }
  std::vector<std::string> asked() const {  // but for pages
    std::vector<std::string> out;
    for (const auto& each : server_.requests())
      if (!each.path.starts_with("/pages")) out.push_back(each.path);
    return out;
  }
  std::atomic<int> status = 200;  ///< of the pages
  std::atomic<int> asks = 0;      ///< how often somebody wanted to know whether it is `/ready`: the third time it is

private:
  Response answer(const Request& request) {
    const std::lock_guard lock(mutex_);
    if (request.path == "/ready") return json(++asks < 3 ? R"({"ready":false})" : R"({"ready":true})");
    if (request.path == "/session") return json(R"({"handle":"h7"})");
    if (request.path == "/end") ended_ = true;
    if (request.path.starts_with("/write/")) rows_ += (rows_.empty() ? "" : ",") + ("{\"id\":\"" + request.path.substr(7) + "\",\"n\":1}");
    if (!request.path.starts_with("/pages")) return json("{}");
    if (status != 200) return {status, "gone"};
    const auto next = ended_ && rows_.empty() ? std::string("null") : "\"" + request.path + "\"";
    return json("{\"next\":" + next + ",\"rows\":[" + std::exchange(rows_, {}) + "]}");
  }
  std::mutex mutex_;
  std::string rows_;
  bool ended_ = false;
  HttpServer server_{[this](const Request& request) { return answer(request); }};
};

std::string follow(const std::string& script, const std::string& more = {}) {
  return "- arm: {as: o, observe: {follow: {argv: [sh, -c, \"" + script + "\"]}}" + more + "}\n";
}

std::string seen(const std::string& fields) { return "- seen: {in: o, " + fields + "}\n"; }
std::string absent(const std::string& fields) { return "- absent: {in: o, " + fields + "}\n"; }

/// The failure of a step that has one, in one text: why, what, what was expected and what was there.
std::string told(const run::Ended& ended) {
  if (!ended.failure) return ended.outcome == run::Outcome::held ? "held" : "not tried";
  const auto& f = *ended.failure;
  const char* why = f.why == Why::differs       ? "differs"
                    : f.why == Why::timed_out   ? "timed out"
                    : f.why == Why::unreachable ? "unreachable"
                    : f.why == Why::interrupted ? "interrupted"
                    : f.why == Why::refused     ? "refused"
                                                : "failed";
  return std::string(why) + ": " + f.what + " | " + f.expected + " | " + f.actual;
}

}  // namespace

TEST_CASE("arm: what it prepares comes first, and gives the observer and what tidies up its values") {
  Rows rows;
  Asking asking;
  const auto ended = asking.last("- arm: {as: o, prepare: [{http: {url: \"" + rows.url("/session") +
                                 "\", take: {handle: /handle}}}], observe: {page: {url: \"" + rows.url("/pages/@{handle}") +
                                 "\", next: /next, items: /rows}}, finish: [{http: {url: \"" + rows.url("/drop/@{handle}") + "\"}}]}\n" +
                                 rows.write("r1") + seen("find: {/id: r1}"));
  CHECK(told(ended) == "held");
  CHECK(asking.steps[0].note == "watching");
  CHECK(rows.asked() == std::vector<std::string>{"/session", "/write/r1", "/drop/h7"});
}

TEST_CASE("arm: where what it prepares fails nothing is watched") {
  Rows rows;
  Asking asking;
  const auto ended = asking.last(rows.arm(", prepare: [{http: {url: \"" + rows.url("/session") + "\", take: {handle: /other}}}]"));
  CHECK(told(ended) == "differs: the answer has nothing to take as `handle` | a value for `handle` | {\"handle\":\"h7\"}");
  CHECK(rows.asked() == std::vector<std::string>{"/session"});
}

TEST_CASE("arm: it tidies up also when what follows has failed") {
  Rows rows;
  Asking asking;
  const auto finish =
      ", finish: [{http: {url: \"" + rows.url("/one") + "\", expect: {/a: 1}}}, {http: {url: \"" + rows.url("/two") + "\"}}]";
  CHECK(asking.last(rows.arm(finish) + seen("find: {/id: r1}, within: 200ms"), 200ms).outcome == run::Outcome::failed);
  CHECK(rows.asked() == std::vector<std::string>{"/one", "/two"});  // and goes on where one of it fails
}

TEST_CASE("arm: it has not ended before `until` holds, and fails when that never does") {
  Rows rows;
  Asking asking;
  const auto until = [&](const std::string& is) {
    return rows.arm(", until: {http: {url: \"" + rows.url("/ready") + "\", expect: {/ready: " + is + "}}}");
  };
  CHECK(told(asking.last(until("true"), 10s)) == "held");
  CHECK(rows.asks == 3);
  const auto never = asking.last(until("7"), 300ms);
  REQUIRE(never.failure);
  CHECK(never.failure->why == Why::timed_out);
  CHECK(never.failure->what.find("not within 0.") == 0);
  CHECK(never.failure->expected == "/ready = 7");
  CHECK(never.failure->actual == "/ready = true");
}

TEST_CASE("arm: an observer that ends while `until` is waited for is the news") {
  Rows rows;
  Asking asking;
  const auto began = step::Clock::now();
  const auto ended = asking.last(
      follow("echo no such table >&2; exit 3", ", until: {http: {url: \"" + rows.url("/ready") + "\", expect: {/ready: 7}}}"), 60s);
  CHECK(told(ended) == "failed: sh ended with 3 while it was watched |  | ");
  REQUIRE(ended.failure);
  CHECK(ended.failure->evidence == "no such table\n");
  CHECK(step::Clock::now() - began < 30s);
}

TEST_CASE("absent: nothing that fits has come, or it was there before anything was written") {
  Rows rows;
  Asking asking;
  const auto came = rows.arm() + rows.write("r1") + seen("find: {/id: r1}");
  CHECK(told(asking.last(rows.arm() + absent("find: {/id: r1}"))) == "held");
  CHECK(told(asking.last(came + absent("find: {/id: r2}"))) == "held");
  CHECK(told(asking.last(came + absent("find: {/id: r1}"))) ==
        "differs: this was seen before anything was written | nothing yet | {\"id\":\"r1\",\"n\":1}");
}

TEST_CASE("absent: what came more often than `most` is counted, and the first too many is told") {
  Rows rows;
  Asking asking;
  const auto twice = rows.arm() + rows.write("r1") + rows.write("r2") + rows.write("r3") + seen("find: {/id: r3}");
  CHECK(told(asking.last(twice + absent("find: {/n: 1}, most: 3"))) == "held");
  CHECK(told(asking.last(twice + absent("find: {/id: r2}, most: 1"))) == "held");
  CHECK(told(asking.last(twice + absent("find: {/n: 1}, most: 1"))) ==
        "differs: it came 2 times or more | at most 1 | {\"id\":\"r2\",\"n\":1}");
}

TEST_CASE("absent and seen: nothing watches under that name") {
  Asking asking;
  CHECK(told(asking.last("- absent: {in: p, find: {/a: 1}}\n")) == "failed: nothing watches `p` |  | ");
  CHECK(told(asking.last("- seen: {in: p, find: {/a: 1}}\n")) == "failed: nothing watches `p` |  | ");
}

TEST_CASE("seen: what arrives is seen when it arrived, and what is taken of it is there for what follows") {
  Rows rows;
  Asking asking;
  const auto ended = asking.last(rows.arm() + rows.write("r1") + rows.write("r2") + seen("find: {/id: r2}") +
                                 seen("find: {/id: {contains: r}}, expect: {/n: 1}, take: {id: /id}") + rows.ask("/of/@{id}"));
  CHECK(told(ended) == "held");
  CHECK(rows.asked().back() == "/of/r1");                       // the first that fits
  CHECK(asking.steps[4].observed <= asking.steps[3].observed);  // it was there while the other one was waited for
  CHECK(told(asking.last(rows.arm() + rows.write("r1") + seen("find: {/id: r1}, take: {t: /token}"))) ==
        "differs: the answer has nothing to take as `t` | a value for `t` | {\"id\":\"r1\",\"n\":1}");
}

TEST_CASE("seen: what arrived and is not what was written is told with all of it, and no other is waited for") {
  Rows rows;
  Asking asking;
  const auto ended =
      asking.last(rows.arm() + rows.write("r1") + seen("find: {/id: r1}, expect: {/n: 2, /m: {exists: true}}, within: 60s"), 60s);
  CHECK(told(ended) == "differs: it arrived, and is not what was written | /n = 2, /m is there | /n = 1, /m is not there");
  REQUIRE(ended.failure);
  CHECK(ended.failure->evidence == R"({"id":"r1","n":1})");
}

TEST_CASE("seen: what did not arrive in time is told with what did") {
  Rows rows;
  Asking asking;
  const auto want = seen("find: {/id: r9, /n: {ge: 1}}, within: 300ms");
  CHECK(told(asking.last(rows.arm() + want, 300ms)) == "timed out: it did not arrive in time | /id = r9, /n >= 1 | nothing arrived");
  CHECK(told(asking.last(rows.arm() + rows.write("r1") + want, 300ms)) ==
        "timed out: it did not arrive in time | /id = r9, /n >= 1 | 1 item arrived, but none matched; the last: {\"id\":\"r1\",\"n\":1}");
  CHECK(told(asking.last(rows.arm() + rows.write("r1") + rows.write("r2") + seen("find: {/id: r2}") + want, 300ms)) ==
        "timed out: it did not arrive in time | /id = r9, /n >= 1 | 2 items arrived, but none matched; the last: {\"id\":\"r2\",\"n\":1}");
}

TEST_CASE("seen: who waits is stopped at once") {
  Rows rows;
  Asking asking;
  const HttpServer stopping([&](const Request&) {
    asking.stop.request_stop();
    return json(R"({"next":"/","rows":[]})");
  });
  const auto began = step::Clock::now();
  const auto ended = asking.last("- arm: {as: o, observe: {page: {url: \"" + stopping.url("/") + "\", next: /next, items: /rows}}}\n" +
                                     seen("find: {/id: r1}, within: 60s"),
                                 60s);
  CHECK(ended.outcome != run::Outcome::held);
  CHECK(step::Clock::now() - began < 30s);
}

TEST_CASE("an observer that ends has not looked: that is no answer, whichever way it ends") {
  const auto want = seen("find: {/id: r1}, within: 60s");
  {
    Rows rows;
    Asking asking;
    CHECK(told(asking.last(rows.arm() + rows.ask("/end") + want, 60s)) == "unreachable: the observer ended: the results ended |  | ");
  }
  {
    Rows rows;
    rows.status = 500;
    Asking asking;
    CHECK(told(asking.last(rows.arm() + want, 60s)) == "unreachable: the observer ended: " + rows.url("/pages") + " answered 500 |  | ");
  }
  {
    const HttpServer deep([](const Request&) { return json(std::string(1000, '[')); });
    Asking asking;
    CHECK(told(asking.last("- arm: {as: o, observe: {page: {url: \"" + deep.url("/") + "\", next: /next, items: /rows}}}\n" + want, 60s)) ==
          "unreachable: the observer ended: what " + deep.url("/") + " answers is not looked into: it is nested deeper than 100 |  | ");
  }
  {
    Asking asking;
    const auto ended =
        asking.last("- arm: {as: o, observe: {page: {url: \"http://" + nobody() + "/\", next: /next, items: /rows}}}\n" + want, 60s);
    REQUIRE(ended.failure);
    CHECK(ended.failure->why == Why::unreachable);
    CHECK(ended.failure->what.find("the observer ended: ") == 0);
  }
  {
    Asking asking;
    const auto ended = asking.last(follow("echo lost >&2; exit 4") + want, 60s);
    CHECK(told(ended) == "unreachable: the observer ended: sh ended with 4 while it was watched |  | ");
    REQUIRE(ended.failure);
    CHECK(ended.failure->evidence == "lost\n");
  }
}

TEST_CASE("absent: nobody looked any more once the observer had ended, so nothing is known") {
  Asking asking;
  asking.must_hold = false;
  const auto came = follow("echo once; exit 4") + seen("find: {/line: never}, within: 60s");  // returns when the observer has ended
  CHECK(told(asking.last(came + absent("find: {/line: other}"), 60s)) ==
        "unreachable: the observer ended: sh ended with 4 while it was watched |  | ");
  CHECK(told(asking.last(came + absent("find: {/line: once}, most: 1"), 60s)).starts_with("unreachable: the observer ended"));
  // What it saw before was seen.
  CHECK(told(asking.last(came + absent("find: {/line: once}"), 60s)).starts_with("differs: this was seen before"));
}

TEST_CASE("what an observer saw before it ended was seen") {
  Rows rows;
  Asking asking;
  CHECK(told(asking.last(rows.arm() + rows.write("r1") + rows.ask("/end") + seen("find: {/id: r1}"))) == "held");
  CHECK(told(asking.last(follow("printf 'one\\\\ntwo {\\\\n'") + seen("find: {/line: {contains: two}}, expect: {/line: 'two {'}"))) ==
        "held");
}

TEST_CASE("refute: what is not true yet holds, what is true already proves nothing") {
  Rows rows;
  Asking asking;
  const auto refute = [&](const std::string& url, const std::string& handle) {
    return asking.last("refute: {that: {http: {url: \"" + url + "\", expect: {/handle: " + handle + "}}}}");
  };
  CHECK(told(refute(rows.url("/session"), "h8")) == "held");
  CHECK(told(refute(rows.url("/session"), "h7")) ==
        "differs: this is true before anything was written, so it proves nothing | not yet | {\"handle\":\"h7\"}");
}

TEST_CASE("refute: who cannot be asked, or does not answer in time, has denied nothing") {
  Asking asking;
  const auto refute = [&](const std::string& url, std::chrono::milliseconds within) {
    return asking.last("refute: {that: {http: {url: \"" + url + "\", expect: {/a: 1}}}}", within);
  };
  const auto refused = refute("http://" + nobody() + "/", 2s);
  REQUIRE(refused.failure);
  CHECK(refused.failure->why == Why::refused);
  const HttpServer silent([](const Request&) { return Response{.body = "{}", .delay = 60s}; });
  const auto late = refute(silent.url("/"), 300ms);
  REQUIRE(late.failure);
  CHECK(late.failure->why == Why::timed_out);
  const HttpServer ill([](const Request&) { return Response{503, "{}"}; });
  const auto troubled = refute(ill.url("/"), 2s);
  REQUIRE(troubled.failure);
  CHECK(troubled.failure->why == Why::refused);
}

TEST_CASE("consume: a record's value that is a JSON object can be asked, any other is a text") {
  KafkaMock mock;
  mock.topic("t", 1);
  const auto topic = "bootstrap: \"" + mock.bootstrap() + "\", topic: t";
  const auto arm = "- arm: {as: o, observe: {consume: {" + topic + "}}}\n";
  const auto produce = [&](const std::string& key, const std::string& value) {
    return "- produce: {" + topic + ", key: " + key + ", value: '" + value + "'}\n";
  };
  Asking asking;
  const auto found = [&](const std::string& value, const std::string& expect) {
    return told(asking.last(arm + produce("k", value) + seen("find: {/key: k}, expect: {" + expect + "}"), 20s));
  };
  CHECK(found(R"({"a":[1,{"b":"x"}]})", "/value/a/1/b: x, /partition: 0, /offset: {ge: 0}") == "held");
  CHECK(found(R"([1,2])", "/value: '[1,2]', /value/0: {exists: false}") == "held");
  CHECK(found(R"({"a":)", R"(/value: '{"a":')") == "held");
  CHECK(found(R"({"a":1},"offset":{"b":1})", "/offset: {ge: 0}, /value/a: {exists: false}") == "held");
  CHECK(found(R"({"a":1})", "/value/a: 2") == "differs: it arrived, and is not what was written | /value/a = 2 | /value/a = 1");
}

TEST_CASE("consume: what was there before is not seen, and a topic that nobody has is not watched") {
  KafkaMock mock;
  mock.topic("t", 1);
  REQUIRE(client::produce(mock.bootstrap(), "t", "old", "{}", step::Control{step::Clock::now() + 10s, {}, {}}));
  Asking asking;
  const auto topic = "bootstrap: \"" + mock.bootstrap() + "\", topic: t";
  CHECK(told(asking.last("- arm: {as: o, observe: {consume: {" + topic + "}}}\n- produce: {" + topic + ", key: new, value: x}\n" +
                             seen("find: {/key: new}") + absent("find: {/key: old}"),
                         20s)) == "held");
  const auto none = asking.last("- arm: {as: o, observe: {consume: {bootstrap: \"" + nobody() + "\", topic: t}}}\n", 1s);
  CHECK(none.outcome == run::Outcome::failed);
  CHECK(none.failure);
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
