// YAML → steps: every word, and the whole text of each complaint.
#include "step/read_step.hpp"

#include <set>

#include <deque>

#include "step/describe.hpp"
#include "support/catch.hpp"
#include "support/written.hpp"

using namespace tidelab;
using namespace tidelab::step;

namespace {

std::vector<Step> read(const std::string& text) {
  static std::deque<support::Written> kept;  // what was read points back into its text
  auto& w = kept.emplace_back(text);
  auto out = read_steps(w.node(), w.diagnostics);
  CHECK(w.complaints() == "");
  return out;
}

std::string complaints(const std::string& text) {
  support::Written w(text);
  (void)read_steps(w.node(), w.diagnostics);
  return w.complaints();
}

std::string brief(const std::string& text) {
  support::Written w(text);
  (void)read_steps(w.node(), w.diagnostics);
  return w.brief();
}

// Each word with all of its fields, and what `plan --full` shows of them: what is not read is not shown.
struct Whole {
  const char* text;
  const char* fields;
};

const Whole wholes[] = {
    {"dir: {path: /p, mode: '755'}", "path: /p\nmode: 755\n"},
    {"file: {path: /p, content: c, from: t, mode: '600'}", "path: /p\ncontent: c\nfrom: t\nmode: 600\n"},
    {"config: {path: /p, format: yaml, set: {a: {b: 1}, l: [x, y]}, append: z}",
     "path: /p\nformat: yaml\nset:\n  a.b: 1\n  l: x, y\nappend: z\n"},
    {"line: {path: /p, match: a=, line: a=1}", "path: /p\nmatch: a=\nline: a=1\n"},
    {"unpack: {artifact: k, into: /p, strip: 2}", "artifact: k\ninto: /p\nstrip: 2\n"},
    {"place: {artifact: k, path: /p}", "artifact: k\npath: /p\n"},
    {"service: {name: n, argv: [a, b], env: {K: v}, cwd: /c, inputs: [/i], log: /l, check: {exec: {argv: [a, c]}}, exe: e, "
     "stop_signal: INT, stop_within: 5s}",
     "name: n\nargv: [\"a\", \"b\"]\nenv:\n  K: \"v\"\ncwd: /c\ninputs: [\"/i\"]\nlog: /l\ncheck:\n  - exec:\n      argv: [\"a\", "
     "\"c\"]\nexe: e\nstop_signal: INT\nstop_within: "
     "5000ms\n"},
    {"halt: {name: n, within: 1m}", "name: n\nwithin: 60000ms\n"},
    {"sweep: {keep: [/a, /b], ports: [1]}", "keep: [\"/a\", \"/b\"]\nports: [\"1\"]\n"},
    {"user: {name: n}", "name: n\n"},
    {"tcp: {address: h:1, send: s, pick: {from: /a, where: {/b: 1}}, expect: {/answer: x}, take: {v: /answer}}",
     "address: h:1\nsend: s\npick: from /a where /b = 1\nexpect: /answer = x\ntake: v = /answer\n"},
    {"http: {method: PUT, url: u, body: b, status: '200', headers: {H: v}, expect: {\"\": {exists: true}}, take: {v: /a}}",
     "method: PUT\nurl: u\nbody: b\nstatus: 200\nheaders:\n  H: \"v\"\nexpect: the answer is there\ntake: v = /a\n"},
    {"sql: {address: h:1, user: u, password: p, database: d, statements: [a, b], expect: {/count: {ge: 1}}}",
     "address: h:1\nuser: u\npassword: p\ndatabase: d\nstatements: [\"a\", \"b\"]\nexpect: /count >= 1\n"},
    {"exec: {argv: [a], env: {K: v}, cwd: /c, stdin: i, fail_if: E, creates: /f, expect: {/exit: 0}}",
     "argv: [\"a\"]\nenv:\n  K: \"v\"\ncwd: /c\nstdin: i\nfail_if: E\ncreates: /f\nexpect: /exit = 0\n"},
    {"topic: {bootstrap: b, name: n, partitions: 3, replication_factor: 2, configs: {k: v}, state: absent}",
     "bootstrap: b\nname: n\npartitions: 3\nreplication_factor: 2\nconfigs:\n  k: \"v\"\nstate: absent\n"},
    {"process: {name: n, expect: {/running: true}}", "name: n\nexpect: /running = true\n"},
    {"produce: {bootstrap: b, topic: t, key: k, value: v}", "bootstrap: b\ntopic: t\nkey: k\nvalue: v\n"},
    {"wait: {for: {tcp: {address: h:1}}, process: n, within: 500ms}", "for:\n  - tcp:\n      address: h:1\nprocess: n\nwithin: 500ms\n"},
    {"ensure: {look: {tcp: {address: h:1}}, act: [{dir: {path: /p}}, {user: {name: n}}], within: 2h}",
     "look:\n  - tcp:\n      address: h:1\nact:\n  - dir:\n      path: /p\n  - user:\n      name: n\nwithin: 7200000ms\n"},
    {"refute: {that: {tcp: {address: h:1}}}", "that:\n  - tcp:\n      address: h:1\n"},
    {"arm: {as: o, observe: {consume: {bootstrap: b, topic: t}}, prepare: [{tcp: {address: h:1}}], until: {tcp: {address: h:2}}, finish: "
     "[{user: {name: n}}], within: 9s}",
     "as: o\nprepare:\n  - tcp:\n      address: h:1\nobserve:\n  - consume:\n      bootstrap: b\n      topic: t\nuntil:\n  - tcp:\n      "
     "address: h:2\n"
     "finish:\n  - user:\n      name: n\nwithin: 9000ms\n"},
    {"arm: {as: o, observe: {follow: {argv: [a], env: {K: v}, cwd: /c, stdin: i}}}",
     "as: o\nobserve:\n  - follow:\n      argv: [\"a\"]\n      env:\n        K: \"v\"\n      cwd: /c\n      stdin: i\n"},
    {"arm: {as: o, observe: {page: {url: u, next: /n, items: /i}}}",
     "as: o\nobserve:\n  - page:\n      url: u\n      next: /n\n      items: /i\n"},
    {"absent: {in: o, find: {/v: 1}, most: 2}", "in: o\nfind: /v = 1\nmost: 2\n"},
    {"brokers: {bootstrap: b, pick: {from: /brokers, where: {/id: 1}}, expect: {/port: 9092}}",
     "bootstrap: b\npick: from /brokers where /id = 1\nexpect: /port = 9092\n"},
    {"every: {of: {http: {url: u}}, items: /i, where: {/id: {ne: a}}, take: {other: /id}, that: {http: {url: v, give_up: {/s: gone}}}}",
     "of:\n  - http:\n      url: u\nitems: /i\nwhere: /id is not a\ntake: other = /id\nthat:\n  - http:\n      url: v\n      give_up: "
     "/s = gone\n"},
    {"http: {url: u, expect: {/a: {before: {than: /now, by: 3s}}}, take: {c: {at: /trace, last: '^Caused by: (.*)$'}}}",
     "url: u\nexpect: /a is before /now 3000 ms\ntake: c = /trace, the last line that matches ^Caused by: (.*)$\n"},
    {"ask: {of: s, what: the depth, with: {a: b}, expect: {/d: 1}, take: {v: /d}}",
     "of: s\nwhat: the depth\nwith:\n  a: \"b\"\nexpect: /d = 1\ntake: v = /d\n"},
    {"seen: {in: o, find: {/v: 1}, expect: {/w: {lacks: x}}, take: {v: /t}, within: 1s}",
     "in: o\nfind: /v = 1\nexpect: /w lacks x\ntake: v = /t\nwithin: 1000ms\n"},
};

}  // namespace

