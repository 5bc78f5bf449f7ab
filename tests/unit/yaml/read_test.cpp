// Typed reading: what is taken, and the whole text of what is said when it is not.
#include "yaml/read.hpp"

#include <limits>

#include "support/catch.hpp"
#include "unit/yaml/support.hpp"

using namespace tidelab;
using namespace tidelab::yaml;
using namespace std::chrono_literals;

namespace {

/// One value under the key `port`, and what reading it said.
struct Value {
  explicit Value(const std::string& text) : c("port: " + text) { REQUIRE(c.diagnostics.empty()); }
  const Node& node() const { return c.root.entries.at(0).value; }

  Case c;
  source::Diagnostics said;
  std::string first() const {
    const auto all = render_text(said);
    return all.substr(0, all.find('\n'));
  }
  std::string help() const { return said.empty() ? "" : said.ordered().front()->help; }
};

std::optional<std::int64_t> integer(const std::string& text) {
  Value v(text);
  return read_integer(v.node(), "port", -10, 65535, v.said);
}

std::string refused_integer(const std::string& text) {
  Value v(text);
  CHECK_FALSE(read_integer(v.node(), "port", 1, 65535, v.said));
  return v.first() + (v.help().empty() ? "" : " | " + v.help());
}

}  // namespace

TEST_CASE("nodes have names") {
  CHECK(name_of(Value("{a: b}").node()) == "a mapping");
  CHECK(name_of(Value("[a]").node()) == "a list");
  CHECK(name_of(Value("a").node()) == "a text");
  CHECK(name_of(Value("").node()) == "nothing");
}

TEST_CASE("a whole complaint of a reader") {
  Value v("[1]");
  CHECK_FALSE(read_integer(v.node(), "port", 1, 2, v.said));
  CHECK(render_text(v.said) ==
        "error[Y010]: expected a number for `port`, found a list\n --> t.yaml:1:7\n  |\n1 | port: [1]\n  |       ^\n\n1 error");
}

TEST_CASE("integers are decimal") {
  CHECK(integer("9092") == 9092);
  CHECK(integer("0777") == 777);
  CHECK(integer("-3") == -3);
  CHECK(integer("+3") == 3);
  CHECK(refused_integer("4000.5") == "error[Y010]: expected a number for `port`, found `4000.5` | write a whole number");
  CHECK(refused_integer("1e3") == "error[Y010]: expected a number for `port`, found `1e3` | write a whole number");
  CHECK(refused_integer("0x10") == "error[Y010]: expected a number for `port`, found `0x10` | write it in decimal");
  CHECK(refused_integer("1_000") == "error[Y010]: expected a number for `port`, found `1_000` | write the digits without separators");
  CHECK(refused_integer("'9092'") == "error[Y010]: expected a number for `port`, found the text \"9092\" | remove the quotes");
  CHECK(refused_integer("'many'") == "error[Y010]: expected a number for `port`, found the text \"many\"");
  CHECK(refused_integer("many") == "error[Y010]: expected a number for `port`, found `many`");
  CHECK(refused_integer("") == "error[Y010]: expected a number for `port`, found nothing");
  CHECK(refused_integer("--1") == "error[Y010]: expected a number for `port`, found `--1` | write a whole number");
  CHECK(refused_integer("+-1") == "error[Y010]: expected a number for `port`, found `+-1` | write a whole number");
}

TEST_CASE("integers have a range") {
  CHECK(integer("65535") == 65535);
  CHECK_FALSE(integer("65536"));
  CHECK_FALSE(integer("-11"));
  CHECK(refused_integer("0") == "error[Y011]: `port` must be from 1 to 65535, found `0`");
  CHECK(refused_integer("99999999999999999999") == "error[Y011]: `port` must be from 1 to 65535, found `99999999999999999999`");
  Value v("0");
  CHECK_FALSE(read_integer(v.node(), "port", 1, std::numeric_limits<std::int64_t>::max(), v.said));
  CHECK(v.first() == "error[Y011]: `port` must be at least 1, found `0`");
}

TEST_CASE("truth is true or false, plain") {
  Value yes("true");
  Value no("False");
  CHECK(read_bool(yes.node(), "port", yes.said) == true);
  CHECK(read_bool(no.node(), "port", no.said) == false);
  Value word("yes");
  CHECK_FALSE(read_bool(word.node(), "port", word.said).has_value());
  CHECK(word.first() == "error[Y010]: expected `true` or `false` for `port`, found `yes`");
  Value quoted("'true'");
  CHECK_FALSE(read_bool(quoted.node(), "port", quoted.said).has_value());
  CHECK(quoted.help() == "remove the quotes");
}

TEST_CASE("durations have a unit") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("0s") == 0s);
  for (const auto* bad : {"", "5", "s", "5 s", "5d", "-5s", "1.5s", "1h30m", "99999999999999999h", "9223372036854775807ms"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  Value v("5");
  CHECK_FALSE(read_duration(v.node(), "within", v.said));
  CHECK(v.first() == "error[Y010]: expected a duration for `within`, found `5`");
  CHECK(v.help() == "write a whole number and a unit: `500ms`, `30s`, `5m`, `1h`");
}

TEST_CASE("kinds are refused by name") {
  Value text("x");
  CHECK_FALSE(read_mapping(text.node(), "hosts", text.said));
  CHECK(text.first() == "error[Y010]: expected a mapping for `hosts`, found a text");
  Value one("x");
  CHECK_FALSE(read_sequence(one.node(), "hosts", one.said));
  CHECK(one.help() == "put `- ` before each item, also when there is only one");
  Value nothing("");
  CHECK_FALSE(read_text(nothing.node(), "user", nothing.said));
  CHECK(nothing.first() == "error[Y010]: expected a text for `user`, found nothing");
  Value good("{a: b}");
  CHECK(read_mapping(good.node(), "x", good.said));
  CHECK(good.said.empty());
}

TEST_CASE("a text has its place") {
  Value v("9092");
  const auto text = read_text(v.node(), "x", v.said);
  REQUIRE(text);
  CHECK(text->value == "9092");
  CHECK(source::render_place(text->span) == "t.yaml:1:7");
}

TEST_CASE("one text stands for a list of one") {
  const auto texts = [](const std::string& text, int errors) {
    Value v(text);
    std::string out;
    for (const auto& each : read_texts(v.node(), "dirs", v.said)) out += each.value + ";";
    CHECK(v.said.errors() == errors);
    return out;
  };
  CHECK(texts("a", 0) == "a;");
  CHECK(texts("[a, 'b']", 0) == "a;b;");
  CHECK(texts("[]", 0).empty());
  CHECK(texts("[a, [b], c, ~]", 2) == "a;c;");
  CHECK(texts("{a: b}", 1).empty());
  CHECK(texts("", 1).empty());
}

TEST_CASE("unknown keys are refused with a suggestion") {
  const Case c("prt: 1\nhost: x\nlisteners: 2\n");
  source::Diagnostics said;
  refuse_unknown_keys(c.root, "a server", {"host", "port"}, said);
  CHECK(render_text(said) ==
        "error[Y012]: `prt` is not a key of a server\n --> t.yaml:1:1\n  |\n1 | prt: 1\n  | ^^^\n  = help: did you mean `port`?\n\n"
        "error[Y012]: `listeners` is not a key of a server\n --> t.yaml:3:1\n  |\n3 | listeners: 2\n  | ^^^^^^^^^\n"
        "  = help: known keys: `host`, `port`\n\n2 errors");
}
