// Safe text, widths, spans.
#include "report/layout.hpp"

#include "support/catch.hpp"

using namespace tidelab::report;
using std::chrono::microseconds;

TEST_CASE("spans") {
  const std::pair<long long, const char*> table[] = {{0, "0 ms"},
                                                     {400, "0 ms"},
                                                     {12'000, "12 ms"},
                                                     {99'400, "99 ms"},
                                                     {99'600, "0.10 s"},
                                                     {910'000, "0.91 s"},
                                                     {9'990'000, "9.99 s"},
                                                     {9'996'000, "10 s"},
                                                     {41'300'000, "41 s"},
                                                     {59'600'000, "1 min 00 s"},
                                                     {125'000'000, "2 min 05 s"},
                                                     {-3'000, "-3 ms"}};
  for (const auto& [span, text] : table) CHECK(render_span(microseconds(span)) == text);
}

TEST_CASE("texts of others are made safe") {
  CHECK(printable("a\tb\nç 日 \xF0\x9F\x90\xB3") == "a\tb\nç 日 \xF0\x9F\x90\xB3");
  CHECK(printable(std::string("\x1b\0\x7f", 3)) == "���");
  CHECK(printable("a\r\nb\rc") == "a\nb\nc");
  CHECK(printable("\xC2\x85|\xEF\xBF\xBE") == "�|�");                 // a C1 control; no character at all
  CHECK(printable("\xC0\xAF|\xED\xA0\x80|\xE6\x97") == "��|���|��");  // overlong, surrogate, cut off
  CHECK(one_line(" a\nb\t ") == "a b");
}

TEST_CASE("widths count characters") {
  CHECK(width_of("é–日") == 3);
  CHECK(pad("é", 3) == "é  ");
  CHECK(clip("éééé", 4) == "éééé");
  CHECK(clip("ééééé", 4) == "ééé…");
  CHECK(lines_of("a\n\nb\n\n") == std::vector<std::string>{"a", "", "b"});
}