TEST_CASE("every word is read with all of its fields") {
  std::set<std::string> left;
  for (const auto& name : word_names()) left.insert(name);
  for (const auto& each : wholes) {
    CAPTURE(each.text);
    const std::string text = each.text;
    const auto steps = read(text);
    REQUIRE(steps.size() == 1);
    CHECK(render_fields(steps[0].action, 0) == each.fields);
    left.erase(text.substr(0, text.find(':')));
    for (const auto* watching : {"consume", "follow", "page"})
      if (text.find(std::string("{") + watching + ":") != std::string::npos) left.erase(watching);
  }
  CHECK(left == std::set<std::string>{});
}

TEST_CASE("what stands beside a word") {
  const auto steps =
      read("- title: hello\n  on: kafka\n  versions: '>=2'\n  dir: {path: /p}\n- versions: {a: '1', b: '<2'}\n  user: {name: n}\n");
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].title.value == "hello");
  CHECK(steps[0].on.value == "kafka");
  CHECK(source::render_place(steps[0].origin) == "t.yaml:4:3");
  REQUIRE(steps[0].versions.size() == 1);
  CHECK(steps[0].versions[0].first.value == "");
  CHECK(steps[0].versions[0].second.value == ">=2");
  REQUIRE(steps[1].versions.size() == 2);
  CHECK(steps[1].versions[1].first.value == "b");
}

