// What a JSON text may hold before values are built of it.
#include "step/json_bounds.hpp"

#include "support/catch.hpp"

using tidelab::step::beyond;

TEST_CASE("a text is measured without being parsed") {
  CHECK(beyond(R"({"a": [1, {"b": "[[[[,,,,\\\"{{{{"}]})", {100, 8, 3}).empty());
  CHECK(beyond("[[]]", {100, 10, 1}) == "it is nested deeper than 1");
  CHECK(beyond("[],[],[]", {100, 10, 1}).empty());
  CHECK(beyond("[1,2,3]", {100, 4, 1}).empty());
  CHECK(beyond("[1,2,3,4]", {100, 4, 1}) == "it holds more than 4 values");
  CHECK(beyond(std::string(2048, ' '), {1024, 4, 1}) == "it is larger than 1 KiB");
  CHECK(beyond("]]]]\"", {100, 4, 1}).empty());  // what is wrong with it otherwise is told elsewhere
  CHECK(beyond("", {0, 0, 0}) == "");
}
