// Lines and places of a file.
#include "source/file.hpp"

#include "support/catch.hpp"

using namespace tidelab::source;

TEST_CASE("a line comes without its end, whatever the end is") {
  const File file{"a", "one\ntwo\r\n\nlast"};
  CHECK(file.line(1) == "one");
  CHECK(file.line(2) == "two");
  CHECK(file.line(3).empty());
  CHECK(file.line(4) == "last");
  CHECK(file.line(5).empty());
}

TEST_CASE("an empty file has no lines with text") {
  const File file{"a", ""};
  CHECK(file.line(1).empty());
  CHECK(file.line(2).empty());
}

TEST_CASE("a place is file, line and column") {
  const File file{"dir/a.yaml", "x"};
  CHECK(render_place({&file, 3, 7, 2}) == "dir/a.yaml:3:7");
  CHECK(render_place({}).empty());
}

TEST_CASE("files stay where they are when more are added") {
  Files files;
  const auto& first = files.add("a", "one");
  for (int i = 0; i < 1000; ++i) files.add("b", "two");
  CHECK(first.name == "a");
  CHECK(first.line(1) == "one");
}