TEST_CASE("no step, one step, a list of steps") {
  CHECK(read("~").empty());
  CHECK(read("[]").empty());
  CHECK(read("dir: {path: /p}").size() == 1);
  CHECK(read("[{dir: {path: /p}}, {dir: {path: /q}}]").size() == 2);
}

TEST_CASE("a whole map may come from one param") {
  const auto steps = read("topic: {bootstrap: b, name: n, configs: '${all}'}");
  const auto& configs = std::get<Topic>(steps.at(0).action).configs;
  REQUIRE(configs.size() == 1);
  CHECK(configs[0].first.value == "");
  CHECK(configs[0].second.value == "${all}");
}

TEST_CASE("S001: no word") {
  CHECK(
      complaints("dri: {path: /p}\n") ==
      "error[S001]: there is no word `dri`\n --> t.yaml:1:1\n  |\n1 | dri: {path: /p}\n  | ^^^\n  = help: did you mean `dir`?\n\n1 error");
  CHECK(complaints("title: x\n") ==
        "error[S001]: a step needs a word that says what to do\n --> t.yaml:1:1\n  |\n1 | title: x\n  | ^^^^^\n\n1 error");
  CHECK(brief("{}") == "S001 1:1 a step needs a word that says what to do");
}

TEST_CASE("S001: an unknown word inside another is told once") {
  CHECK(brief("wait: {for: {tpc: {address: h}}}") == "S001 1:14 there is no word `tpc` | did you mean `tcp`?");
}

TEST_CASE("S002: more than one word") {
  CHECK(complaints("dir: {path: /p}\nuser: {name: n}\n") ==
        "error[S002]: a step has one word, and `user` is a second one\n --> t.yaml:2:1\n  |\n2 | user: {name: n}\n  | ^^^^\n"
        "  = help: begin a new list item for it\n\n1 error");
}

TEST_CASE("S003: a field is missing") {
  CHECK(complaints("dir: {mode: '1'}\n") ==
        "error[S003]: `dir` needs `path`\n --> t.yaml:1:6\n  |\n1 | dir: {mode: '1'}\n  |      ^\n\n1 error");
  CHECK(brief("service: {}") == "S003 1:10 `service` needs `name`\nS003 1:10 `service` needs `argv`\nS003 1:10 `service` needs `log`");
  CHECK(brief("wait: {for: []}") == "S003 1:13 `wait` needs a word in `for`");
  CHECK(brief("wait: {for: }") == "S003 1:12 `wait` needs a word in `for`");
}

TEST_CASE("S004: what a service can be checked by") {
  const auto check = [](const std::string& words) { return brief("service: {name: n, argv: [a], log: /l, check: " + words + "}"); };
  CHECK(check("{exec: {argv: [a], env: {K: v}, cwd: /c, fail_if: no}}") == "");
  CHECK(check("[]") == "");
  for (const std::string bad : {"{tcp: {address: h:1}}", "{exec: {argv: [a], stdin: x}}", "{exec: {argv: [a], creates: /f}}",
                                "{exec: {argv: [a], expect: {/exit: 1}}}", "{exec: {argv: [a], take: {v: /stdout}}}"})
    CHECK(check(bad).find("S004 1:48 this word cannot stand in `check`") != std::string::npos);
  CHECK(check("[{exec: {argv: [a]}}, {exec: {argv: [b]}}]").find("`check` takes exactly one word") != std::string::npos);
}

