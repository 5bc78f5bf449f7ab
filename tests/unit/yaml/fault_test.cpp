// Broken documents: the whole text of each complaint.

#include "unit/yaml/support.hpp"

#include "support/catch.hpp"

using namespace tidelab::yaml;

namespace {

struct Broken {
  std::string text;
  std::string complaint;  ///< without the closing line
};

void check(const Broken& broken) {
  const Case c(broken.text);
  CHECK(c.complaints() == broken.complaint + "\n\n1 error");
}

}  // namespace

TEST_CASE("a syntax error leaves no document") {
  const Case c("a: 1\nb: [1\n");
  CHECK(c.root.is_null());
  CHECK(c.first_code() == "Y001");
}

TEST_CASE("Y001: tabs in the indentation") {
  const std::string said = "a tab in the indentation\n --> t.yaml:";
  const std::string help = "\n  = help: indent with blanks";
  check({"a:\n\tb: 1\n", "error[Y001]: " + said + "2:1\n  |\n2 |     b: 1\n  | ^^^^" + help});
  check({"a:\n  b: 1\n\tc: 2\n", "error[Y001]: " + said + "3:1\n  |\n3 |     c: 2\n  | ^^^^" + help});
  check({"a:\n  \tb: 1\n", "error[Y001]: " + said + "2:3\n  |\n2 |       b: 1\n  |   ^^^^" + help});
  check({"a:\n\tb\n", "error[Y001]: " + said + "2:1\n  |\n2 |     b\n  | ^^^^" + help});  // yaml-cpp takes this one
  check({"a:\n\t- b\n", "error[Y001]: " + said + "2:1\n  |\n2 |     - b\n  | ^^^^" + help});
}

TEST_CASE("tabs elsewhere are nobody's business") { CHECK(Case("a:\t1\nb: [\n\tc ]\nd: |\n  \tx\n# \te\n").complaints() == ""); }

TEST_CASE("Y001: a colon where none can be, and why") {
  check({"port:1\nb: 2\n",
         "error[Y001]: a colon where no value can begin\n --> t.yaml:2:2\n  |\n2 | b: 2\n  |  ^\n"
         "  = help: write a space after the colon in the line above"});
  check({"a: b: c\n",
         "error[Y001]: a colon where no value can begin\n --> t.yaml:1:5\n  |\n1 | a: b: c\n  |     ^\n"
         "  = help: quote a text that contains a colon and a blank"});
  check({"a: 1\n  b: 2\n",
         "error[Y001]: a colon where no value can begin\n --> t.yaml:2:4\n  |\n2 |   b: 2\n  |    ^\n"
         "  = help: indent the key like the keys that it belongs with"});
}

TEST_CASE("Y001: quotes and brackets that are not closed") {
  // yaml-cpp takes a quote that is open at the end of the file.
  check({"a: \"x\n",
         "error[Y001]: a quote is opened and never closed\n --> t.yaml:1:4\n  |\n1 | a: \"x\n  |    ^\n"
         "  = help: close it, or quote a text that holds a quote with the other kind"});
  check({"a: 'x\nb: 1\nc: 2",
         "error[Y001]: a quote is opened and never closed\n --> t.yaml:1:4\n  |\n1 | a: 'x\n  |    ^\n"
         "  = help: close it, or quote a text that holds a quote with the other kind"});
  check({"# don't\na: 'ok' # it's\nb: ['x', 'y]\n# z",
         "error[Y001]: a quote is opened and never closed\n --> t.yaml:3:10\n  |\n3 | b: ['x', 'y]\n  |          ^\n"
         "  = help: close it, or quote a text that holds a quote with the other kind"});
  check({"a: [1, 2\nb: 2\n",
         "error[Y001]: this list is not closed, or an item is not followed by a comma\n --> t.yaml:2:2\n  |\n2 | b: 2\n  |  ^\n"
         " ::: t.yaml:1:4\n  |\n1 | a: [1, 2\n  |    - opened\n  = help: look for a missing `]` or `,`, or quote the text"});
  check({"a: {b: 1\nc: 2\n",
         "error[Y001]: this mapping is not closed, or a value is not followed by a comma\n --> t.yaml:2:2\n  |\n2 | c: 2\n"
         "  |  ^\n ::: t.yaml:1:4\n  |\n1 | a: {b: 1\n  |    - opened\n  = help: look for a missing `}` or `,`, or quote the text"});
  check({"a: ]\n",
         "error[Y001]: a closing bracket that nothing opened\n --> t.yaml:1:4\n  |\n1 | a: ]\n  |    ^\n  = help: remove it, or quote the "
         "text"});
  check({"a: 'x' y\n",
         "error[Y001]: a text goes on behind its closing quote\n --> t.yaml:1:8\n  |\n1 | a: 'x' y\n  |        ^\n"
         "  = help: put the whole text into quotes"});
}

TEST_CASE("Y001: lists and mappings that do not go together") {
  check({"a: 1\n- b\n",
         "error[Y001]: a list item among the keys of a mapping\n --> t.yaml:2:1\n  |\n2 | - b\n  | ^\n"
         "  = help: put all items of a list under each other, below its key"});
  check({"- a\nb: 1\n",
         "error[Y001]: this does not belong to what is above it\n --> t.yaml:2:1\n  |\n2 | b: 1\n  | ^\n"
         "  = help: indent the line like those above; a file is one list or one mapping"});
  check({"a: - b\n",
         "error[Y001]: a list item where none can be\n --> t.yaml:1:4\n  |\n1 | a: - b\n  |    ^\n"
         "  = help: begin a list on the line below its key"});
}

