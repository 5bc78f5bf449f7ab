// Hostile texts: each limit ends the reading early, with one complaint.

#include "unit/yaml/support.hpp"

#include "support/catch.hpp"

using namespace tidelab::yaml;

namespace {

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a file over the limit is not even looked at") {
  const Case c("a: 1\n\xff", Limits{.bytes = 4});
  CHECK(c.complaints() ==
        "error[Y004]: the file is larger than 4 bytes\n --> t.yaml\n"
        "  = help: a topology of ten thousand instances has one megabyte; is this the right file?\n\n1 error");
  CHECK(Case("a: 1", Limits{.bytes = 4}).diagnostics.empty());
}

TEST_CASE("nesting has a limit, exactly") {
  CHECK(Case(repeat("[", 64) + repeat("]", 64)).diagnostics.empty());
  const Case c(repeat("[", 65) + repeat("]", 65));
  CHECK(c.complaints().starts_with("error[Y004]: nested more than 64 levels deep\n --> t.yaml:1:65\n  |\n1 | …[["));
  CHECK(c.root.is_null());
}

TEST_CASE("a hundred thousand openings of any kind do not reach the parser's recursion") {
  const auto open = GENERATE("[", "{", "- ", "? ", "[{", "{a: ", "- - ", "{? ");
  CAPTURE(open);
  CHECK(Case(repeat(open, 100'000)).first_code() == "Y004");
}

TEST_CASE("indentation a hundred thousand deep") {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(Case(text).first_code() == "Y004");
}

TEST_CASE("a hundred thousand odd tokens are read as what they are, and end") {
  const auto [token, kind] = GENERATE(table<std::string, Kind>({
      {"'", Kind::scalar},
      {"--- ", Kind::scalar},
      {"a\n", Kind::scalar},
      {"-\n", Kind::sequence},
      {"%", Kind::null},
      {"\t", Kind::null},
      {"#\n", Kind::null},
  }));
  CAPTURE(token);
  const Case c(repeat(token, 100'000));
  CHECK(c.complaints() == "");
  CHECK(c.root.kind == kind);
  if (kind == Kind::sequence) CHECK(c.root.items.size() == 100'000);
}

TEST_CASE("a hundred thousand odd tokens are refused for what they are, and end") {
  const auto [token, code, errors] = GENERATE(table<std::string, std::string, int>({
      {"&a ", "Y001", 1},
      {"!a ", "Y001", 1},
      {"*a ", "Y001", 1},
      {"\"", "Y001", 1},
      {"]", "Y001", 1},
      {"}", "Y001", 1},
      {",", "Y001", 1},
      {"a: ", "Y001", 1},
      {"| ", "Y001", 1},
      {": ", "Y006", 65},
      {":\n", "Y006", 65},
      {"?\n", "Y006", 100},
  }));
  CAPTURE(token);
  const Case c(repeat(token, 100'000));
  CHECK(c.first_code() == code);
  CHECK(c.diagnostics.errors() == errors);
}

TEST_CASE("an alias bomb stops before it is copied") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto name = "a" + std::to_string(i);
    text += name + ": &" + name + " [" + repeat("*a" + std::to_string(i - 1) + ", ", 10) + "]\n";
  }
  const Case c(text);
  CHECK(c.first_code() == "Y004");
  CHECK(c.diagnostics.errors() == 1);
  CHECK(c.root.is_null());
}

TEST_CASE("aliases cannot stack depth past the limit") {
  const auto nest = [](const std::string& inner) { return repeat("[", 40) + inner + repeat("]", 40); };
  CHECK(Case("a: &a " + nest("x") + "\nb: *a\n").diagnostics.empty());
  CHECK(Case("a: &a " + nest("x") + "\nb: " + nest("*a") + "\n").first_code() == "Y004");
}

TEST_CASE("values are counted") {
  CHECK(Case("[a, b, c]", Limits{.nodes = 4}).diagnostics.empty());
  CHECK(Case("[a, b, c, d]", Limits{.nodes = 4}).first_code() == "Y004");
}

TEST_CASE("a file full of mistakes is told once for each of the first hundred") {
  const Case c(repeat("a: 1\n", 5000));
  CHECK(c.diagnostics.errors() == 100);
}
