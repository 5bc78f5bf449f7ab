// Diagnostics as the whole text that a person sees.
#include "source/diagnostic.hpp"

#include "support/catch.hpp"

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
        " ::: lab.yaml:2:9\n"
        "  |\n"
        "2 |   port: 1\n"
        "  |         - first claimed by a\n"
        "  = note: both run on one host\n"
        "  = help: give one of them another `port`");
}

TEST_CASE("the margin fits the other side's line number, too") {
  const File file{"f", "a\n" + std::string(98, '\n') + "b"};
  Diagnostics diagnostics;
  auto& made = diagnostics.error("X001", "m", {&file, 1, 1, 1});
  made.notes.push_back({"there", {&file, 100, 1, 1}});
  CHECK(render_text(made) ==
        "error[X001]: m\n"
        "   --> f:1:1\n"
        "    |\n"
        "1   | a\n"
        "    | ^\n"
        "   ::: f:100:1\n"
        "    |\n"
        "100 | b\n"
        "    | - there");
}

TEST_CASE("a whole file as place has no line") {
  const File file{"f", "a"};
  Diagnostics diagnostics;
  auto& made = diagnostics.error("U001", "m", {&file, 0, 0, 0});
  made.notes.push_back({"another", {&file, 0, 0, 0}});
  CHECK(render_text(made) == "error[U001]: m\n --> f\n  = note: another in f");
}

TEST_CASE("colour is put around words, and takes nothing away") {
  const File file{"f", "key: value"};
  Diagnostics diagnostics;
  auto& made = diagnostics.warning("X001", "odd", {&file, 1, 6, 5});
  made.label = "here";
  made.notes.push_back({"there", {&file, 1, 1, 3}});
  made.help = "mend it";
  const auto coloured = render_text(made, {true});
  std::string plain;
  for (std::size_t i = 0; i < coloured.size(); ++i)
    if (coloured[i] == '\x1b')
      i = coloured.find('m', i);
    else
      plain += coloured[i];
  CHECK(plain == render_text(made));
  CHECK(coloured.starts_with("\x1b[1;33mwarning[X001]\x1b[0m"));
}

TEST_CASE("what a file says cannot move the cursor or break the frame") {
  const File file{"a\nb", "x\x1b[2Jy"};
  Diagnostics diagnostics;
  auto& made = diagnostics.error("X001", "`\x1b[2J\n`", {&file, 1, 1, 1});
  made.help = "not `\r`";
  CHECK(render_text(made) == "error[X001]: `\\x1b[2J\\n`\n --> a\\nb:1:1\n  |\n1 | x [2Jy\n  | ^\n  = help: not `\\x0d`");
}

TEST_CASE("a value of a megabyte does not fill the terminal") {
  Diagnostics diagnostics;
  CHECK(render_text(diagnostics.error("X001", std::string(1'000'000, 'x'), {})).size() < 1000);
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

TEST_CASE("a tab is shown as four blanks, and the caret stays under its word") {
  const File file{"f", "\tkey"};
  Diagnostics diagnostics;
  CHECK(render_text(diagnostics.error("X001", "m", {&file, 1, 2, 3})) == "error[X001]: m\n --> f:1:2\n  |\n1 |     key\n  |     ^^^");
  CHECK(render_text(diagnostics.error("X001", "m", {&file, 1, 1, 1})) == "error[X001]: m\n --> f:1:1\n  |\n1 |     key\n  | ^^^^");
}

TEST_CASE("a byte order mark is not shown") {
  const File file{"f", "\xef\xbb\xbfkey"};
  Diagnostics diagnostics;
  CHECK(render_text(diagnostics.error("X001", "m", {&file, 1, 1, 3})) == "error[X001]: m\n --> f:1:1\n  |\n1 | key\n  | ^^^");
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

TEST_CASE("lists are put together, and warnings become errors") {
  Diagnostics all, other;
  all.warning("X001", "w", {});
  other.error("X002", "e", {});
  all.append(std::move(other));
  CHECK(all.errors() == 1);
  all.promote_warnings();
  CHECK(all.errors() == 2);
  CHECK(render_text(all) == "error[X001]: w\n\nerror[X002]: e\n\n2 errors");
}

TEST_CASE("a file of a million mistakes does not become a million complaints") {
  Diagnostics diagnostics;
  for (std::size_t i = 0; i < Diagnostics::most_kept + 3; ++i) diagnostics.error("X001", "e", {}).help = "h";
  diagnostics.warning("X002", "w", {});
  CHECK(diagnostics.ordered().size() == Diagnostics::most_kept);
  CHECK(diagnostics.errors() == static_cast<int>(Diagnostics::most_kept) + 3);
  CHECK(diagnostics.warnings() == 1);
  CHECK(diagnostics.left_out() == 4);
  CHECK(render_text(diagnostics).ends_with("5003 errors, 1 warning; the last 4 are not shown"));
  Diagnostics all;
  all.warning("X003", "w", {});
  all.append(std::move(diagnostics));
  CHECK(all.errors() == static_cast<int>(Diagnostics::most_kept) + 3);
  CHECK(all.warnings() == 2);
  CHECK(all.left_out() == 5);
  all.promote_warnings();
  CHECK(all.warnings() == 0);
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
