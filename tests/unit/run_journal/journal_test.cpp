// Events survive the journal, and what is no event is told apart.
#include "run/journal.hpp"

#include <random>

#include <nlohmann/json.hpp>

#include "report/report.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::run;
using nlohmann::json;

namespace {

/// Events of all kinds with every field drawn at random, from the seed alone.
struct Dice {
  std::mt19937 engine;
  int number(int below) { return static_cast<int>(engine() % static_cast<unsigned>(below)); }
  bool coin() { return number(2) == 1; }
  std::string text() {
    static const char* parts[] = {"", "a", "\n", "\"", "\\", "é", "日本", "\t", "\x01", "{}", "\xF0\x9F\x90\xB3", "null", "\r"};
    std::string out;
    for (int i = number(5); i > 0; --i) out += parts[number(13)];
    if (number(9) == 0) out.push_back('\0');
    return out;
  }
  std::vector<int> ids() {
    std::vector<int> list(static_cast<std::size_t>(number(4)));
    for (int& id : list) id = number(1000);
    return list;
  }
  int place() { return number(50) - 1 < 0 ? -1 : number(50); }
  plan::Hop hop() { return {text(), text(), text(), text(), text(), place(), coin()}; }
  step::Failure failure() { return {static_cast<step::Why>(number(6)), text(), text(), text(), text(), text()}; }
  Event event() {
    Event e;
    e.at = microseconds(static_cast<long>(engine()) * number(1000));
    switch (number(7)) {
      case 0: {
        Opened o{text(), text(), text(), text(), text(), {text(), text()}, {}, {}, {text()}, {ids(), ids()}};
        for (int i = number(3); i > 0; --i) o.components.push_back({text(), text(), text(), text(), text(), text(), text()});
        for (int i = number(4); i > 0; --i) {
          StepLine line{number(99), text(), number(5), place(), text(), coin(), std::nullopt, ids(), ids()};
          if (coin()) line.hop = hop();
          o.steps.push_back(line);
        }
        e.what = o;
        break;
      }
      case 1: e.what = Started{number(99)}; break;
      case 2: e.what = Said{place(), text()}; break;
      case 3: {
        Ended ended{number(99), static_cast<Outcome>(number(5)), text(), microseconds(engine()), std::nullopt, ids()};
        if (coin()) ended.failure = failure();
        e.what = ended;
        break;
      }
      case 4: e.what = Warned{text(), text(), text(), text(), text(), text()}; break;
      case 5: e.what = Evidence{place(), text(), text(), text()}; break;
      default: e.what = Closed{coin(), long(engine()), long(engine()), long(engine()) << 20}; break;
    }
    return e;
  }
};

/// The same keys in both, whatever is filled in.
void same_keys(const json& a, const json& b) {
  std::vector<std::string> left, right;
  for (const auto& item : a.items()) left.push_back(item.key());
  for (const auto& item : b.items()) right.push_back(item.key());
  CHECK(left == right);
}

}  // namespace

TEST_CASE("a line of the journal, word for word") {
  Ended ended{4, Outcome::failed, "", microseconds(1200), step::Failure{step::Why::timed_out, "no row", "a\nb", "1", "0", ""}, {}};
  CHECK(
      render_line({microseconds(1500), ended}) ==
      R"({"at_us":1500,"event":"ended","step":4,"outcome":"failed","note":"","observed_us":1200,)"
      R"("failure":{"why":"timed_out","what":"no row","evidence":"a\nb","expected":"1","actual":"0","help":""},"blocked_by":[],"restarted":false})");
  CHECK(render_line({microseconds(0), Said{-1, "x"}}) == R"({"at_us":0,"event":"said","step":null,"text":"x"})");
  CHECK(render_line({microseconds(3), Warned{"h1", "swap", "warning", "it is on", "turn it off", "a\nb"}}) ==
        R"({"at_us":3,"event":"warned","host":"h1","check":"swap","result":"warning",)"
        R"("found":"it is on","fix":"turn it off","evidence":"a\nb"})");
  CHECK(render_line({microseconds(0), Closed{}}) ==
        R"({"at_us":0,"event":"closed","interrupted":false,"remote_commands":0,"connections":0,"bytes_sent":0})");
}

TEST_CASE("what is written is read back") {
  Dice dice{std::mt19937(7)};
  for (int i = 0; i < 2000; ++i) {
    const Event event = dice.event();
    const std::string line = render_line(event);
    INFO(line);
    CHECK(line.find('\n') == std::string::npos);
    const auto back = parse_line(line);
    REQUIRE(back);
    CHECK(back->what.index() == event.what.index());
    CHECK(render_line(*back) == line);
  }
}

TEST_CASE("values come back, not only the same line") {
  Opened opened{"verify", "lab",    "l.yaml",    "p", "w", {"controller", "h"}, {{"n", "no", "t", "v", "h", "j", "s"}},
                {},       {"note"}, {{4, 5}, {}}};
  opened.steps.push_back({3, "s", 1, -1, "f:1:2", false, plan::Hop{"c", "g", "pl", "ti", "la", 2, true}, {1, 2}, {0}});
  const auto back = parse_line(render_line({microseconds(5), opened}));
  REQUIRE(back);
  const auto& o = std::get<Opened>(back->what);
  CHECK(back->at == microseconds(5));
  CHECK(o.command == "verify");
  CHECK(o.lanes == std::vector<std::string>{"controller", "h"});
  CHECK(o.components.at(0).source == "s");
  CHECK(o.steps.at(0).component == -1);
  CHECK(o.steps.at(0).changes == false);
  CHECK(o.steps.at(0).hop->since == 2);
  CHECK(o.steps.at(0).hop->travels);
  CHECK(o.steps.at(0).blocked_by == std::vector<int>{1, 2});
  CHECK(o.steps.at(0).gates == std::vector<int>{0});
  CHECK(o.gates == std::vector<std::vector<int>>{{4, 5}, {}});
  CHECK(o.notes == std::vector<std::string>{"note"});
}