TEST_CASE("S004: a word that does not fit") {
  CHECK(complaints("wait: {for: {dir: {path: /p}}}\n") ==
        "error[S004]: this word cannot stand in `for`\n --> t.yaml:1:14\n  |\n1 | wait: {for: {dir: {path: /p}}}\n  |              ^^^\n"
        "  = help: words that ask are tcp, http, sql, exec, topic, process, brokers, every, ask\n\n1 error");
  CHECK(brief("ensure: {look: {wait: {for: {tcp: {address: h}}}}, act: []}").find("S004 1:17 this word cannot stand in `look`") !=
        std::string::npos);
  CHECK(brief("refute: {that: {seen: {in: o, find: {}}}}").starts_with("S004"));
  CHECK(brief("arm: {as: o, observe: {tcp: {address: h}}}") ==
        "S004 1:24 this word cannot stand in `observe` | words that watch are consume, follow, page");
  CHECK(brief("wait: {for: [{tcp: {address: h}}, {tcp: {address: i}}]}") == "S004 1:36 `for` takes exactly one word");
}

TEST_CASE("S005: a bad pattern") {
  CHECK(complaints("exec: {argv: [a], fail_if: '('}\n") ==
        "error[S005]: this is not a regular expression\n --> t.yaml:1:28\n  |\n1 | exec: {argv: [a], fail_if: '('}\n  |                    "
        "        ^^^\n"
        "  = help: patterns are ECMAScript regular expressions\n\n1 error");
  CHECK(brief("tcp: {address: h, expect: {/a: {matches: '['}}}").starts_with("S005 1:42"));
  CHECK(brief("tcp: {address: h, expect: {/a: {matches: '[${x}'}}}") == "");  // known only later
}

TEST_CASE("S006: an unknown comparison, or no pointer") {
  CHECK(complaints("tcp: {address: h, expect: {/a: {gt: 1}}}\n") ==
        "error[S006]: `gt` is not a comparison\n --> t.yaml:1:33\n  |\n1 | tcp: {address: h, expect: {/a: {gt: 1}}}\n  |                   "
        "              ^^\n"
        "  = help: comparisons are eq, ne, contains, lacks, matches, ge, le, one_of, exists, before, soon_after\n\n1 error");
  CHECK(brief("tcp: {address: h, expect: {a: 1}}") == "S006 1:28 `a` is not a JSON pointer | write `/a`");
}

TEST_CASE("S007: a key set twice, dotted or nested") {
  CHECK(complaints("config: {path: /p, format: yaml, set: {a.b: 1, a: {b: 2}}}\n") ==
        "error[S007]: `a.b` is set twice\n --> t.yaml:1:52\n  |\n1 | config: {path: /p, format: yaml, set: {a.b: 1, a: {b: 2}}}\n"
        "  |                                                    ^\n ::: t.yaml:1:40\n  |\n"
        "1 | config: {path: /p, format: yaml, set: {a.b: 1, a: {b: 2}}}\n"
        "  |                                        --- the other one\n\n1 error");
  CHECK(brief("config: {path: /p, format: yaml, set: {a: 1, a.b: 2}}") == "");  // flat files may have both; see render_config for toml
  CHECK(brief("config: {path: /p, format: toml, set: {a.b: 1, a.bc: 2}}") == "");
}

TEST_CASE("other mistakes in steps") {
  CHECK(brief("dir: {path: /p, mod: 1}") == "Y012 1:17 `mod` is not a key of `dir` | did you mean `mode`?");
  CHECK(brief("dir: /p") == "Y010 1:6 expected a mapping for `dir`, found a text");
  CHECK(brief("just text") ==
        "Y010 1:1 expected a list for a list of steps, found a text | put `- ` before each item, also when there is only one");
  CHECK(brief("wait: {for: {tcp: {address: h}}, within: 5 minutes}").starts_with("Y010"));
}

TEST_CASE("conditions in a file") {
  support::Written w("/a: 1\n/b: ~\n/c: {ge: 1, le: 3}\n/d: {one_of: [x, y]}\n\"\": {contains: z}\n");
  CHECK(render_match(read_match(w.node(), w.diagnostics)) ==
        "/a = 1, /b is not there, /c >= 1, /c <= 3, /d is one of x|y, the answer contains z");
  CHECK(w.complaints() == "");
}

TEST_CASE("settings remember quotes and places") {
  support::Written w("a:\n  b: '1'\n  c: [1, 2]\nd: ~\n");
  const auto made = read_settings(w.node(), w.diagnostics);
  REQUIRE(made.size() == 3);
  CHECK(made[0].key.value == "a.b");
  CHECK(made[0].quoted);
  CHECK(source::render_place(made[0].key.span) == "t.yaml:2:3");
  CHECK(made[1].list);
  CHECK_FALSE(made[1].quoted);
  CHECK(made[2].values.at(0).value == "");
}
