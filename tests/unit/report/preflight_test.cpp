// The preflight in its three formats, to the byte.

#include "report/preflight.hpp"
#include "report/exit_code.hpp"
#include "support/catch.hpp"

namespace tidelab::report {

namespace {

using preflight::Outcome;

Preflight sample() {
  Preflight out;
  out.program = "tidelab 1";
  out.lab = "demo";
  out.topology = "demo.yaml";
  out.hosts = {{"10.0.0.1", {"Base", "Top"}, false}, {"10.0.0.2", {"Base"}, false}};
  out.rows = {{1, "10.0.0.1", "reachable", Outcome::ok, "as root; checked in 40 ms"},
              {1, "10.0.0.1", "ports", Outcome::failure, "7000 is in use by `a\tb`", "end it"},
              {1, "10.0.0.1", "ports", Outcome::warning, "7001 is in use at 127.0.0.1"},
              {1,
               "10.0.0.1",
               "swap",
               Outcome::warning,
               "1.0 GB of it",
               "--fix does it",
               "cannot write\n\x1b[2Jno",
               {preflight::Knob::Of::swappiness, "1", "60"}},
              {2, "10.0.0.2", "reachable", Outcome::unknown, "no route <to> it", "look at the cable"}};
  return out;
}

}  // namespace

TEST_CASE("preflight as text") {
  CHECK(render_text(sample(), false) == R"(preflight demo  demo.yaml

10.0.0.1  Base, Top
  ✓ reachable     as root; checked in 40 ms
  ✗ ports         7000 is in use by `a b`
                  → end it
  !               7001 is in use at 127.0.0.1
  ! swap          1.0 GB of it
                  cannot write
                  �[2Jno
                  → --fix does it

10.0.0.2  Base
  ? reachable     no route <to> it
                  → look at the cable

2 hosts, 5 rows: 1 failure, 1 unknown, 2 warnings; `tidelab up` would stop before its first change
)");
}

TEST_CASE("preflight: the last line") {
  const auto last = [](const Preflight& found) {
    const auto text = render_text(found, false);
    return text.substr(text.rfind('\n', text.size() - 2) + 1);
  };
  auto found = sample();
  found.rows.resize(1);
  CHECK(last(found) == "2 hosts, 1 row: all checks passed; `tidelab up` can begin\n");
  found.rows.push_back(sample().rows[3]);
  CHECK(last(found) == "2 hosts, 2 rows: 1 warning; `tidelab up` can begin\n");
  CHECK(exit_code_of(found) == 0);
  found.strict = true;
  CHECK(last(found) == "2 hosts, 2 rows: 1 warning; `tidelab up` would begin, but --strict treats warnings as errors\n");
  CHECK(exit_code_of(found) == 1);
  found.rows.back().outcome = Outcome::fixed;
  CHECK(last(found) == "2 hosts, 2 rows: 1 set; `tidelab up` can begin\n");
  CHECK(exit_code_of(found) == 0);
  found.rows.push_back(sample().rows[4]);
  CHECK(exit_code_of(found) == 2);
  CHECK(stops_up(found));
  found.rows.back().check = "disk";
  CHECK_FALSE(stops_up(found));
  CHECK(exit_code_of(found) == 2);
  found.rows.push_back(sample().rows[1]);
  CHECK(exit_code_of(found) == 1);
}

TEST_CASE("preflight: nothing stops who has nothing to change") {
  auto found = sample();
  found.rows.resize(2);
  CHECK(stops_up(found));
  found.hosts[0].holds = true;
  CHECK(stops_up(found));  // the other host is to be changed
  found.hosts[1].holds = true;
  CHECK_FALSE(stops_up(found));
  CHECK(render_text(found, false)
            .ends_with("2 hosts, 2 rows: 1 failure; nothing is to be changed on any host, so `tidelab up` would not stop\n"));
  CHECK(exit_code_of(found) == 1);
  found.rows.resize(1);
  CHECK(render_text(found, false).ends_with("all checks passed; `tidelab up` can begin\n"));
}

TEST_CASE("preflight: only what is not as it should be") {
  auto found = sample();
  const auto text = render_troubles(found, false);
  CHECK(text.find("the look took") == std::string::npos);
  CHECK(text.find("7000 is in use") != std::string::npos);
  found.rows.resize(1);
  CHECK(render_troubles(found, false) == "");
}

TEST_CASE("preflight in colour") {
  const auto text = render_text(sample(), true);
  CHECK(text.find("\x1b[31m✗\x1b[0m ports") != std::string::npos);
  CHECK(text.find("\x1b[2J") == std::string::npos);
}

TEST_CASE("preflight as JSON") {
  CHECK(render_json(sample()) == R"({
  "format": 1,
  "program": "tidelab 1",
  "command": "preflight",
  "lab": "demo",
  "topology": "demo.yaml",
  "strict": false,
  "exit_code": 1,
  "counts": {
    "ok": 1,
    "warning": 2,
    "failure": 1,
    "fixed": 0,
    "unknown": 1
  },
  "hosts": [
    {
      "name": "10.0.0.1",
      "roles": [
        "Base",
        "Top"
      ]
    },
    {
      "name": "10.0.0.2",
      "roles": [
        "Base"
      ]
    }
  ],
  "rows": [
    {
      "host": "10.0.0.1",
      "check": "reachable",
      "result": "ok",
      "found": "as root; checked in 40 ms",
      "fix": "",
      "can_fix": false,
      "evidence": ""
    },
    {
      "host": "10.0.0.1",
      "check": "ports",
      "result": "failure",
      "found": "7000 is in use by `a\tb`",
      "fix": "end it",
      "can_fix": false,
      "evidence": ""
    },
    {
      "host": "10.0.0.1",
      "check": "ports",
      "result": "warning",
      "found": "7001 is in use at 127.0.0.1",
      "fix": "",
      "can_fix": false,
      "evidence": ""
    },
    {
      "host": "10.0.0.1",
      "check": "swap",
      "result": "warning",
      "found": "1.0 GB of it",
      "fix": "--fix does it",
      "can_fix": true,
      "evidence": "cannot write\n�[2Jno"
    },
    {
      "host": "10.0.0.2",
      "check": "reachable",
      "result": "unknown",
      "found": "no route <to> it",
      "fix": "look at the cable",
      "can_fix": false,
      "evidence": ""
    }
  ]
}
)");
}

TEST_CASE("preflight as JUnit") {
  CHECK(render_junit(sample()) == R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="tidelab preflight" tests="4" failures="1" errors="1" skipped="0">
  <testsuite name="10.0.0.1" tests="3" failures="1" errors="0" skipped="0">
    <testcase name="reachable" classname="10.0.0.1">
      <system-out>ok: as root; checked in 40 ms
</system-out>
    </testcase>
    <testcase name="ports" classname="10.0.0.1">
      <failure message="7000 is in use by `a b`" type="ports">failure: 7000 is in use by `a b`
  → end it
warning: 7001 is in use at 127.0.0.1
</failure>
    </testcase>
    <testcase name="swap" classname="10.0.0.1">
      <system-out>warning: 1.0 GB of it
  → --fix does it
cannot write
�[2Jno
</system-out>
    </testcase>
  </testsuite>
  <testsuite name="10.0.0.2" tests="1" failures="0" errors="1" skipped="0">
    <testcase name="reachable" classname="10.0.0.2">
      <error message="no route &lt;to> it" type="reachable">unknown: no route &lt;to&gt; it
  → look at the cable
</error>
    </testcase>
  </testsuite>
</testsuites>
)");
  auto strict = sample();
  strict.strict = true;
  CHECK(render_junit(strict).find(R"(<testsuite name="10.0.0.1" tests="3" failures="2")") != std::string::npos);
}

}  // namespace tidelab::report
