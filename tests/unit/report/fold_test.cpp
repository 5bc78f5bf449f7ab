// What runs come to: verdicts, exit codes, sentences.

#include "story.hpp"

#include "support/catch.hpp"

using namespace story;
using report::Verdict;

namespace {

struct Case {
  int code;
  std::string sentence;
};
void check(const Tale& story, const Case& expected) {
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
    Tale story("verify");
    story.bad(story.hop("TiDB", "x"), why, "w");
    INFO(step::name_of(why));
    CHECK(story.report().rows.at(0).verdict == verdict);
  }
  Tale story("verify");
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

TEST_CASE("all checks passed") {
  Way way;
  way.healthy().good(way.write, milliseconds(100)).good(way.kafka, milliseconds(130)).good(way.flink, milliseconds(1010));
  check(way, {0, "a row written to TiDB reached Flink in 0.91 s; all 3 hops passed, and all 3 claims of health"});
}

TEST_CASE("several pipelines are several clauses") {
  Tale s("verify");
  for (const char* group : {"orders", "users"}) {
    const int write = s.hop("TiDB", "w", -1, "", group), kafka = s.hop("Kafka", "k", write, "", group);
    s.good(write, milliseconds(10)).good(kafka, milliseconds(22));
  }
  check(s,
        {0,
         "a row written to TiDB reached Kafka in 12 ms (orders); a row written to TiDB reached Kafka in 12 ms (users); all 4 hops passed"});
}

TEST_CASE("of a lost row is told where it was seen, where not and for how long, and that all else holds") {
  Way way;
  way.healthy().good(way.write, milliseconds(100)).good(way.kafka, milliseconds(130));
  way.end_step(way.flink, Outcome::failed, milliseconds(30'100), Failure{Why::timed_out, "no such row within 30 s"});
  check(way,
        {1,
         "the row was seen in TiDB and in Kafka; it was not seen in Flink within 30 s; explanation: every other claim holds; next: look "
         "at the job's exceptions at http://10.0.0.2:8081"});
  CHECK(way.report().rows.at(way.flink).watched == milliseconds(30'000));
}

TEST_CASE("a claim that is false explains a loss, and says what to do") {
  Way way;
  way.good(way.tidb_up).bad(way.kafka_up, Why::refused, "10.0.0.2:9092 refuses").good(way.kafka_leads);
  way.good(way.write, milliseconds(100));
  for (const int hop : {way.kafka, way.flink})
    way.end_step(hop, Outcome::failed, milliseconds(30'100), Failure{Why::timed_out, "nothing arrived"});
  check(way, {1,
              "the row was seen in TiDB; it was not seen in Kafka within 30 s and in Flink within 30 s; explanation: Kafka broker "
              "10.0.0.2:9092: \"the broker answers\" is false (10.0.0.2:9092 refuses); next: tidelab restart lab3 --node 10.0.0.2:9092"});
  // The first hop that did not see it lost it; that a later one did not see it either is a consequence.
  const auto rows = way.report().rows;
  CHECK(rows.at(way.kafka).verdict == Verdict::fail);
  CHECK(rows.at(way.flink).verdict == Verdict::blocked);
  CHECK(rows.at(way.flink).blocked_by == std::vector<std::string>{"the insert is in topic ticdc-test"});
}

TEST_CASE("a row that a later hop has seen was not lost") {
  Way way;
  way.healthy().good(way.write, milliseconds(100)).good(way.flink, milliseconds(900));
  way.end_step(way.kafka, Outcome::failed, milliseconds(30'100), Failure{Why::timed_out, "nothing arrived"});
  const auto report = way.report();
  CHECK(report.story.seen == "the row was seen in TiDB and in Flink; it was not seen in Kafka within 30 s");
  CHECK(report.exit_code == 1);
}

TEST_CASE("rows travel though a claim is false: it explains nothing, and is told beside") {
  Way way;
  way.good(way.tidb_up).bad(way.kafka_up, Why::refused, "refuses").good(way.kafka_leads).good(way.write).good(way.kafka).good(way.flink);
  check(way, {1,
              "rows travel: a row written to TiDB reached Flink in 0 ms; all 3 hops passed, and 2 of 3 claims of health; but Kafka broker "
              "10.0.0.2:9092: \"the broker answers\" is false (refuses); next: tidelab restart lab3 --node 10.0.0.2:9092"});
}

TEST_CASE("who is needed by the others and is down comes first") {
  Way way;
  const int keeper = way.component({"keepers 1", "10.0.0.3:2181", "Keeper", "3", "10.0.0.3", "", "", "keepers", "majority", {}});
  way.opened.components[1].needs = {"keepers"};
  const int keeper_up = way.claim("the keeper answers", keeper);
  way.good(way.tidb_up).bad(way.kafka_up, Why::refused, "refuses").good(way.kafka_leads).bad(keeper_up, Why::timed_out, "silent");
  way.good(way.write).end_step(way.kafka, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
  way.end_step(way.flink, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
  CHECK(way.report().story.cause == "Keeper 10.0.0.3:2181: \"the keeper answers\" is false (silent) (and 1 more)");
}

TEST_CASE("a claim about what the lost hop does not need is no explanation") {
  Way way;
  const int other = way.component({"others 1", "10.0.0.9:1", "Other", "1", "10.0.0.9", "", "", "others", "any", {}});
  const int other_up = way.claim("the other answers", other);
  way.healthy().bad(other_up, Why::refused, "refuses").good(way.write);
  way.end_step(way.kafka, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
  way.end_step(way.flink, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
  CHECK(way.report().story.cause == "the check that failed does not concern its path");
}

TEST_CASE("members of a group are members") {
  const auto story = [](const char* serves_with, bool arrives) {
    Way way;
    std::vector<int> claims = {way.kafka_up};
    for (const auto* node : {"10.0.0.3:9092", "10.0.0.4:9092"}) {
      const auto member = way.component({"kafka_servers x", node, "Kafka broker", "2.7.0", "h", "", "", "kafka_servers", serves_with, {}});
      claims.push_back(way.claim("the broker answers", member));
    }
    way.opened.components[1].serves_with = serves_with;
    const int behind = way.claim("the broker has its partitions", way.opened.steps[static_cast<std::size_t>(claims[2])].component);
    way.good(way.tidb_up).good(way.kafka_leads).good(claims[0]).good(claims[1]).bad(claims[2], Why::refused, "refuses").good(way.write);
    way.blocked(behind, {claims[2]});
    if (arrives)
      way.good(way.kafka).good(way.flink);
    else
      for (const int hop : {way.kafka, way.flink})
        way.end_step(hop, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
    return way;
  };
  const auto serving = story("majority", true).report();
  CHECK(serving.exit_code == 0);
  CHECK(serving.story.cause ==
        "Kafka broker 10.0.0.4:9092: \"the broker answers\" is false (refuses); 2 of 3 are healthy, no other may be lost (and 1 more)");
  CHECK(serving.rows.back().verdict == Verdict::warn);
  auto strict = story("majority", true);
  strict.opened.strict = true;
  CHECK(strict.report().exit_code == 1);
  CHECK(story("all", true).report().exit_code == 1);        // too few are well
  CHECK(story("majority", false).report().exit_code == 1);  // and where a row is lost, nothing is only warned of
  CHECK(story("majority", false).report().rows.back().verdict == Verdict::blocked);
}

TEST_CASE("drift is a finding of its own, and no sickness") {
  Way way;
  const int topic = way.claim("the topic is as asked", 1);
  way.hop_of(topic).drift = true;
  way.hop_of(topic).group = "orders";
  way.hop_of(topic).heal = "tidelab up lab3";
  way.healthy().bad(topic, Why::differs, "retention.ms = 1").good(way.write).good(way.kafka).good(way.flink);
  const auto report = way.report();
  CHECK(report.exit_code == 1);
  CHECK(report.story.cause == "\"the topic is as asked\" is false (retention.ms = 1)");
  CHECK(report.story.next == "tidelab up lab3");
}

TEST_CASE("a claim about what follows a write is no cause of its loss, and is told where rows travel") {
  const auto story = [](bool arrives) {
    Way way;
    const int same = way.claim("source and sink hold the same rows", 1);
    way.hop_of(same).drift = true, way.hop_of(same).since = way.write, way.hop_of(same).group = "orders";
    way.healthy().bad(same, Why::differs, "1 is missing").good(way.write).good(way.kafka);
    if (arrives)
      way.good(way.flink);
    else
      way.end_step(way.flink, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
    return way.report().story.cause;
  };
  CHECK(story(true) == "\"source and sink hold the same rows\" is false (1 is missing)");
  CHECK(story(false).find("hold the same rows") == std::string::npos);
}

TEST_CASE("what a component says of the loss goes before a member that its group can do without") {
  const auto story = [](const char* words) {
    Way way;
    const auto second =
        way.component({"kafka_servers 2", "10.0.0.3:9092", "Kafka broker", "2.7.0", "h", "", "", "kafka_servers", "any", {}});
    const int second_up = way.claim("the broker answers", second);
    way.healthy().bad(second_up, Why::refused, "refuses").good(way.write).good(way.kafka);
    way.end_step(way.flink, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
    if (*words != 0) way.words(way.flink, words);
    return way.report().story.cause;
  };
  CHECK(story("") == "Kafka broker 10.0.0.3:9092: \"the broker answers\" is false (refuses); 1 of 2 are healthy, no other may be lost");
  CHECK(story("the job says: no") == "the job says: no");
}

TEST_CASE("drift that is known goes before what could not be asked, which may follow from it") {
  Way way;
  const int same = way.claim("source and sink hold the same rows", 1), tables = way.claim("the tables are there", 1);
  for (const int each : {same, tables}) way.hop_of(each).drift = true, way.hop_of(each).group = "orders";
  way.healthy()
      .bad(same, Why::unreachable, "server says 1146")
      .bad(tables, Why::differs, "orders is missing")
      .good(way.write)
      .good(way.kafka);
  way.end_step(way.flink, Outcome::failed, milliseconds(9000), Failure{Why::unreachable, "server says 1146"});
  CHECK(way.report().story.cause == "\"the tables are there\" is false (orders is missing) (and 1 more)");
}

TEST_CASE("what only warns fails with strict alone") {
  Way way;
  const int once = way.claim("the message came once", 1);
  way.hop_of(once).warns = true;
  way.healthy().bad(once, Why::differs, "it came 2 times or more").good(way.write).good(way.kafka).good(way.flink);
  CHECK(way.report().exit_code == 0);
  CHECK(way.report().story.cause.find("it came 2 times or more") != std::string::npos);
  way.opened.strict = true;
  CHECK(way.report().exit_code == 1);
}

TEST_CASE("the component's own words come before ours, and help before a restart") {
  Way way;
  way.good(way.tidb_up).bad(way.kafka_up, Failure{Why::timed_out, "/state = failed", {}, {}, {}, "raise max.message.bytes"});
  way.good(way.kafka_leads).good(way.write).words(way.kafka_up, "its state is failed: ErrMessageTooLarge");
  for (const int hop : {way.kafka, way.flink}) way.end_step(hop, Outcome::failed, milliseconds(9000), Failure{Why::timed_out, "nothing"});
  const auto report = way.report();
  CHECK(report.story.cause == "Kafka broker 10.0.0.2:9092: \"the broker answers\" is false (its state is failed: ErrMessageTooLarge)");
  CHECK(report.story.next == "raise max.message.bytes");
}

TEST_CASE("a write that fails was tried, and the sentence says how it ended") {
  Way way;
  SECTION("refused") {
    way.healthy().bad(way.write, Why::refused, "server says 1290: read only");
    way.blocked(way.kafka, {way.write}).blocked(way.flink, {way.write});
    const auto report = way.report();
    CHECK(report.exit_code == 1);
    CHECK(report.story.seen == "a row could not be written to TiDB: server says 1290: read only");
    CHECK(report.rows.at(way.kafka).verdict == Verdict::blocked);
  }
  SECTION("not acknowledged: nobody knows whether there is a row") {
    way.good(way.kafka_up).good(way.kafka_leads).bad(way.tidb_up, Why::timed_out, "silent");
    way.bad(way.write, Why::timed_out, "the sql statement took longer than it may")
        .blocked(way.kafka, {way.write})
        .blocked(way.flink, {way.write});
    const auto report = way.report();
    CHECK(report.story.seen ==
          "a row was sent to TiDB, which has not acknowledged it (the sql statement took longer than it may); whether it is committed is "
          "not known");
    CHECK(report.story.cause == "TiDB 10.0.0.1:4000: \"TiDB answers\" is false (silent)");
  }
}

TEST_CASE("a later change of the row is not mixed up with the first") {
  Way way;
  way.healthy().good(way.write).good(way.kafka).good(way.flink);
  const int write = way.hop("TiDB", "the update is committed"), kafka = way.hop("Kafka", "the update is in the topic", write),
            flink = way.hop("Flink", "the update is in Flink", write);
  SECTION("another row came") {
    way.good(write).good(kafka).bad(flink, Why::differs, "old value");
    CHECK(way.report().story.seen == "the row was seen in TiDB and in Kafka; what was found in Flink does not match: old value");
  }
  SECTION("not written") {
    way.bad(write, Why::refused, "locked").blocked(kafka, {write}).blocked(flink, {write});
    CHECK(way.report().story.seen == "the next change could not be written to TiDB: locked");
  }
}

TEST_CASE("what could not be looked at is neither there nor not there") {
  Way way;
  const int arm = way.step("watch topic ticdc-test", false);
  way.healthy().good(way.write).bad(arm, Why::timed_out, "no assignment").blocked(way.kafka, {arm}).good(way.flink);
  const auto report = way.report();
  CHECK(report.exit_code == 2);
  CHECK(report.rows.at(way.kafka).verdict == Verdict::broken);
  CHECK(report.story.seen == "the row was seen in TiDB and in Flink; it could not be looked for in Kafka (no assignment)");
  CHECK(report.troubles.empty());  // it is told with the hop
}

TEST_CASE("an observer that has a row of its own is no hop: what it could not watch was not looked at") {
  Way way;
  const int query = way.claim("the query runs", 1);
  way.hop_of(query).group = "orders";
  way.healthy().bad(query, Why::timed_out, "never").good(way.write).good(way.kafka).blocked(way.flink, {query});
  CHECK(way.report().rows.at(way.flink).verdict == Verdict::broken);
  CHECK(way.report().story.seen == "the row was seen in TiDB and in Kafka; it could not be looked for in Flink (never)");
}

TEST_CASE("of a row that was not written nobody says that it could not be looked for") {
  Way way;
  const int arm = way.step("watch topic ticdc-test", false);
  way.healthy().bad(way.write, Why::refused, "no").bad(arm, Why::timed_out, "no assignment");
  way.blocked(way.kafka, {way.write, arm}).blocked(way.flink, {way.write});
  CHECK(way.report().rows.at(way.kafka).verdict == Verdict::blocked);
  CHECK(way.report().story.seen == "a row could not be written to TiDB: no");
}

TEST_CASE("a step of ours that fails beside hops that all passed is not hidden") {
  Tale s("verify");
  const int write = s.hop("TiDB", "w"), clean = s.step("remove the topic");
  s.good(write).bad(clean, Why::refused, "no");
  check(s, {2, "rows travel: a row written to TiDB was there; all 1 hop passed; but this did not work: remove the topic on 10.0.0.2: no"});
}

TEST_CASE("nothing checked is not all true") {
  check(Tale("verify"), {2, "nothing was checked"});
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
    check(way, {2, "the row was seen in TiDB; explanation: the run did not finish; next: look at the changefeed"});
  }
  SECTION("even when all that it tells is good") {
    way.healthy().good(way.write).good(way.kafka).good(way.flink);
    check(way, {2,
                "rows travel: a row written to TiDB reached Flink in 0 ms; all 3 hops passed, and all 3 claims of health; but the run did "
                "not finish"});
  }
  Tale up("up");
  up.closed = false;
  up.made(up.step("a"));
  check(up, {2, "the lab could not be brought up: the run did not finish"});
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
  Tale s("up");
  const int dir = s.step("directory /opt/kafka"), service = s.step("Kafka broker runs"), ready = s.step("Kafka broker is ready", false);
  SECTION("made") {
    s.good(dir).made(service).good(ready, milliseconds(41'000));
    check(s, {0, "the lab is up: 1 thing made, 1 unchanged, in 41 s"});
  }
  SECTION("nothing to do") {
    s.good(dir).good(service).good(ready);
    check(s, {0, "nothing to change: all 2 things are up to date"});
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
    Tale s(command);
    const int step = s.step("a"), other = s.step("b", true, 0);
    check(Tale(s).made(step).made(other), {0, std::string(done) + ": 2 things changed, 0 unchanged, in 1 ms"});
    check(Tale(s).good(other).bad(step, Why::failed, "disk"), {3, std::string(not_done) + ": a on 10.0.0.2: disk"});
  }
}

TEST_CASE("a start or stop of some nodes speaks of these") {
  Tale s("stop");
  s.component({"pipelines 1", "orders", "Pipeline", "", "controller", "", "", "pipelines", "any", {}});
  const int step = s.step("a");
  s.step("asked", false, 0);
  check(Tale(s).made(step).good(1), {0, "Kafka broker 10.0.0.2:9092 is stopped: 1 thing changed, 0 unchanged, in 1 ms"});
  check(Tale(s).good(1).bad(step, Why::failed, "disk"), {3, "Kafka broker 10.0.0.2:9092 could not be stopped: a on 10.0.0.2: disk"});
  s.component({"kafka_servers 2", "10.0.0.3:9092", "Kafka broker", "2.7.0", "10.0.0.3", "17", "official", "kafka_servers", "any", {}});
  const int second = s.step("a", true, 3);
  check(Tale(s).made(step).good(1).made(second), {0, "2 of 3 nodes are stopped: 2 things changed, 0 unchanged, in 1 ms"});
}

TEST_CASE("an interrupted verify is not decided") {
  Way way;
  way.healthy().good(way.write).end_step(way.kafka, Outcome::failed, {}, Failure{Why::interrupted, "stopped"});
  check(way,
        {130, "interrupted: 4 of 6 hops were decided; run the same command again to go on, or `tidelab down lab3.yaml` to take it away"});
  CHECK(way.report().troubles.empty());
}

TEST_CASE("what was warned of before is kept in order, and is no verdict") {
  Tale s("up");
  s.warned({"10.0.0.2", "swap", "warning", "swap is on", "swapoff -a", ""}).warned({"10.0.0.1", "clock", "unknown", "?", "", "e"});
  s.made(s.step("directory /opt/kafka"));
  check(s, {0, "the lab is up: 1 thing made, 0 unchanged, in 1 ms"});
  const auto warned = s.report().warned;
  REQUIRE(warned.size() == 2);
  CHECK(warned[0].fix == "swapoff -a");
  CHECK(warned[1].host == "10.0.0.1");
  // Of an older run in the same file nothing stays.
  auto events = s.told();
  for (const auto& event : Tale("up").told()) events.push_back(event);
  CHECK(report::fold(events).warned.empty());
}

TEST_CASE("a host that is gone explains all that was on it, and what each group can still lose") {
  Way way;
  const auto on = [&](const char* name, const char* node, const char* title, const char* host, const char* section, const char* with) {
    return way.component({name, node, title, "1", host, "", "", section, with, {}});
  };
  const int broker = on("kafka_servers 2", "h2:9092", "Kafka broker", "h2", "kafka_servers", "any");
  std::vector<int> keepers;
  for (const auto* host : {"h1", "h2", "h3"})
    keepers.push_back(way.claim("the keeper answers", on("keepers", host, "Keeper", host, "keepers", "majority")));
  const int answers = way.claim("the broker answers", broker), runs = way.claim("the broker is running", broker);
  way.healthy().good(keepers[0]).bad(keepers[1], Why::timed_out, "silent").good(keepers[2]);
  way.bad(answers, Why::timed_out, "silent").bad(runs, Why::unreachable, "cannot reach root@h2:22: No route to host");
  way.good(way.write).good(way.kafka).good(way.flink);
  auto reached = way;
  const auto report = way.report();
  CHECK(
      report.story.cause ==
      "host h2 cannot be reached (cannot reach root@h2:22: No route to host); on it: Keeper h2 (2 of 3 are healthy, no other may be lost), "
      "Kafka broker h2:9092 (1 of 2 are healthy, no other may be lost)");
  CHECK(report.story.next == "bring h2 back, then `tidelab up lab3`");
  CHECK(report.exit_code == 0);

  // What others cannot do at that moment is no cause beside it.
  auto failing_over = reached;
  const int leader = failing_over.claim("the broker has a controller", 1);
  failing_over.bad(leader, Why::timed_out, "none");
  CHECK(failing_over.report().story.cause.starts_with("host h2 cannot be reached"));

  // Where something on it answers, it can be reached.
  const int another = reached.claim("it answers", reached.component({"tops 1", "h2:1", "Top", "1", "h2", "", "", "tops", "any", {}}));
  CHECK(reached.good(another).report().story.cause.starts_with("Keeper h2: \"the keeper answers\" is false (silent); 2 of 3"));
}

TEST_CASE("of a group that does not serve any more it is told how many it needs") {
  Way way;
  std::vector<int> claims;
  for (const auto* host : {"h1", "h2", "h3"})
    claims.push_back(
        way.claim("the keeper answers", way.component({"keepers", host, "Keeper", "1", host, "", "", "keepers", "majority", {}})));
  way.healthy().bad(claims[0], Why::refused, "refuses").bad(claims[1], Why::refused, "refuses").good(claims[2]);
  way.good(way.write).good(way.kafka).good(way.flink);
  CHECK(way.report().story.cause == "Keeper h1: \"the keeper answers\" is false (refuses); 1 of 3 are healthy, 2 are needed (and 1 more)");
}
