// The text of a report, as a person sees it.

#include "report/layout.hpp"
#include "story.hpp"
#include "support/catch.hpp"

using namespace story;

TEST_CASE("all is well, word for word") {
  Way way;
  way.opened.components.push_back({"tikv_servers 1", "10.0.0.1:20160", "TiKV", "8.5.0", "10.0.0.1", "", "assembled (stand-in, not TiKV)"});
  way.end.remote_commands = 3;
  way.healthy().good(way.write, milliseconds(100), "commit ts 4521").good(way.kafka, milliseconds(112), "partition 0, offset 12");
  way.good(way.flink, milliseconds(1010), "{\"id\":1}");
  CHECK(report::render_text(way.report(), false) == R"(verify lab3  lab3.yaml  2026-11-23T15:00:00Z  tidelab 0.1.0

follow: orders
  ✓          the insert is committed                   commit ts 4521
  ✓   12 ms  the insert is in topic ticdc-test         partition 0, offset 12
  ✓  0.91 s  the insert is in Flink's table            {"id":1}

health
  ✓ TiDB 10.0.0.1:4000          1 claim
  ✓ Kafka broker 10.0.0.2:9092  2 claims

not the real thing
  TiKV (10.0.0.1:20160): assembled (stand-in, not TiKV)

6 passed; 1.01 s, 3 remote commands
a row written to TiDB reached Flink in 0.91 s; all 3 hops passed, and all 3 claims of health
)");
}

TEST_CASE("a lost row, word for word") {
  Way way;
  way.good(way.tidb_up).good(way.kafka_up);
  way.bad(way.kafka_leads, Failure{Why::differs, "2 partitions have none", "", "a leader", "none", ""});
  way.good(way.write, milliseconds(100)).good(way.kafka, milliseconds(112), "offset 12");
  way.now = milliseconds(60'000);
  way.bad(way.flink,
          Failure{Why::timed_out, "no such row within 60 s", "one\ntwo \x1b[31mred\n\nfour", "{\"id\":1}", "no row", "raise `within`"});
  const int back = way.hop("TiDB", "the row came back", way.write), clean = way.step("remove the topic");
  way.blocked(back, {way.flink}).bad(clean, Failure{Why::unreachable, "ssh: broken pipe", "", "", "", ""});
  way.events.push_back({way.now, run::Evidence{1, "the end of its log", "a\nb\n"}});
  CHECK(report::render_text(way.report(), false) == R"(verify lab3  lab3.yaml  2026-11-23T15:00:00Z  tidelab 0.1.0

follow: orders
  ✓          the insert is committed
  ✓   12 ms  the insert is in topic ticdc-test         offset 12
  ✗          the insert is in Flink's table
  –          the row came back                         after: the insert is in Flink's table

health
  ✓ TiDB 10.0.0.1:4000          1 claim
  ✗ Kafka broker 10.0.0.2:9092  1 of 2 claims hold
      ✗ every partition has a leader

the end of its log  Kafka broker 10.0.0.2:9092
  │ a
  │ b

✗ every partition has a leader  Kafka broker 10.0.0.2:9092
    false:    2 partitions have none
    expected: a leader
    actual:   none
    origin:   checks/health.yaml:3:5

✗ the insert is in Flink's table  follow: orders
    false:    no such row within 60 s
    expected: {"id":1}
    actual:   no row
    evidence:
      │ one
      │ two �[31mred
      │
      │ four
    origin:   checks/follow.yaml:9:5
    help:     raise `within`
    look at:  the job's exceptions at http://10.0.0.2:8081

? remove the topic  on 10.0.0.2, Kafka broker 10.0.0.2:9092
    what:     ssh: broken pipe
    origin:   playbooks/kafka.yaml:7:3

4 passed, 2 failed, 1 not reached; 1 min 00 s
the row was seen in TiDB and in Kafka; it was not seen in Flink within 1 min 00 s
explanation: Kafka broker 10.0.0.2:9092: "every partition has a leader" is false (2 partitions have none)
next: tidelab restart lab3 --node 10.0.0.2:9092
)");
}

TEST_CASE("colour changes no character but its own") {
  Way way;
  way.healthy().good(way.write).bad(way.kafka, Why::timed_out, "x").blocked(way.flink, {way.kafka});
  const std::string plain = report::render_text(way.report(), false), coloured = report::render_text(way.report(), true);
  std::string bare;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\x1b')
      i = coloured.find('m', i);
    else
      bare += coloured[i];
  }
  CHECK(bare == plain);
  CHECK(coloured != plain);
}

TEST_CASE("of long evidence the end is shown") {
  Tale s("verify");
  std::string log;
  for (int i = 1; i <= 42; ++i) log += "line " + std::to_string(i) + "\n";
  s.bad(s.hop("TiDB", "x"), Failure{Why::differs, "w", log, "", "", ""});
  const std::string text = report::render_text(s.report(), false);
  CHECK(text.find("│ … 12 lines before\n      │ line 13\n") != std::string::npos);
  CHECK(text.find("│ line 42\n    origin:") != std::string::npos);
  CHECK(text.find("line 12\n") == std::string::npos);
}

TEST_CASE("tables stay within 120 characters") {
  Tale s("verify");
  s.good(s.hop("TiDB", std::string(70, 't')), milliseconds(0), std::string(300, 'n'));
  for (const std::string& line : report::lines_of(report::render_text(s.report(), false))) CHECK(report::width_of(line) <= 120);
}

TEST_CASE("what was warned of comes first, word for word") {
  Tale s("up");
  s.warned({"10.0.0.2", "swap", "warning", "swap\tis\non", "swapoff -a", "one\ntwo"})
      .warned({"10.0.0.1", "clock", "unknown", "none", "", ""});
  s.made(s.step("directory /opt/kafka"));
  CHECK(report::render_text(s.report(), false) == R"(up lab3  lab3.yaml  2026-11-23T15:00:00Z  tidelab 0.1.0

warnings
  ! 10.0.0.2: swap: swap is on
      │ one
      │ two
      → swapoff -a
  ? 10.0.0.1: clock: none

1 changed; 1 ms
the lab is up: 1 thing made, 0 unchanged, in 1 ms
)");
}

TEST_CASE("services that ran before and were restarted are counted") {
  Tale s("up");
  s.made(s.step("service one")).restarted(s.step("service two")).restarted(s.step("service three"));
  s.good(s.step("directory /opt"));
  CHECK(report::render_text(s.report(), false).find("\n3 changed (2 services restarted), 1 unchanged; ") != std::string::npos);
  CHECK(report::render_json(s.report()).find("\"restarted\": 2") != std::string::npos);
}
