// Questions to answers: what holds, what is picked and taken, and what is said when it does not fit.
#include "step/match.hpp"

#include <random>

#include "support/catch.hpp"

using namespace tidelab::step;

namespace {

Match one(const std::string& pointer, Op op, const std::string& value) { return {{{pointer, {}}, op, {value, {}}}}; }

bool holds(const std::string& answer, const std::string& pointer, Op op, const std::string& value) {
  return !mismatch(Answer::parse(answer), one(pointer, op, value));
}

std::string why(const std::string& answer, const Match& match) {
  const auto found = mismatch(Answer::parse(answer), match);
  return found ? found->expected + " ; " + found->actual : "fits";
}

}  // namespace

TEST_CASE("equality is of texts, or of numbers written otherwise") {
  CHECK(holds(R"({"a":"x"})", "/a", Op::equals, "x"));
  CHECK_FALSE(holds(R"({"a":"x"})", "/a", Op::equals, "X"));
  CHECK(holds(R"({"a":3})", "/a", Op::equals, "3"));
  CHECK(holds(R"({"a":"3"})", "/a", Op::equals, "3"));
  CHECK(holds(R"({"a":3.0})", "/a", Op::equals, "3"));
  CHECK(holds(R"({"a":true})", "/a", Op::equals, "true"));
  CHECK(holds(R"({"a":["x","y"]})", "/a", Op::equals, R"(["x","y"])"));
  CHECK(holds(R"({"a":1})", "/a", Op::not_equals, "2"));
  CHECK_FALSE(holds(R"({"a":1})", "/a", Op::not_equals, "1.0"));
}

TEST_CASE("a timestamp of 64 bits keeps all of them") {
  // As doubles these two are the same number.
  CHECK_FALSE(holds(R"({"tso":"450000000000000001"})", "/tso", Op::equals, "450000000000000002"));
  CHECK(holds(R"({"tso":450000000000000002})", "/tso", Op::at_least, "450000000000000002"));
  CHECK_FALSE(holds(R"({"tso":450000000000000001})", "/tso", Op::at_least, "450000000000000002"));
  CHECK(holds(R"({"tso":"450000000000000001"})", "/tso", Op::at_most, "450000000000000001"));
  CHECK_FALSE(holds(R"({"tso":450000000000000002})", "/tso", Op::at_most, "450000000000000001"));
}

TEST_CASE("order is of numbers only") {
  CHECK(holds(R"({"a":10})", "/a", Op::at_least, "9"));
  CHECK(holds(R"({"a":2.5})", "/a", Op::at_least, "2"));
  CHECK_FALSE(holds(R"({"a":"many"})", "/a", Op::at_least, "1"));
  CHECK_FALSE(holds(R"({"a":"many"})", "/a", Op::at_most, "1"));
  CHECK_FALSE(holds(R"({"a":null})", "/a", Op::at_least, "0"));
}

