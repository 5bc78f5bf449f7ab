// Which lines of a topology a program's words are about.
#include "run/written.hpp"

#include "support/catch.hpp"

namespace tidelab::run {

namespace {
const std::vector<std::pair<std::string, std::string>> settings = {{"store.max-size", "lab.yaml:3:5"},
                                                                   {"store.max-size-bytes", "lab.yaml:4:5"},
                                                                   {"log.level", "lab.yaml:5:5"},
                                                                   {"log.level", "lab.yaml:9:7"}};
}

TEST_CASE("settings that a program names in full") {
  CHECK(where_written(settings, "unknown configuration options: store.max-size") == "`store.max-size` is written at lab.yaml:3:5");
  CHECK(where_written(settings, "store.max-size-bytes, store.max-size.") ==
        "`store.max-size` is written at lab.yaml:3:5, `store.max-size-bytes` is written at lab.yaml:4:5");
  CHECK(where_written(settings, "old.store.max-size and store.max-size.x") == "");
}

TEST_CASE("settings that a program names by their last part, and the later of two") {
  CHECK(where_written(settings, "invalid `level`: loud") == "`log.level` is written at lab.yaml:9:7");
  CHECK(where_written(settings, "log.level is loud, and max-size is there, too") == "`log.level` is written at lab.yaml:9:7");
  CHECK(where_written(settings, "levels") == "");
  CHECK(where_written({}, "log.level") == "");
  CHECK(where_written({{"log.level", ""}}, "log.level") == "");
}

}  // namespace tidelab::run