TEST_CASE("every field is always present") {
  same_keys(json::parse(render_line({{}, Ended{}})),
            json::parse(render_line({{}, Ended{1, Outcome::failed, "n", {}, step::Failure{}, {1}}})));
  Opened bare, full;
  bare.steps.push_back({});
  full.steps.push_back({1, "t", 1, 1, "o", true, plan::Hop{}, {1}});
  const auto a = json::parse(render_line({{}, bare})), b = json::parse(render_line({{}, full}));
  same_keys(a, b);
  same_keys(a["steps"][0], b["steps"][0]);
  CHECK(a["steps"][0]["hop"].is_null());
}

TEST_CASE("bytes that are no UTF-8 do not cost the event") {
  const auto back = parse_line(render_line({{}, Evidence{0, "log", "ab\xFF\xC3"}}));
  REQUIRE(back);
  CHECK(std::get<Evidence>(back->what).text == "ab\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("fields of a newer program are passed over, fields an older one lacks take their defaults") {
  const auto newer = parse_line(R"({"at_us":1,"event":"started","step":2,"mood":{"x":[1]}})");
  REQUIRE(newer);
  CHECK(std::get<Started>(newer->what).step == 2);
  const auto older = parse_line(R"({"at_us":1,"event":"ended","step":2,"outcome":"made"})");
  REQUIRE(older);
  CHECK(std::get<Ended>(older->what).outcome == Outcome::made);
  CHECK_FALSE(std::get<Ended>(older->what).failure);
}

TEST_CASE("what is no event is told apart") {
  for (const char* line : {"",
                           "garbage",
                           "{",
                           "[]",
                           "null",
                           "{}",
                           "1",
                           R"({"at_us":1})",
                           R"({"event":"started","step":1})",
                           R"({"at_us":1,"event":"started"})",
                           R"({"at_us":1,"event":"started","step":null})",
                           R"({"at_us":1,"event":"danced","step":1})",
                           R"({"at_us":"1","event":"started","step":1})",
                           R"({"at_us":1,"event":"started","step":1.5})",
                           R"({"at_us":1,"event":"started","step":4294967297})",
                           R"({"at_us":18446744073709551615,"event":"started","step":1})",
                           R"({"at_us":9223372036854775807,"event":"started","step":1})",
                           R"({"at_us":1,"event":"ended","step":1,"outcome":"made","observed_us":-9223372036854775808})",
                           R"({"at_us":1,"event":"ended","step":1,"outcome":"perhaps"})",
                           R"({"at_us":1,"event":"said","step":1,"text":[]})",
                           R"({"at_us":1,"event":"warned","host":"h","check":"swap"})",
                           R"({"at_us":1,"event":"warned","host":"h","check":"swap","result":"warning","found":1})",
                           R"({"at_us":1,"event":"ended","step":1,"outcome":"failed","failure":{"what":"x"}})",
                           R"({"at_us":1,"event":"ended","step":1,"outcome":"failed","failure":"x"})",
                           R"({"at_us":1,"event":"ended","step":1,"outcome":"blocked","blocked_by":["a"]})",
                           R"({"at_us":1,"event":"opened","command":"up","steps":[{}]})",
                           R"({"at_us":1,"event":"opened","command":"up","steps":[],"gates":[1]})",
                           R"({"at_us":1,"event":"started","step":1} x)"}) {
    INFO(line);
    CHECK_FALSE(parse_line(line));
  }
  // A journal cut off in the middle of a line, at any byte.
  const std::string whole = render_line({microseconds(7), Ended{1, Outcome::failed, "é", {}, step::Failure{}, {2}}});
  for (std::size_t end = 0; end < whole.size(); ++end) CHECK_FALSE(parse_line(whole.substr(0, end)));
  CHECK(parse_line(whole + "\r\n"));
}

TEST_CASE("whatever becomes of a line, it is an event or none, and a report is made of the events") {
  Dice dice{std::mt19937(17)};
  static const char* const pieces[] = {"null", "-1", "[[[[", "{}", "1e999", "\"\\ud800\"", "99999999999", "\xff", "\\", "]}"};
  std::vector<Event> events;
  for (int round = 0; round < 1500; ++round) {
    auto line = render_line(dice.event());
    for (int hits = dice.number(4); hits > 0; --hits) {
      const auto at = static_cast<std::size_t>(dice.number(static_cast<int>(line.size())));
      if (dice.coin())
        line[at] = static_cast<char>(dice.number(256));
      else if (dice.coin())
        line.erase(at, static_cast<std::size_t>(1 + dice.number(60)));
      else
        line.insert(at, pieces[dice.number(10)]);
      if (line.empty()) break;
    }
    const auto event = parse_line(line);
    if (!event) continue;
    CHECK(parse_line(render_line(*event)).has_value());
    events.push_back(*event);
  }
  CHECK(events.size() > 300);
  CHECK_FALSE(report::render_text(report::fold(events), false).empty());
}

TEST_CASE("a line that is nested without end, or is more values than bytes deserve, is no event") {
  const std::string head = R"({"at_us":1,"event":"said","text":"x","more":)";
  CHECK(parse_line(head + std::string(20, '[') + std::string(20, ']') + "}"));
  CHECK_FALSE(parse_line(head + std::string(40, '[') + std::string(40, ']') + "}"));
  CHECK_FALSE(parse_line(head + std::string(std::size_t{10} << 20, '[')));
}
