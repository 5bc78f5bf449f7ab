// JSON, JUnit and HTML: read back by their own readers.
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "story.hpp"
#include "support/catch.hpp"

using namespace story;
using nlohmann::json;

namespace {

Way make_failing() {
  Way way;
  way.healthy().good(way.write, milliseconds(100)).good(way.kafka, milliseconds(112));
  way.bad(way.flink, Failure{Why::timed_out, "no <row> & \"none\"", "x\x1b\x01\xFFy ]]> <script>", "a", "b", "h"});
  way.blocked(way.hop("TiDB", "back", way.write), {way.flink});
  way.bad(way.hop("X", "asked"), Why::unreachable, "ssh");
  way.events.push_back({way.now, run::Evidence{1, "log <1>", "<b>\xFF"}});
  way.warned({"10.0.0.2", "ports", "warning", "held by <b> & \x1b", "end it", "a\x01\xFF\n]]> <script>"});
  return way;
}

pugi::xml_document read_xml(const std::string& text) {
  pugi::xml_document document;
  REQUIRE(document.load_string(text.c_str()));
  for (const char c : text) REQUIRE((static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t'));
  CHECK(text.find("&#x1b;") == std::string::npos);
  CHECK(text.find("&#27;") == std::string::npos);
  return document;
}

}  // namespace

TEST_CASE("json: one record, and every field of every record") {
  const auto root = json::parse(report::render_json(make_failing().report()));
  REQUIRE(root.is_object());
  CHECK(root["exit_code"] == 1);
  CHECK(root["counts"]["hops"] == json{{"pass", 5}, {"fail", 1}, {"warn", 0}, {"broken", 1}, {"blocked", 1}, {"unknown", 0}});
  REQUIRE(root["hops"].size() == 8);
  for (const auto& hop : root["hops"]) {
    CHECK(hop.size() == 21);
    CHECK(hop.is_object());
  }
  CHECK(root["hops"][4]["latency_us"] == 12000);
  CHECK(root["hops"][5]["latency_us"].is_null());
  CHECK(root["hops"][6]["blocked_by"][0]["title"] == "the insert is in Flink's table");
  CHECK(root["hops"][1]["component"] == "kafka_servers 1");
  CHECK(root["hops"][5]["component"].is_null());
  CHECK(root["hosts"][1]["name"] == "10.0.0.2");
  CHECK(root["evidence"][0]["component"] == "kafka_servers 1");
  REQUIRE(root["warnings"].size() == 1);
  CHECK(root["warnings"][0].size() == 6);
  CHECK(root["warnings"][0]["host"] == "10.0.0.2");
  CHECK(root["warnings"][0]["check"] == "ports");
  CHECK(root["warnings"][0]["result"] == "warning");
  CHECK(root["warnings"][0]["fix"] == "end it");
  CHECK(root["components"][0]["stand_in"] == false);
  const auto empty = json::parse(report::render_json(report::fold({})));
  CHECK(empty.size() == root.size());
}

TEST_CASE("junit: each verdict in its place, and legal XML whatever a log holds") {
  const auto document = read_xml(report::render_junit(make_failing().report()));
  const auto root = document.child("testsuites");
  CHECK(root.attribute("tests").as_int() == 9);
  CHECK(root.attribute("failures").as_int() == 1);
  CHECK(root.attribute("errors").as_int() == 1);
  CHECK(root.attribute("skipped").as_int() == 1);
  const auto suite = root.find_child_by_attribute("testsuite", "name", "follow: orders");
  CHECK(suite.attribute("tests").as_int() == 5);
  const auto lost = suite.find_child_by_attribute("testcase", "name", "the insert is in Flink's table");
  CHECK(lost.child("failure").attribute("message").as_string() == std::string("no <row> & \"none\""));
  CHECK(std::string(lost.child("failure").text().get()).find("x���y ]]> <script>") != std::string::npos);
  CHECK(suite.find_child_by_attribute("testcase", "name", "back").child("skipped"));
  CHECK(suite.find_child_by_attribute("testcase", "name", "asked").child("error"));
  CHECK(suite.find_child_by_attribute("testcase", "name", "the insert is in topic ticdc-test").attribute("time").as_string() ==
        std::string("0.012000"));
  const auto before = root.find_child_by_attribute("testsuite", "name", "warnings");
  CHECK(before.attribute("tests").as_int() == 1);
  CHECK(before.attribute("errors").as_int() == 0);
  const auto warned = before.find_child_by_attribute("testcase", "name", "10.0.0.2: ports");
  CHECK(std::string(warned.child("system-out").text().get()).find("warning: held by <b> & ") == 0);
  CHECK(std::string(warned.child("system-out").text().get()).find("fix: end it\n") != std::string::npos);
  CHECK_FALSE(warned.child("failure"));
}

TEST_CASE("junit: what is not a success never looks like one") {
  Way open, good;
  open.closed = false;
  open.healthy().good(open.write).good(open.kafka).good(open.flink);
  good.healthy().good(good.write).good(good.kafka).good(good.flink);
  Way stopped = good;
  stopped.end.interrupted = true;
  Tale up("up"), failed("up");
  up.warned({"h", "swap", "warning", "on", "", ""}).made(up.step("a"));
  failed.bad(failed.step("a"), Why::failed, "x");
  for (const auto& report : {report::fold({}), Tale("verify").report(), open.report(), good.report(), stopped.report(), up.report(),
                             failed.report(), make_failing().report()}) {
    const auto document = read_xml(report::render_junit(report));
    const auto root = document.child("testsuites");
    INFO(report.sentence);
    CHECK(root.attribute("tests").as_int() > 0);
    CHECK((root.attribute("failures").as_int() + root.attribute("errors").as_int() > 0) == (report.exit_code != 0));
  }
}

TEST_CASE("html: self-contained, and nothing of others gets through as markup") {
  const std::string page = report::render_html(make_failing().report());
  for (const char* banned : {"<script", "src=", "<b>", "\x1b", "\xFF", "no <row>"}) CHECK(page.find(banned) == std::string::npos);
  for (const char* there :
       {"no &lt;row&gt; &amp; &quot;none&quot;", "<div class=\"box fail\"", "<small>12 ms</small>", "<details><summary>evidence",
        "was not seen in Flink", "log &lt;1&gt; – Kafka broker 10.0.0.2:9092", "warnings", "held by &lt;b&gt; &amp;", "end it",
        "<title>✗ lab3 verify</title>", "<th scope=\"col\">verdict</th>", "<a href=\"http://10.0.0.2:8081\">", "href=\"#component-1\""}) {
    INFO(there);
    CHECK(page.find(there) != std::string::npos);
  }
}

TEST_CASE("html: what failed stands before what did not") {
  const std::string page = report::render_html(make_failing().report());
  const auto failed = page.find("<h2>what failed</h2>"), way = page.find("<h2>follow: orders</h2>");
  REQUIRE(failed != std::string::npos);
  REQUIRE(way != std::string::npos);
  CHECK(failed < way);
  CHECK(page.find("none&quot;") < way);         // its reason
  CHECK(page.find("id=\"evidence-0\"") < way);  // and what was collected
  Way whole;
  whole.healthy().good(whole.write).good(whole.kafka).good(whole.flink);
  CHECK(report::render_html(whole.report()).find("what failed") == std::string::npos);
}

TEST_CASE("html: words are broken only where a part of a long one ends") {
  Way way;
  way.healthy().good(way.write);
  const std::string path = "/a/directory/that/is/long/enough/for/two/lines", word = "unbreakable-but-short";
  way.bad(way.kafka, Failure{Why::differs, word + " " + path, "", "", "", ""});
  const std::string page = report::render_html(way.report());
  CHECK(page.find(word) != std::string::npos);
  CHECK(page.find("long/<wbr>enough/<wbr>") != std::string::npos);
  CHECK(page.find("overflow-wrap: anywhere") == std::string::npos);
}

TEST_CASE("timeline: a hop's bar goes from its time zero to when it was seen, what was so already has none") {
  Way way;
  const auto write = way.write, kafka = way.kafka;
  way.healthy();
  way.events.push_back({milliseconds(10), run::Started{write}});
  way.good(write, milliseconds(100));
  way.events.push_back({milliseconds(20), run::Started{kafka}});
  way.good(kafka, milliseconds(112));
  const auto report = way.report();
  REQUIRE(report.bars.size() == 2);
  CHECK(report.bars[0].step == write);
  CHECK(report.bars[0].from == milliseconds(10));
  CHECK(report.bars[1].from == milliseconds(100));
  CHECK(report.bars[1].to == milliseconds(112));
  CHECK(report::render_html(report).find("<svg class=\"time\"") != std::string::npos);
}

TEST_CASE("timeline: what a run took, by component") {
  Tale up("up");
  const auto install = up.step("unpack it"), start = up.step("start it");
  up.events.push_back({milliseconds(0), run::Started{install}});
  up.end_step(install, Outcome::made, milliseconds(1500));
  up.events.push_back({milliseconds(1500), run::Started{start}});
  up.end_step(start, Outcome::failed, milliseconds(9000), Failure{Why::failed, "no"});
  const std::string page = report::render_html(up.report());
  CHECK(page.find("what took how long") != std::string::npos);
  CHECK(page.find("<rect class=\"pass\"") != std::string::npos);
  CHECK(page.find("<rect class=\"fail\"") != std::string::npos);
  CHECK(page.find("Kafka broker 10.0.0.2:9092") != std::string::npos);
}