TEST_CASE("parts, patterns and alternatives") {
  CHECK(holds(R"({"a":"Mode: leader"})", "/a", Op::contains, "Mode"));
  CHECK_FALSE(holds(R"({"a":"Mode: leader"})", "/a", Op::contains, "mode"));
  CHECK(holds(R"({"a":["x","y"]})", "/a", Op::contains, "\"y\""));
  CHECK(holds(R"({"a":"ok"})", "/a", Op::lacks, "error"));
  CHECK_FALSE(holds(R"({"a":"an error"})", "/a", Op::lacks, "error"));
  CHECK(holds(R"({"a":"v8.4.0"})", "/a", Op::matches, "^v8\\.[0-9]+"));
  CHECK_FALSE(holds(R"({"a":"v9"})", "/a", Op::matches, "^v8"));
  CHECK_FALSE(holds(R"({"a":"("})", "/a", Op::matches, "("));  // a pattern that is none, made while it runs
  CHECK(holds(R"({"a":"b"})", "/a", Op::one_of, "a|b|c"));
  CHECK_FALSE(holds(R"({"a":"a|b"})", "/a", Op::one_of, "a|b|c"));
  CHECK_FALSE(holds(R"({"a":""})", "/a", Op::one_of, "a|b"));
}

TEST_CASE("what is not there") {
  CHECK(holds(R"({"a":1})", "/b", Op::exists, "false"));
  CHECK(holds(R"({"a":null})", "/a", Op::exists, "false"));
  CHECK(holds(R"({"a":0})", "/a", Op::exists, "true"));
  CHECK_FALSE(holds(R"({"a":1})", "/b", Op::equals, ""));
  CHECK_FALSE(holds(R"({"a":1})", "/b", Op::contains, ""));
  CHECK_FALSE(holds(R"({"a":1})", "/b", Op::at_most, "5"));
  CHECK_FALSE(holds(R"({"a":1})", "/b", Op::one_of, "x"));
  CHECK(holds(R"({"a":1})", "/b", Op::not_equals, "x"));
  CHECK(holds(R"({"a":1})", "/b", Op::lacks, "x"));
}

TEST_CASE("pointers that go nowhere are missing, never a crash") {
  for (const auto* pointer : {"/a/b/c", "/list/9", "/list/x", "/list/-", "/list/01", "/list/99999999999999999999", "no-slash", "/a~2"}) {
    CAPTURE(pointer);
    CHECK(holds(R"({"a":1,"list":[1,2]})", pointer, Op::exists, "false"));
  }
  CHECK(holds(R"({"a/b":{"c~d":1}})", "/a~1b/c~0d", Op::equals, "1"));
  CHECK(holds(R"([[1,2]])", "/0/1", Op::equals, "2"));
}

TEST_CASE("an answer that is not JSON is one text") {
  CHECK(holds("Mode: standalone", "", Op::contains, "standalone"));
  CHECK(holds("", "", Op::equals, ""));
  CHECK(holds("\xff\xfe{", "", Op::exists, "true"));
  CHECK(holds("{\"a\":", "/a", Op::exists, "false"));
}

TEST_CASE("a mismatch tells every condition that does not hold") {
  CHECK(why(R"({"a":1,"b":"x"})",
            {{{"/a", {}}, Op::equals, {"1", {}}}, {{"/b", {}}, Op::equals, {"y", {}}}, {{"/c", {}}, Op::exists, {"true", {}}}}) ==
        "/b = y, /c is there ; /b = x, /c is not there");
  CHECK(why("no", one("", Op::equals, "")) == "the answer = \"\" ; the answer = no");
  CHECK(why("{}", {}) == "fits");
  const auto found = mismatch(Answer::parse("\"" + std::string(1000, 'x') + "\""), one("", Op::equals, "y"));
  REQUIRE(found);
  CHECK(found->actual.size() < 500);
}

TEST_CASE("a mismatch does not cut a character in two") {
  std::string text = "x";
  for (int i = 0; i < 300; ++i) text += "\xc3\xa9";
  const auto found = mismatch(Answer::parse("\"" + text + "\""), one("", Op::equals, "y"));
  REQUIRE(found);
  CHECK(json_string(found->actual).find("\xef\xbf\xbd") == std::string::npos);
}

TEST_CASE("pick takes the first element that fits, or null") {
  const std::string jobs = R"({"jobs":[{"name":"a","state":"FAILED"},{"name":"b","state":"RUNNING"},{"name":"b","state":"DONE"}]})";
  const auto picked = [](const std::string& answer, const Pick& what) { return pick(Answer::parse(answer), what).text(); };
  Pick p;
  CHECK(picked(jobs, p) == jobs);
  p = {{"/jobs", {}}, one("/name", Op::equals, "b"), true};
  CHECK(picked(jobs, p) == R"({"name":"b","state":"RUNNING"})");
  p.where.push_back({{"/state", {}}, Op::equals, {"DONE", {}}});
  CHECK(picked(jobs, p) == R"({"name":"b","state":"DONE"})");
  p.where.push_back({{"/state", {}}, Op::equals, {"RUNNING", {}}});
  CHECK(picked(jobs, p) == "null");
  CHECK(picked(R"({"jobs":{"name":"b"}})", p) == "null");
  CHECK(picked("not json", p) == "null");
  CHECK(picked("[1,2,3]", {{"", {}}, one("", Op::at_least, "2"), true}) == "2");
  CHECK(picked("[7]", {{"", {}}, {}, true}) == "7");
}

TEST_CASE("take fills values, and names the first that is not there") {
  Values values{{"kept", "1"}};
  CHECK_FALSE(take(Answer::parse(R"({"a":"x","b":[1]})"), {{{"p", {}}, {"/a", {}}}, {{"q", {}}, {"/b", {}}}}, values));
  CHECK(values == Values{{"kept", "1"}, {"p", "x"}, {"q", "[1]"}});
  CHECK(take(Answer::parse(R"({"a":null})"), {{{"r", {}}, {"/a", {}}}, {{"s", {}}, {"/x", {}}}}, values) == "r");
  CHECK(values.count("r") == 0);
}

TEST_CASE("elements of an array, and of nothing else") {
  const auto elements = [](const std::string& answer, const std::string& pointer) {
    std::vector<std::string> out;
    for (const auto& each : Answer::parse(answer).elements(pointer)) out.push_back(each.text());
    return out;
  };
  CHECK(elements(R"({"l":[1,{"a":2}]})", "/l") == std::vector<std::string>{"1", R"({"a":2})"});
  CHECK(elements(R"({"l":{"a":1}})", "/l").empty());
  CHECK(elements("x", "").empty());
}

TEST_CASE("a part is asked as the whole is, also when the whole is gone") {
  std::vector<Answer> parts;
  for (auto& each : Answer::parse(R"({ "l": [ {"b": [1.0, "x"], "a": null} , null, "t" ] })").elements("/l")) parts.push_back(each.alone());
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].text() == R"({"a":null,"b":[1.0,"x"]})");
  CHECK(value_at(parts[0], "/b/1") == "x");
  CHECK(parts[0].said("/a") == "null");
  CHECK_FALSE(value_at(parts[0], "/a"));
  CHECK_FALSE(parts[0].said("/c"));
  CHECK(parts[0].elements("/b").at(0).text() == "1.0");
  CHECK(parts[1].text() == "null");
  CHECK(parts[2].text() == "\"t\"");
  CHECK(parts[2].said("") == "t");
}

