// Text in the cells of a terminal.
#include "source/cells.hpp"

#include "source/utf8.hpp"
#include "support/catch.hpp"

using namespace tidelab::source;

namespace {

// The excerpt with a line of carets below it, as a person would see it.
std::string shown(const Excerpt& e) { return e.text + "\n" + std::string(e.indent, ' ') + std::string(e.width, '^'); }

}  // namespace

TEST_CASE("wide characters take two cells, marks none") {
  CHECK(cells_of('a') == 1);
  CHECK(cells_of(0xe9) == 1);
  CHECK(cells_of(0x4e2d) == 2);
  CHECK(cells_of(0xac00) == 2);
  CHECK(cells_of(0x1f600) == 2);
  CHECK(cells_of(0x301) == 0);
  CHECK(cells_of(0xfe0f) == 0);
  CHECK(cells_of(0x10ffff) == 1);
}

TEST_CASE("the caret stays under its word behind wide characters and marks") {
  CHECK(shown(make_excerpt("中文: x", 5, 1, 80)) == "中文: x\n      ^");
  CHECK(shown(make_excerpt("中文: x", 1, 2, 80)) == "中文: x\n^^^^");
  CHECK(shown(make_excerpt("e\u0301: x", 5, 1, 80)) == "e\u0301: x\n   ^");
  CHECK(shown(make_excerpt("a", 2, 1, 80)) == "a\n ^");
  CHECK(shown(make_excerpt("", 1, 1, 80)) == "\n^");
}

TEST_CASE("a long line is cut around the word") {
  const std::string x(1000, 'x');
  auto e = make_excerpt(x + "WORD" + x, 1001, 4, 40);
  CHECK(e.text == "…xxxxxxxxxxxxWORDxxxxxxxxxxxxxxxxxxxxxx…");
  CHECK(e.indent == 13);
  CHECK(e.width == 4);
  e = make_excerpt("WORD" + x, 1, 4, 40);
  CHECK(e.text == "WORD" + std::string(34, 'x') + "…");
  CHECK(e.indent == 0);
  e = make_excerpt(x + "WORD", 1001, 4, 40);
  CHECK(e.text == "…" + std::string(34, 'x') + "WORD");
  CHECK(e.indent == 35);
  e = make_excerpt(x, 990, 1, 40);
  CHECK(e.indent == 28);
  CHECK(e.width == 1);
}

TEST_CASE("a word longer than the room is cut, and so are its carets") {
  const auto e = make_excerpt(std::string(1000, 'x'), 1, 1000, 40);
  CHECK(e.text == std::string(38, 'x') + "…");
  CHECK(e.width == 38);
}

TEST_CASE("an excerpt never asks for more than its room, wherever the word is") {
  std::string line;
  for (int i = 0; i < 300; ++i) line += i % 3 == 0 ? "中" : i % 3 == 1 ? "e\u0301" : "\t";
  for (int column = 1; column < 420; ++column) {
    const auto e = make_excerpt(line, column, 7, 50);
    std::size_t cells = 0;
    for (std::size_t at = 0; at < e.text.size();) {
      const auto [value, length] = decode(e.text, at);
      REQUIRE(length > 0);
      cells += static_cast<std::size_t>(cells_of(value));
      at += length;
    }
    CHECK(cells <= 50);
    if (column <= 400) CHECK(e.indent + e.width <= 50);
  }
}

TEST_CASE("bytes that are no text, and signs that turn the line, are shown as unknown") {
  CHECK(make_excerpt("a\xff", 1, 1, 80).text == "a\xef\xbf\xbd");
  CHECK(make_excerpt("a\u202e"
                     "b",
                     1, 1, 80)
            .text ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(make_excerpt("a\x1b"
                     "b",
                     1, 1, 80)
            .text == "a b");
}

TEST_CASE("texts of others become one line without effects") {
  CHECK(printable("plain `text` ✓", 80) == "plain `text` ✓");
  CHECK(printable("a\nb\tc\x1b[0m\x7f", 80) == "a\\nb\\tc\\x1b[0m\\x7f");
  CHECK(printable("\xc2\x9b\u202e\xff", 80) == "\\x9b\\u202e\xef\xbf\xbd");
  CHECK(printable("中文字", 2) == "中文…");
  CHECK(printable("", 0).empty());
}
