// Diagnostics as the whole text that a person sees.
#include "source/diagnostic.hpp"

#include <catch2/catch.hpp>

using namespace tidelab::source;

TEST_CASE("a diagnostic shows header, place, excerpt, caret, notes and help") {
  const File file{"lab.yaml", "a:\n  port: 1\nb:\n  port: 1\n"};
  Diagnostics diagnostics;
  auto& made = diagnostics.error("T012", "port 1 is used twice", {&file, 4, 9, 1});
  made.label = "b";
  made.notes.push_back({"first claimed by a", {&file, 2, 9, 1}});
  made.notes.push_back({"both run on one host", {}});
  made.help = "give one of them another `port`";
  CHECK(render_text(made) ==
        "error[T012]: port 1 is used twice\n"
        " --> lab.yaml:4:9\n"
        "  |\n"
        "4 |   port: 1\n"
        "  |         ^ b\n"
        "  = note: first claimed by a at lab.yaml:2:9\n"
        "  = note: both run on one host\n"
        "  = help: give one of them another `port`");
}

TEST_CASE("the margin is as wide as the line number, and carets as long as the span") {
  const File file{"f", std::string(99, '\n') + "key: value"};
  Diagnostics diagnostics;
  CHECK(render_text(diagnostics.warning("X001", "odd", {&file, 100, 6, 5})) ==
        "warning[X001]: odd\n"
        "   --> f:100:6\n"
        "    |\n"
        "100 | key: value\n"
        "    |      ^^^^^");
}

TEST_CASE("a diagnostic without a place is one line and its remarks") {
  Diagnostics diagnostics;
  auto& made = diagnostics.error("U001", "no file given", {});
  made.help = "name one";
  CHECK(render_text(made) == "error[U001]: no file given\n  = help: name one");
}

TEST_CASE("a tab is shown as one blank, so that the caret stays under its word") {
  const File file{"f", "\tkey"};
  Diagnostics diagnostics;
  CHECK(render_text(diagnostics.error("X001", "m", {&file, 1, 2, 3})) == "error[X001]: m\n --> f:1:2\n  |\n1 |  key\n  |  ^^^");
}

TEST_CASE("a very long line is not shown") {
  const File file{"f", std::string(1000, 'x')};
  Diagnostics diagnostics;
  CHECK(render_text(diagnostics.error("X001", "m", {&file, 1, 900, 1})) == "error[X001]: m\n --> f:1:900\n  |");
}

TEST_CASE("diagnostics come in the order of files and places, and are counted") {
  const File a{"a", "1\n2\n3"};
  const File b{"b", "1\n2\n3"};
  Diagnostics diagnostics;
  diagnostics.error("X001", "second file", {&b, 1, 1, 1});
  diagnostics.warning("X002", "third line", {&a, 3, 1, 1});
  diagnostics.error("X003", "second line", {&a, 2, 1, 1});
  diagnostics.error("X004", "same place, later", {&a, 2, 1, 1});
  std::vector<std::string> order;
  for (const auto* each : diagnostics.ordered()) order.push_back(each->code);
  CHECK(order == std::vector<std::string>{"X001", "X003", "X004", "X002"});
  CHECK(diagnostics.errors() == 3);
  CHECK(diagnostics.warnings() == 1);
  CHECK(diagnostics.has_errors());
}

TEST_CASE("the closing line counts") {
  const File file{"f", "x"};
  Diagnostics diagnostics;
  CHECK(render_text(diagnostics).empty());
  diagnostics.warning("X001", "w", {});
  CHECK(render_text(diagnostics) == "warning[X001]: w\n\n1 warning");
  CHECK_FALSE(diagnostics.has_errors());
  diagnostics.error("X002", "e", {});
  diagnostics.error("X003", "f", {});
  CHECK(render_text(diagnostics) == "warning[X001]: w\n\nerror[X002]: e\n\nerror[X003]: f\n\n2 errors, 1 warning");
}

TEST_CASE("the nearest candidate is meant, or none") {
  const std::vector<std::string> known = {"port", "host", "data_dir", "deploy_dir"};
  CHECK(did_you_mean("prt", known) == "port");
  CHECK(did_you_mean("datadir", known) == "data_dir");
  CHECK(did_you_mean("deploy-dir", known) == "deploy_dir");
  CHECK(did_you_mean("listener", known).empty());
  CHECK(did_you_mean("", known).empty());
  CHECK(did_you_mean("x", {}).empty());
  CHECK(did_you_mean(std::string(100, 'p'), known).empty());
}
