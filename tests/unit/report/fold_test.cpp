// What runs come to: verdicts, exit codes, sentences.
#include <catch2/catch.hpp>

#include "story.hpp"

using namespace story;
using report::Verdict;

namespace {

struct Case {
  int code;
  std::string sentence;
};
void check(const Story& story, const Case& expected) {
  const auto report = story.report();
  CHECK(report.sentence == expected.sentence);
  CHECK(report.exit_code == expected.code);
}

}  // namespace

TEST_CASE("verdicts follow from how a step ended") {
  const std::pair<Why, Verdict> table[] = {{Why::differs, Verdict::fail},       {Why::refused, Verdict::fail},
                                           {Why::timed_out, Verdict::fail},     {Why::failed, Verdict::fail},
                                           {Why::unreachable, Verdict::broken}, {Why::interrupted, Verdict::unknown}};
  for (const auto& [why, verdict] : table) {
    Story story("verify");
    story.bad(story.hop("TiDB", "x"), why, "w");
    INFO(step::name_of(why));
    CHECK(story.report().rows.at(0).verdict == verdict);
  }
  Story story("verify");
  const int a = story.hop("A", "a"), b = story.hop("B", "b"), c = story.hop("C", "c"), d = story.hop("D", "d"), e = story.hop("E", "e");
  story.end_step(a, Outcome::failed, {}).made(b).blocked(c, {a}).end_step(d, Outcome::interrupted, {});
  const auto report = story.report();
  CHECK(report.rows.at(a).verdict == Verdict::broken);  // failed, and nobody knows how
  CHECK(report.rows.at(b).verdict == Verdict::pass);
  CHECK(report.rows.at(c).verdict == Verdict::blocked);
  CHECK(report.rows.at(c).blocked_by == std::vector<std::string>{"a"});
  CHECK(report.rows.at(d).verdict == Verdict::unknown);
  CHECK(report.rows.at(e).verdict == Verdict::unknown);
}

TEST_CASE("a latency is told of what arrived, by when it was seen") {
  Way way;
  way.healthy().good(way.write, milliseconds(100)).good(way.kafka, milliseconds(130));
  way.bad(way.flink, Why::timed_out, "no row");
  const auto report = way.report();
  CHECK_FALSE(report.rows.at(way.write).latency);
  CHECK(report.rows.at(way.kafka).latency == milliseconds(30));
  CHECK_FALSE(report.rows.at(way.flink).latency);
}

TEST_CASE("all is well") {
  Way way;
  way.healthy().good(way.write, milliseconds(100)).good(way.kafka, milliseconds(130)).good(way.flink, milliseconds(1010));
  check(way, {0, "a row written to TiDB reached Flink in 0.91 s; all 3 hops passed, and all 3 claims of health"});
}

TEST_CASE("several pipelines are several clauses") {
  Story s("verify");
  for (const char* group : {"orders", "users"}) {
    const int write = s.hop("TiDB", "w", -1, "", group), kafka = s.hop("Kafka", "k", write, "", group);
    s.good(write, milliseconds(10)).good(kafka, milliseconds(22));
  }
  check(s,
        {0,
         "a row written to TiDB reached Kafka in 12 ms (orders); a row written to TiDB reached Kafka in 12 ms (users); all 4 hops passed"});
}

TEST_CASE("a lost row is lost between two places") {
  Way way;
  way.healthy().good(way.write).good(way.kafka);
  way.bad(way.flink, Why::timed_out, "no such row within 60 s");
  check(way, {1,
              "the row was in TiDB and in Kafka; it was lost between Kafka and Flink: no such row within 60 s, see the job's exceptions at "
              "http://10.0.0.2:8081"});
}

TEST_CASE("the first hop that lost it is named, and others are counted, what was blocked is no failure") {
  Way way;
  way.good(way.tidb_up).good(way.kafka_up).bad(way.kafka_leads, Why::differs, "2 partitions have none");
  way.good(way.write).bad(way.kafka, Why::timed_out, "no record").blocked(way.flink, {way.kafka});
  check(way, {1, "the row was in TiDB; it was lost between TiDB and Kafka: no record, see the changefeed (and 1 more)"});
}

TEST_CASE("a false claim about health that was in the way") {
  Way way;
  way.good(way.tidb_up).bad(way.kafka_up, Why::refused, "10.0.0.2:9092 refuses").good(way.kafka_leads);
  way.good(way.write).blocked(way.kafka, {way.kafka_up}).blocked(way.flink, {way.kafka_up});
  check(way, {1, "the row was in TiDB; it went no further because \"the broker answers\" is false: 10.0.0.2:9092 refuses, see its log"});
}