TEST_CASE("the text of an answer is as it came") {
  for (const auto* text : {" { \"b\" : 1,\"a\":1.50 }\n", "no JSON", "", "\"\\u0041\"", "\xff", "[1"})
    CHECK(Answer::parse(text).text() == text);
}

TEST_CASE("conditions as a person reads them") {
  const auto text = [](Op op, const std::string& value) { return render_match(one("/a", op, value)); };
  CHECK(text(Op::equals, "1") == "/a = 1");
  CHECK(text(Op::not_equals, "") == "/a is not \"\"");
  CHECK(text(Op::contains, "x") == "/a contains x");
  CHECK(text(Op::lacks, "x") == "/a lacks x");
  CHECK(text(Op::matches, "^x") == "/a matches ^x");
  CHECK(text(Op::at_least, "1") == "/a >= 1");
  CHECK(text(Op::at_most, "1") == "/a <= 1");
  CHECK(text(Op::one_of, "a|b") == "/a is one of a|b");
  CHECK(text(Op::exists, "true") == "/a is there");
  CHECK(text(Op::exists, "false") == "/a is not there");
}

TEST_CASE("JSON strings hold any bytes") {
  CHECK(json_string("a\"b\\c\n\x01") == R"("a\"b\\c\n\u0001")");
  CHECK(json_string("\xff") == "\"\xef\xbf\xbd\"");
}

TEST_CASE("before compares two moments of one answer") {
  const auto before = [](const std::string& answer, const std::string& value) {
    return !mismatch(Answer::parse(answer), {{{"/ran", {}}, Op::before, {value, {}}}});
  };
  CHECK(before(R"({"ran":1000,"now":4000})", "/now 3000"));
  CHECK_FALSE(before(R"({"ran":1001,"now":4000})", "/now 3000"));
  CHECK_FALSE(before(R"({"ran":0,"now":4000})", "/now 3000"));  // it never happened
  CHECK_FALSE(before(R"({"ran":1000})", "/now 3000"));
  CHECK_FALSE(before(R"({"ran":"x","now":4000})", "/now 3000"));
  CHECK(before(R"({"ran":4000,"now":1000})", "/now -3000"));  // soon after: no more than so much later
  CHECK_FALSE(before(R"({"ran":4001,"now":1000})", "/now -3000"));
}

