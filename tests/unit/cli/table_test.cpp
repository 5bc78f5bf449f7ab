#include <stdlib.h>

#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "support/catch.hpp"

using namespace tidelab::cli;

namespace {

const std::vector<Column> head = {{"role", 1}, {"node"}, {"pid", 7, false, true}, {"version", 3}};
const std::vector<Line> lines = {{{"Broker", "a.rather.long.name.example:9092", "12", "2.7.0"}, {"what is wrong with it, in words"}},
                                 {{"Server", "b:1", "345", "1"}, {}}};

std::size_t widest(const std::string& text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out = std::max(out, cells(text.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("a table of any width has every column") {
  CHECK(render_table(head, lines, 0) ==
        "role    node                             pid  version\n"
        "Broker  a.rather.long.name.example:9092   12  2.7.0\n"
        "    what is wrong with it, in words\n"
        "Server  b:1                              345  1\n");
}

TEST_CASE("what finds no room goes below its row, or away, no name is cut") {
  CHECK(render_table(head, lines, 50) ==
        "role    node                             version\n"
        "Broker  a.rather.long.name.example:9092  2.7.0\n"
        "    what is wrong with it, in words\n"
        "Server  b:1                              1\n");
  CHECK(render_table(head, lines, 34) ==
        "node\n"
        "a.rather.long.name.example:9092\n"
        "    role Broker, version 2.7.0\n"
        "    what is wrong with it, in\n"
        "    words\n"
        "b:1\n"
        "    role Server, version 1\n");
  for (std::size_t columns = 34; columns < 60; ++columns) CHECK(widest(render_table(head, lines, columns)) <= columns);
  CHECK(render_table(head, lines, 10).find("a.rather.long.name.example:9092") != std::string::npos);
}

TEST_CASE("cells are what a terminal shows") {
  CHECK(cells("äöü") == 3);
  CHECK(cells("漢字") == 4);
  CHECK(cells("\xff") == 1);
  CHECK(cut("äöü", 3) == "äöü");
  CHECK(cut("äöüß", 3) == "äö…");
  CHECK(cut("漢字漢字", 4) == "漢…");
  CHECK(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("unbreakable x", 4) == std::vector<std::string>{"unbreakable", "x"});
}

TEST_CASE("COLUMNS says how wide a line is, where it says a number") {
  ::setenv("COLUMNS", "61", 1);
  CHECK(columns_of(99) == 61);
  for (const auto* wrong : {"", "0", "x", "80x", "-3"}) {
    ::setenv("COLUMNS", wrong, 1);
    CHECK(columns_of(99) == 0);
  }
  ::unsetenv("COLUMNS");
  CHECK(columns_of(99) == 0);
}
