
#include "lab/record.hpp"

#include "support/catch.hpp"

using namespace tidelab::lab;

namespace {

Record record(const std::string& last, const std::string& outcome, const std::string& kept = "") {
  Record out{"lab", "lab.yaml", ""};
  out.last = last, out.outcome = outcome, out.kept = kept, out.when = "2026-11-28T21:40:00Z";
  return out;
}

}  // namespace

TEST_CASE("a lab is what its last up or down left of it") {
  CHECK(state_of(record("", ""), false) == "up");  // of an older release
  CHECK(state_of(record("up", "done"), false) == "up");
  CHECK(state_of(record("up", "done"), true) == "up");  // somebody verifies it
  CHECK(state_of(record("up", "begun"), true) == "coming up");
  CHECK(state_of(record("down", "begun"), true) == "going down");
  CHECK(state_of(record("up", "begun"), false) == "interrupted");
  CHECK(state_of(record("up", "interrupted"), false) == "interrupted");
  CHECK(state_of(record("up", "failed"), false) == "failed");
  CHECK(state_of(record("down", "done", "data"), false) == "kept");
}

TEST_CASE("what is unfinished is told with what became of it, and what goes on") {
  CHECK(unfinished(record("up", "done"), false).empty());
  CHECK(unfinished(record("up", "begun"), true).empty());
  CHECK(unfinished(record("up", "begun"), false).starts_with("the last `tidelab up lab` (2026-11-28T21:40:00Z) was killed, so "));
  CHECK(unfinished(record("up", "interrupted"), false).find("was interrupted") != std::string::npos);
  CHECK(unfinished(record("prune", "begun"), false) ==
        "`tidelab up FILE --prune` (2026-11-28T21:40:00Z) was killed while it took instances away; the same command goes on, `tidelab up "
        "lab` "
        "starts them again");
  CHECK(unfinished(record("down", "failed"), false).starts_with("the last `tidelab down lab` (2026-11-28T21:40:00Z) failed, so "));
}
