// A check as values, and the whole text of each complaint.

#include "check/check.hpp"
#include "support/catch.hpp"
#include "support/written.hpp"

using namespace tidelab;
using namespace tidelab::check;

namespace {

std::string complaints(const std::string& text) {
  support::Written w(text, "c.yaml");
  (void)read_check(w.file, w.diagnostics);
  return w.complaints();
}

std::string brief_of_steps(const std::string& steps) {
  support::Written w("check: c\nof: s\nsteps:\n" + steps, "c.yaml");
  (void)read_check(w.file, w.diagnostics);
  return w.brief();
}

}  // namespace

TEST_CASE("a check as it is read") {
  support::Written w(R"(check: travel
title: rows travel
of: pipelines
versions: {pipelines: ">=1"}
steps:
  - id: write
    do: {sql: {address: h, user: u, statements: [s]}}
  - id: kafka
    hop: {place: Kafka, title: it is there, look_at: the log, since: write, about: kafka}
    needs: [write]
    after: write
    do: {seen: {in: o, find: {/v: 1}}}
    evidence: [{tcp: {address: h}}]
  - {id: health, hop: {title: it answers}, do: {tcp: {address: h}}}
)",
                     "c.yaml");
  const auto c = read_check(w.file, w.diagnostics);
  REQUIRE(w.complaints() == "");
  CHECK(c.name.value == "travel");
  CHECK(c.of.value == "pipelines");
  CHECK(c.versions.size() == 1);
  REQUIRE(c.steps.size() == 3);
  CHECK_FALSE(c.steps[0].hop);
  REQUIRE(c.steps[1].hop);
  CHECK(c.steps[1].hop->travels);
  CHECK(c.steps[1].hop->since.value == "write");
  CHECK(c.steps[1].hop->about.at(0).value == "kafka");
  CHECK(c.steps[1].hop->look_at.value == "the log");
  CHECK(c.steps[1].needs.at(0).value == "write");
  CHECK(c.steps[1].after.at(0).value == "write");
  CHECK(c.steps[1].evidence.size() == 1);
  CHECK_FALSE(c.steps[2].hop->travels);
}

TEST_CASE("C001: a key is missing") {
  CHECK(complaints("of: s\nsteps: []\n") == "error[C001]: `check` is missing\n --> c.yaml:1:1\n  |\n1 | of: s\n  | ^^\n\n1 error");
  CHECK(complaints("x") == "error[C001]: a check is a mapping\n --> c.yaml:1:1\n  |\n1 | x\n  | ^\n\n1 error");
  CHECK(brief_of_steps("  - {hop: {title: t}, do: {tcp: {address: h}}}") == "C001 4:5 `id` is missing");
  CHECK(brief_of_steps("  - {id: a, hop: {title: t}}") == "C001 4:5 `do` is missing: what is done or asked");
  CHECK(brief_of_steps("  - {id: a, hop: {title: t}, do: [{tcp: {address: h}}, {tcp: {address: h}}]}") == "C001 4:34 `do` takes one word");
}

TEST_CASE("C002: two steps of one id") {
  CHECK(complaints(
            "check: c\nof: s\nsteps:\n  - {id: a, hop: {title: t}, do: {tcp: {address: h}}}\n  - {id: a, do: {tcp: {address: h}}}\n") ==
        "error[C002]: there are two steps with the id `a`\n --> c.yaml:5:10\n  |\n5 |   - {id: a, do: {tcp: {address: h}}}\n  |          "
        "^\n\n1 error");
}

TEST_CASE("C003: a hop without a title") {
  CHECK(brief_of_steps("  - {id: a, hop: {place: P}, do: {tcp: {address: h}}}") ==
        "C003 4:18 a hop needs a `title`: it is a row of the report");
}

TEST_CASE("C004: a check that claims nothing would always pass") {
  CHECK(
      complaints("check: c\nof: s\nsteps:\n  - {id: a, do: {tcp: {address: h}}}\n") ==
      "error[C004]: this check has no hop: it claims nothing and would always pass\n --> c.yaml:1:1\n  |\n1 | check: c\n  | ^\n\n1 error");
  CHECK(complaints("check: c\nof: s\n").find("C004") != std::string::npos);
}

TEST_CASE("other mistakes in a check") {
  CHECK(brief_of_steps("  - {id: a, hop: {title: t}, do: {tpc: {address: h}}}") ==
        "S001 4:35 there is no word `tpc` | did you mean `tcp`?");
  CHECK(brief_of_steps("  - {id: a, hop: {titel: t}, do: {tcp: {address: h}}}").starts_with("C003"));
}