TEST_CASE("a false claim about health before anything was written") {
  Way way;
  way.bad(way.tidb_up, Why::refused, "refuses").good(way.kafka_up).good(way.kafka_leads);
  for (const int step : {way.write, way.kafka, way.flink}) way.blocked(step, {way.tidb_up});
  check(way, {1, "no row could be written: \"TiDB answers\" is false: refuses"});
}

TEST_CASE("a false claim about health that was not in the way") {
  Way way;
  way.good(way.tidb_up).bad(way.kafka_up, Why::refused, "refuses").good(way.kafka_leads).good(way.write).good(way.kafka).good(way.flink);
  check(way, {1, "all 3 hops passed, but \"the broker answers\" is false: refuses, see its log"});
}

TEST_CASE("a write that fails") {
  Way way;
  way.healthy().bad(way.write, Why::refused, "read only").blocked(way.kafka, {way.write}).blocked(way.flink, {way.write});
  check(way, {1, "no row could be written: read only"});
}

TEST_CASE("a later change of the row is not mixed up with the first") {
  Way way;
  way.healthy().good(way.write).good(way.kafka).good(way.flink);
  const int write = way.hop("TiDB", "the update is committed"), kafka = way.hop("Kafka", "the update is in the topic", write),
            flink = way.hop("Flink", "the update is in Flink", write);
  SECTION("lost on its way") {
    way.good(write).good(kafka).bad(flink, Why::differs, "old value");
    check(way, {1, "the row was in TiDB and in Kafka; it was lost between Kafka and Flink: old value"});
  }
  SECTION("not written") {
    way.bad(write, Why::refused, "locked").blocked(kafka, {write}).blocked(flink, {write});
    check(way, {1, "the next change could not be written: locked"});
  }
}

TEST_CASE("two hops in one place") {
  Story s("verify");
  const int write = s.hop("TiDB", "w"), in = s.hop("Kafka", "in", write), read = s.hop("Kafka", "readable", write);
  s.good(write).good(in).bad(read, Why::differs, "not JSON");
  check(s, {1, "the row was in TiDB and in Kafka; it went wrong in Kafka: not JSON"});
}

TEST_CASE("what could not be asked is neither true nor false") {
  Way way;
  way.healthy().good(way.write).bad(way.kafka, Why::unreachable, "ssh: no route to 10.0.0.2").blocked(way.flink, {way.kafka});
  check(way, {2, "could not find out whether the insert is in topic ticdc-test: ssh: no route to 10.0.0.2, see the changefeed"});
  CHECK(way.report().rows.at(way.flink).verdict == Verdict::blocked);
}

TEST_CASE("hops that a step of ours blocked do not pass silently") {
  Way way;
  const int arm = way.step("watch topic ticdc-test", false);
  way.healthy().bad(arm, Why::timed_out, "no assignment");
  for (const int step : {way.write, way.kafka, way.flink}) way.blocked(step, {arm});
  check(way, {2, "could not find out whether the insert is committed: watch topic ticdc-test on 10.0.0.2: no assignment"});
}

TEST_CASE("a step of ours that fails beside hops that all passed is not hidden") {
  Story s("verify");
  const int write = s.hop("TiDB", "w"), clean = s.step("remove the topic");
  s.good(write).bad(clean, Why::refused, "no");
  check(s, {2, "all 1 hop passed, but this did not work: remove the topic on 10.0.0.2: no"});
}

TEST_CASE("nothing checked is not all true") {
  check(Story("verify"), {2, "nothing was checked"});
  const auto none = report::fold({});
  CHECK(none.exit_code == 2);
  CHECK(none.sentence == "nothing was checked: this journal holds no run");
  CHECK_FALSE(none.complete);
  CHECK(report::fold({{microseconds(3), run::Closed{}}}).exit_code == 2);
}

TEST_CASE("a journal that ends in the middle") {
  Way way;
  way.closed = false;
  SECTION("with hops open") {
    way.healthy().good(way.write);
    check(way, {2, "could not find out whether the insert is in topic ticdc-test: the run ended in the middle"});
  }
  SECTION("even when all that it tells is good") {
    way.healthy().good(way.write).good(way.kafka).good(way.flink);
    check(way, {2, "could not find out everything: the run ended in the middle"});
  }
  Story up("up");
  up.closed = false;
  up.made(up.step("a"));
  check(up, {2, "the lab could not be brought up: the run ended in the middle"});
}

