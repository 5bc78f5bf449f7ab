// Good documents: every value and the place where it was written.
#include "yaml/document.hpp"

#include "support/catch.hpp"
#include "unit/yaml/support.hpp"

using namespace tidelab::yaml;

namespace {

// The shown document; complaints instead if there are any.
std::string read(const std::string& text) {
  const Case c(text);
  return c.diagnostics.empty() ? show(c.root) : c.complaints();
}

}  // namespace

TEST_CASE("keys and scalars know their places") {
  CHECK(read("a: b\nlong: value\n") == "{a@1:1+1 = b@1:4+1, long@2:1+4 = value@2:7+5}@1:1+1");
  CHECK(read("a:\n  b:\n    - c\n    - d: e\n") == "{a@1:1+1 = {b@2:3+1 = [c@3:7+1, {d@4:7+1 = e@4:10+1}@4:7+1]@3:5+1}@2:3+1}@1:1+1");
  CHECK(read("{a: [1, {b: 2}]}") == "{a@1:2+1 = [1@1:6+1, {b@1:10+1 = 2@1:13+1}@1:9+1]@1:5+1}@1:1+1");
}

TEST_CASE("columns count characters, not bytes") {
  CHECK(read("\xc3\xa9\xc3\xa9: \xe2\x82\xac\xe2\x82\xac # x\nb: 1") ==
        "{\xc3\xa9\xc3\xa9@1:1+2 = \xe2\x82\xac\xe2\x82\xac@1:5+2, b@2:1+1 = 1@2:4+1}@1:1+2");
}

TEST_CASE("columns are right far into a long line of wide characters") {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += "\xc3\xa9,";
  text += "end]";
  const Case c(text);
  REQUIRE(c.root.items.size() == 1001);
  CHECK(show(c.root.items.back()) == "end@1:2002+3");
}

TEST_CASE("the span of a quoted scalar includes its quotes") {
  CHECK(read("a: 'it''s'\nb: \"x\\\"y\"") == "{a@1:1+1 = 'it's'@1:4+7, b@2:1+1 = 'x\"y'@2:4+6}@1:1+1");
}

TEST_CASE("a plain null is nothing, a quoted one is a text") {
  CHECK(read("a: ~\nb: null\nc: 'null'\nd: ''\ne: nullable\nf: !!str null\n") ==
        "{a@1:1+1 = null@1:4+1, b@2:1+1 = null@2:4+4, c@3:1+1 = 'null'@3:4+6, d@4:1+1 = ''@4:4+2, e@5:1+1 = nullable@5:4+8, f@6:1+1 = "
        "'null'@6:10+4}@1:1+1");
}

TEST_CASE("a value left out is behind its colon, not at the next token") {
  CHECK(read("a:\n\n# c\n\nb: 1\nc:") == "{a@1:1+1 = null@1:3+1, b@5:1+1 = 1@5:4+1, c@6:1+1 = null@6:3+1}@1:1+1");
  CHECK(read("{a: , b: }") == "{a@1:2+1 = null@1:4+1, b@1:7+1 = null@1:9+1}@1:1+1");
  CHECK(read("'a' : # c\nb: 1") == "{a@1:1+3 = null@1:6+1, b@2:1+1 = 1@2:4+1}@1:1+3");
}

TEST_CASE("a list item left out is behind its dash") {
  CHECK(read("a:\n  -\n  - # c -\n\n  - x\n  -") == "{a@1:1+1 = [null@2:4+1, null@3:4+1, x@5:5+1, null@6:4+1]@2:3+1}@1:1+1");
}

TEST_CASE("line ends may be CR LF, and a byte order mark is skipped") {
  CHECK(read("\xef\xbb\xbf"
             "a: 1\r\nb:\r\n  - c\r\nd:\r\n") == "{a@1:1+1 = 1@1:4+1, b@2:1+1 = [c@3:5+1]@3:3+1, d@4:1+1 = null@4:3+1}@1:1+1");
}

TEST_CASE("texts over several lines keep their text") {
  CHECK(read("a: |\n  one\n   two\nb: >-\n  three\n  four\n") == "{a@1:1+1 = 'one\n two\n'@1:4+1, b@4:1+1 = 'three four'@4:4+1}@1:1+1");
  CHECK(read("a: one\n  two\nb: 'x\n  y'\n") == "{a@1:1+1 = one two@1:4+3, b@3:1+1 = 'x y'@3:4+2}@1:1+1");
}

TEST_CASE("nothing but comments is nothing") {
  CHECK(read("") == "null@1:1+1");
  CHECK(read("# only\n# this\n") == "null@1:1+1");
  CHECK(read("---\n") == "null@2:1+1");
}

TEST_CASE("an alias is a copy that points at what was written") {
  CHECK(read("a: &x [1]\nb: *x\n") == "{a@1:1+1 = [1@1:8+1]@1:7+1, b@2:1+1 = [1@1:8+1]@1:7+1}@1:1+1");
  CHECK(read("a: &x k\n*x : 1\n") == "{a@1:1+1 = k@1:7+1, k@2:1+2 = 1@2:6+1}@1:1+1");
  CHECK(read("a: &x\nb: *x\n") == "{a@1:1+1 = null@1:4+1, b@2:1+1 = null@1:4+1}@1:1+1");
}

TEST_CASE("a name may be given again, and the last one counts") {
  CHECK(read("[&x 1, *x, &x 2, *x]") == "[1@1:5+1, 1@1:5+1, 2@1:15+1, 2@1:15+1]@1:1+1");
}

TEST_CASE("merge keys: what is written wins, also below, the first of a list wins over the rest") {
  const std::string base = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n";
  const auto merged = [&](const std::string& text) {
    const Case c(base + text);
    CHECK(c.complaints() == "");
    std::string out;
    for (const auto& entry : c.root.find("z")->entries) out += entry.key.value + entry.value.text + " ";
    return out;
  };
  CHECK(merged("  <<: *x\n  a: 9\n") == "a9 b2 ");
  CHECK(merged("  a: 9\n  <<: *x\n") == "a9 b2 ");
  CHECK(merged("  <<: [*x, *y]\n") == "a1 b2 c4 ");
  CHECK(merged("  <<: {q: 1}\n") == "q1 ");
  CHECK(merged("  '<<': q\n") == "<<q ");
}

TEST_CASE("values are found by key") {
  const Case c("a: 1\nb: 2\n");
  REQUIRE(c.root.find("b") != nullptr);
  CHECK(c.root.find("b")->text == "2");
  CHECK(c.root.find("c") == nullptr);
  CHECK(c.root.entries[0].value.find("a") == nullptr);
}