TEST_CASE("Y001: characters, escapes, names and tags") {
  check({"a: @x\n",
         "error[Y001]: a text cannot begin with this character\n --> t.yaml:1:4\n  |\n1 | a: @x\n  |    ^\n  = help: quote the text"});
  check({"a: \"\\q\"\n",
         "error[Y001]: an escape that double quotes do not know\n --> t.yaml:1:5\n  |\n1 | a: \"\\q\"\n  |     ^\n"
         "  = help: write `\\\\` for a backslash, or use single quotes"});
  check({"a: *y\n",
         "error[Y001]: an alias to a name that was not given before\n --> t.yaml:1:4\n  |\n1 | a: *y\n  |    ^\n"
         "  = help: name a value with `&` above it, or quote a text that begins with `*`"});
  check({"a: &x [*x]\n", "error[Y001]: `*x` stands inside the value that it names\n --> t.yaml:1:8\n  |\n1 | a: &x [*x]\n  |        ^^"});
  check({"a: !env x\n",
         "error[Y001]: the tag `!env` means nothing here\n --> t.yaml:1:4\n  |\n1 | a: !env x\n  |    ^\n"
         "  = help: remove it, or quote a text that begins with `!`"});
  check({"a:\n  <<: 1\n",
         "error[Y001]: `<<` takes a mapping or a list of mappings, found a text\n --> t.yaml:2:7\n  |\n2 |   <<: 1\n  |       ^"});
}

TEST_CASE("Y002: a key written twice, the first one stays") {
  const Case c("a: 1\nb:\n  c: 1\n  'c': 2\na: 3\n");
  CHECK(c.complaints() ==
        "error[Y002]: `c` is written twice in one mapping\n --> t.yaml:4:3\n  |\n4 |   'c': 2\n  |   ^^^\n"
        " ::: t.yaml:3:3\n  |\n3 |   c: 1\n  |   - first written\n  = help: keep one of them\n\n"
        "error[Y002]: `a` is written twice in one mapping\n --> t.yaml:5:1\n  |\n5 | a: 3\n  | ^\n"
        " ::: t.yaml:1:1\n  |\n1 | a: 1\n  | - first written\n  = help: keep one of them\n\n2 errors");
  REQUIRE(c.root.entries.size() == 2);
  CHECK(c.root.find("a")->text == "1");
}

TEST_CASE("Y003: a second document, the first one stays") {
  const Case c("a: 1\n---\nb: 2\n");
  CHECK(c.complaints() ==
        "error[Y003]: a second document in one file\n --> t.yaml:2:1\n  |\n2 | ---\n  | ^^^\n  = help: put it into a file of its own\n\n1 "
        "error");
  CHECK(c.root.find("a") != nullptr);
  CHECK(Case("%YAML 1.2\n---\na: 1\n...\n").complaints() == "");
}

TEST_CASE("Y005: bytes that are not UTF-8, and control characters") {
  check({"a: \xc3\xa9\xff",
         "error[Y005]: byte 0xff is not UTF-8\n --> t.yaml:1:5\n  |\n1 | a: \xc3\xa9\xef\xbf\xbd\n  |     ^\n  = help: save the file as "
         "UTF-8"});
  check({std::string("a\0b", 3),
         "error[Y005]: control character U+0000 in the text\n --> t.yaml:1:2\n  |\n1 | a b\n  |  ^\n"
         "  = help: save the file as UTF-8; is it a text file?"});
  check({"a: x\ry",
         "error[Y005]: control character U+000D in the text\n --> t.yaml:1:5\n  |\n1 | a: x y\n  |     ^\n  = help: end lines with a line "
         "feed"});
  const auto bad =
      GENERATE("\x80", "\xc0\x80", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x04", "\x7f", "\xc2\x90", "\xef\xbf\xbf");
  CAPTURE(bad);
  CHECK(Case(bad).first_code() == "Y005");
  CHECK(Case("\xf0\x9f\x8c\x8a \xee\x80\x80").diagnostics.empty());
  CHECK(Case("\xf0\x9f\x8c\x8a \xc2\x85").first_code() == "Y007");  // a line end to some, and to nobody who looks
}

TEST_CASE("Y006: a key that is not a text, its value is dropped, the rest stays") {
  check({"{{ v }}",
         "error[Y006]: a key must be a text, found a mapping\n --> t.yaml:1:2\n  |\n1 | {{ v }}\n  |  ^\n"
         "  = help: quote a text that begins with a bracket or a brace"});
  check({": 1",
         "error[Y006]: a key must be a text, found nothing\n --> t.yaml:1:1\n  |\n1 | : 1\n  | ^\n"
         "  = help: write the key, in quotes if it shall be this very text"});
  const Case c("? [a]\n: b\nc: d\n");
  CHECK(c.first_code() == "Y006");
  CHECK(show(c.root) == "{c@3:1+1 = d@3:4+1}@1:1+1");
}