TEST_CASE("events that fit no plan do no harm") {
  Way way;
  way.opened.lanes.clear();
  way.opened.components.clear();
  way.good(999).blocked(way.flink, {-5, 1234}).bad(way.step("x"), Why::failed, "w");
  way.events.push_back({way.now, run::Evidence{77, "t", "x"}});
  const auto report = way.report();
  CHECK(report.exit_code == 2);
  CHECK(report.rows.at(way.flink).blocked_by.empty());
  CHECK_FALSE(report::render_text(report, true).empty());
  CHECK_FALSE(report::render_html(report).empty());
}

TEST_CASE("the last run of a journal counts") {
  Way first, second;
  first.healthy().bad(first.write, Why::refused, "no");
  second.healthy().good(second.write).good(second.kafka).good(second.flink);
  auto events = first.told();
  for (const auto& event : second.told()) events.push_back(event);
  CHECK(report::fold(events).exit_code == 0);
}

TEST_CASE("up") {
  Story s("up");
  const int dir = s.step("directory /opt/kafka"), service = s.step("Kafka broker runs"), ready = s.step("Kafka broker is ready", false);
  SECTION("made") {
    s.good(dir).made(service).good(ready, milliseconds(41'000));
    check(s, {0, "the lab is up: 1 thing made, 1 already so, in 41 s"});
  }
  SECTION("nothing to do") {
    s.good(dir).good(service).good(ready);
    check(s, {0, "nothing to change: all 2 things are already so"});
  }
  SECTION("an act fails") {
    s.good(dir).bad(service, Why::failed, "exit 1").blocked(ready, {service});
    check(s, {3, "the lab could not be brought up: Kafka broker runs on 10.0.0.2: exit 1"});
    CHECK(s.report().troubles.at(0).component == "Kafka broker 10.0.0.2:9092");
  }
  SECTION("a wait fails that blocks nothing") {
    s.good(dir).made(service).bad(ready, Why::timed_out, "silent");
    check(s, {3, "the lab could not be brought up: Kafka broker is ready on 10.0.0.2: silent"});
  }
  SECTION("interrupted") {
    s.good(dir).end_step(service, Outcome::interrupted, {}).end_step(ready, Outcome::interrupted, {});
    check(s, {130,
              "interrupted: 1 of 2 things are as they should be; run the same command again to go on, or `tidelab down lab3.yaml` to take "
              "it away"});
  }
}

TEST_CASE("down, start and stop speak of themselves") {
  for (const auto& [command, done, not_done] : {std::tuple{"down", "the lab is down", "the lab could not be taken down"},
                                                {"start", "the lab is started", "the lab could not be started"},
                                                {"stop", "the lab is stopped", "the lab could not be stopped"}}) {
    Story s(command);
    const int step = s.step("a");
    check(Story(s).made(step), {0, std::string(done) + ": 1 thing changed, 0 already so, in 1 ms"});
    check(Story(s).bad(step, Why::failed, "disk"), {3, std::string(not_done) + ": a on 10.0.0.2: disk"});
  }
}

TEST_CASE("an interrupted verify is not decided") {
  Way way;
  way.healthy().good(way.write).end_step(way.kafka, Outcome::failed, {}, Failure{Why::interrupted, "stopped"});
  check(way,
        {130, "interrupted: 4 of 6 hops were decided; run the same command again to go on, or `tidelab down lab3.yaml` to take it away"});
  CHECK(way.report().troubles.empty());
}

TEST_CASE("what was warned of before is kept in order, and is no verdict") {
  Story s("up");
  s.warned({"10.0.0.2", "swap", "warning", "swap is on", "swapoff -a", ""}).warned({"10.0.0.1", "clock", "unknown", "?", "", "e"});
  s.made(s.step("directory /opt/kafka"));
  check(s, {0, "the lab is up: 1 thing made, 0 already so, in 1 ms"});
  const auto warned = s.report().warned;
  REQUIRE(warned.size() == 2);
  CHECK(warned[0].fix == "swapoff -a");
  CHECK(warned[1].host == "10.0.0.1");
  // Of an older run in the same file nothing stays.
  auto events = s.told();
  for (const auto& event : Story("up").told()) events.push_back(event);
  CHECK(report::fold(events).warned.empty());
}
