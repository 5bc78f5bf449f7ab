// Words as one line for a person, their deadlines, and the walk over all of their texts.

#include "step/describe.hpp"
#include "step/read_step.hpp"
#include "support/catch.hpp"
#include "support/written.hpp"

using namespace tidelab;
using namespace tidelab::step;
using namespace std::chrono_literals;

namespace {

Action action(const std::string& text) {
  support::Written w(text);
  auto steps = read_steps(w.node(), w.diagnostics);
  CHECK(w.complaints() == "");
  REQUIRE(steps.size() == 1);
  return steps[0].action;
}

std::string line(const std::string& text) { return render_action(action(text)); }

}  // namespace

TEST_CASE("one line for each word") {
  CHECK(line("dir: {path: /p}") == "dir /p");
  CHECK(line("file: {path: /p}") == "file /p");
  CHECK(line("config: {path: /p, format: toml}") == "config /p");
  CHECK(line("line: {path: /p, line: \"a\\n  b\"}") == "line \"a b\" in /p");
  CHECK(line("unpack: {artifact: k, into: /p}") == "unpack k into /p");
  CHECK(line("place: {artifact: k, path: /p}") == "place k at /p");
  CHECK(line("service: {name: n, argv: [a], log: /l}") == "service n");
  CHECK(line("halt: {name: n}") == "stop service n");
  CHECK(line("sweep: {}") == "remove what tidelab made");
  CHECK(line("sweep: {keep: [/a, /b]}") == "remove what tidelab made but /a, /b");
  CHECK(line("user: {name: n}") == "user n");
  CHECK(line("tcp: {address: h:1, expect: {/answer: x}}") == "tcp h:1 (/answer = x)");
  CHECK(line("http: {url: u}") == "http GET u");
  CHECK(line("http: {method: PUT, url: u}") == "http PUT u");
  CHECK(line("sql: {address: h:1, user: u, statements: [a, select 1]}") == "sql h:1 select 1");
  CHECK(line("exec: {argv: [a, b c]}") == "exec a b c");
  CHECK(line("topic: {bootstrap: b, name: n}") == "topic n");
  CHECK(line("topic: {bootstrap: b, name: n, state: absent}") == "topic n is gone");
  CHECK(line("process: {name: n}") == "process n");
  CHECK(line("produce: {bootstrap: b, topic: t, value: v}") == "produce to t");
  CHECK(line("wait: {for: {tcp: {address: h:1}}}") == "wait for tcp h:1");
  CHECK(line("ensure: {look: {tcp: {address: h:1}}, act: {dir: {path: /p}}}") == "ensure tcp h:1");
  CHECK(line("refute: {that: {tcp: {address: h:1}}}") == "not yet: tcp h:1");
  CHECK(line("arm: {as: o, observe: {consume: {bootstrap: b, topic: t}}}") == "watch o: consume topic t");
  CHECK(line("arm: {as: o, observe: {follow: {argv: [a, b]}}}") == "watch o: follow a b");
  CHECK(line("arm: {as: o, observe: {page: {url: u, items: /i, next: /n}}}") == "watch o: page through u");
  CHECK(line("absent: {in: o, find: {/v: 1}}") == "nothing in o with /v = 1");
  CHECK(line("seen: {in: o, find: {/v: 1}}") == "seen in o: /v = 1");
}

TEST_CASE("a long line is cut between characters") {
  std::string long_text = "x";
  for (int i = 0; i < 200; ++i) long_text += "\xc3\xa9";
  const auto text = line("exec: {argv: ['" + long_text + "']}");
  CHECK(text.size() < 120);
  CHECK(text.ends_with("\xc3\xa9\xe2\x80\xa6"));
}

TEST_CASE("deadlines: stated, or of the word") {
  CHECK(default_within(action("wait: {for: {tcp: {address: h}}, within: 7s}")) == 7s);
  CHECK(default_within(action("wait: {for: {tcp: {address: h}}}")) == 60s);
  CHECK(default_within(action("service: {name: n, argv: [a], log: /l, stop_within: 20s}")) == 65s);  // stopping the old one, and starting
  CHECK(default_within(action("service: {name: n, argv: [a], log: /l, check: {exec: {argv: [a]}}, stop_within: 20s}")) == 125s);
  CHECK(default_within(action("unpack: {artifact: k, into: /p}")) == 10min);
  CHECK(default_within(action("dir: {path: /p}")) == 60s);
}

TEST_CASE("the walk over texts reaches the texts of nested steps, keys and conditions") {
  auto made = action(
      "ensure: {look: {http: {url: u1, headers: {h1: h2}, pick: {from: p1, where: {/p2: p3}}, expect: {/e1: e2}, take: {t1: t2}}},"
      " act: [{ensure: {look: {tcp: {address: a1}}, act: [{config: {path: c1, format: c2, set: {c3: [c4, c5]}, append: c6}}]}}]}");
  std::string all;
  each_text(made, [&](Text& text) {
    if (!text.empty()) all += text.value + " ";
    text.value = "X";
  });
  CHECK(all == "u1 h1 h2 p1 /p2 p3 /e1 e2 t1 t2 a1 c1 c2 c3 c4 c5 c6 ");
  int others = 0;
  each_text(made, [&](Text& text) { others += text.value != "X"; });
  CHECK(others == 0);
}

TEST_CASE("arming reaches all of its steps") {
  auto made = action(
      "arm: {as: o, prepare: [{tcp: {address: a1}}], observe: {consume: {bootstrap: a2, topic: a3}}, until: {tcp: {address: a4}}, finish: "
      "[{tcp: {address: a5}}]}");
  std::string all;
  each_text(made, [&](Text& text) {
    if (!text.empty()) all += text.value + " ";
  });
  CHECK(all == "o a1 a2 a3 a4 a5 ");
}