TEST_CASE("of a text the last line that matches is taken, and of that the first group") {
  const auto trace =
      Answer::parse(R"({"e":"a.B: first\n\tat x\nCaused by: c.D: second\n\tat y\nCaused by: e.F: last, 'quoted'\n\tat z\n"})");
  Values values;
  CHECK_FALSE(take(trace, {{{"cause", {}}, {"/e", {}}, {"^(?:Caused by: )?(\\S+: .*)$", {}}}}, values));
  CHECK(values["cause"] == "e.F: last, 'quoted'");
  CHECK(take(trace, {{{"none", {}}, {"/e", {}}, {"^nothing$", {}}}}, values) == "none");
  const auto lines = Answer::parse("{\"e\":\"" + std::string(200'000, 'x') + "\"}");
  CHECK_FALSE(take(lines, {{{"long", {}}, {"/e", {}}, {"x+", {}}}}, values));
  CHECK(values["long"].size() == 2000);  // no line is searched beyond that
}

namespace {

// All that is asked of an answer; none of it may throw or take the stack, whatever the answer is.
void ask_everything(const std::string& answer) {
  const Match match{
      {{"/a/0", {}}, Op::equals, {"1", {}}}, {{"", {}}, Op::matches, {"(a|b)*c$", {}}}, {{"/a", {}}, Op::at_least, {"3", {}}}};
  Pick wanted;
  wanted.from = {"/a", {}};
  wanted.used = true;
  Values values;
  const auto whole = Answer::parse(answer);
  mismatch(whole, match);
  for (const auto& part : {pick(whole, wanted), Answer::object({{"a", whole}})}) mismatch(part.alone(), match), part.text();
  value_at(whole, "");
  number_at(whole, "/a");
  for (const auto& each : whole.elements("")) each.text();
  take(whole, {{{"v", {}}, {"", {}}, {"(x)y", {}}}}, values);
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("an answer that is deep or large is not looked into, and the bound is told") {
  const auto beyond_bounds = [](const std::string& text) { return Answer::parse(text).beyond(); };
  CHECK_FALSE(beyond_bounds(repeated("[", 100) + repeated("]", 100)));
  CHECK(beyond_bounds(repeated("[", 101)) == "it is nested deeper than 100");
  CHECK(beyond_bounds(repeated(R"({"a":)", 1'000'000)) == "it is nested deeper than 100");
  CHECK(beyond_bounds("[" + repeated("1,", 1'000'000) + "1]") == "it holds more than 1000000 values");
  CHECK_FALSE(beyond_bounds("[" + repeated("[],", 1000) + "0]"));
  CHECK_FALSE(beyond_bounds(R"(["[[[[\"[[[[", ")" + repeated("[", 500) + R"("])"));  // within texts nothing is nested
  CHECK_FALSE(beyond_bounds("no JSON: " + repeated("[", 500)));
  ask_everything(repeated("[", 1'000'000) + repeated("]", 1'000'000));
  ask_everything(repeated(R"({"a":)", 300'000) + "1" + repeated("}", 300'000));
  ask_everything(repeated("[", 99) + repeated("]", 99));
  CHECK(why(repeated("[", 2000), one("/a", Op::equals, "1")) == "/a = 1 ; /a is not there");
}

TEST_CASE("an object of answers: what is JSON stands in it as that, and anything else as a text") {
  const auto of = [](const std::string& value) { return Answer::object({{"z", Answer::parse("1")}, {"v", Answer::parse(value)}}); };
  CHECK(of(R"({ "a" : [1] })").text() == R"({"z":1,"v":{ "a" : [1] }})");
  CHECK(of(R"({ "a" : [1] })").said("/v/a/0") == "1");
  CHECK(of("{no json").text() == R"({"z":1,"v":"{no json"})");
  CHECK(of("").said("/v") == "");
  CHECK(of(std::string("{}\0,", 4)).text() == R"({"z":1,"v":"{}\u0000,"})");
  CHECK(of("{\xff").said("/v") == "{\xef\xbf\xbd");
  CHECK(of(R"({"a":1},"z":{})").said("/z") == "1");
  CHECK(Answer::object({}).text() == "{}");
  CHECK_FALSE(of(repeated("[", 99) + repeated("]", 99)).beyond());
  CHECK(of(repeated("[", 100) + repeated("]", 100)).beyond() == "it is nested deeper than 100");
  CHECK_FALSE(of(repeated("[", 101) + repeated("]", 101)).beyond());  // not looked into by itself, so a text
  // What is put together is what a parser would read.
  const auto whole = of(R"({"b":"\u00e9","a":[]})");
  CHECK(whole.said("") == Answer::parse(whole.text()).said(""));
}

TEST_CASE("a pattern is looked for in texts of any length") {
  CHECK(finds(repeated("x", 5'000'000) + "\nwritten-7", "(^|\\n)written-7"));
  CHECK_FALSE(finds(repeated("ab", 3'000'000), "^(a|b)*c$"));
  CHECK(finds("one\ntwo", "one\\ntwo"));
  CHECK_FALSE(finds("x", "("));
}

TEST_CASE("whole numbers, and nothing else, are numbers") {
  CHECK(number_at(Answer::parse(R"({"a":3})"), "/a") == 3);
  CHECK(number_at(Answer::parse(R"({"a":"-3"})"), "/a") == -3);
  for (const auto* other :
       {R"({"a":"3 times"})", R"({"a":1e99})", R"({"a":99999999999999999999})", R"({"a":{}})", R"({"a":""})", "{}", "x"})
    CHECK_FALSE(number_at(Answer::parse(other), "/a"));
}

TEST_CASE("broken answers break nothing") {
  std::mt19937 random(20260101);
  const std::string whole = R"({"a":[1,-2.5e3,true,null,"t\u00e9xt \"q\"",{"b":[[],{}]}],"c":"\ud83c\udf0a","d":123456789012345678901})";
  for (int round = 0; round < 3000; ++round) {
    auto text = whole;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      const auto at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = static_cast<char>(random() % 256); break;
        case 1: text.erase(at, 1 + random() % 10); break;
        case 2: text.insert(at, text.substr(random() % text.size(), random() % 20)); break;
        default: text.insert(at, 1, "[]{}\",:\\"[random() % 8]); break;
      }
      if (text.empty()) text = "[";
    }
    ask_everything(text);
  }
}
