#include "source/screen.hpp"

#include <sstream>

#include "source/paint.hpp"
#include "support/catch.hpp"

using namespace tidelab::source;

namespace {

/// What comes out of a screen when these are printed one after the other.
std::string on_screen(const std::vector<std::string>& prints, bool terminal = true) {
  std::stringbuf to;
  Screen screen(to, terminal);
  std::ostream out(&screen);
  for (const auto& each : prints) out << each << std::flush;
  screen.finish();
  CHECK(out.good());
  return to.str();
}

}  // namespace

TEST_CASE("control characters of others are shown, whatever they are written in") {
  CHECK(on_screen({"plain, ü, 漢, 🙂\tand\nlines\n"}) == "plain, ü, 漢, 🙂\tand\nlines\n");
  CHECK(on_screen({"\x1b]0;title\x07 \x1b[2J\x1b[31mred\x1b[0m"}) == "\\x1b]0;title\\x07 \\x1b[2J\\x1b[31mred\\x1b[0m");
  CHECK(on_screen({"C1 \x9b"
                   "31m, in UTF-8 \xc2\x9b"
                   "31m"}) == "C1 \\x9b31m, in UTF-8 \\u009b31m");
  CHECK(on_screen({"over\rwritten\b\x7f"}) == "over\\x0dwritten\\x08\\u007f");
  CHECK(on_screen({"a line\r\nof others\r\n"}) == "a line\r\nof others\r\n");
  CHECK(on_screen({"\xe2\x80\xae"
                   "desrever \xe2\x81\xa6 \xe2\x80\xa8"}) == "\\u202edesrever \\u2066 \\u2028");
  CHECK(on_screen({"\xff\xc3( \xed\xa0\x80 \xf4\x90\x80\x80"}) == "\\xff\\xc3( \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
  CHECK(on_screen({std::string("\0", 1)}) == "\\x00");
}

TEST_CASE("what is cut between two prints is put together, and what never ends is shown") {
  CHECK(on_screen({"\xe6", "\xbc\xa2", "\xf0\x9f", "\x99\x82"}) == "漢🙂");
  CHECK(on_screen({"\r", "\n"}) == "\r\n");
  CHECK(on_screen({"\r", "x"}) == "\\x0dx");
  CHECK(on_screen({"\xe6\xbc"}) == "\\xe6\\xbc");
  CHECK(on_screen({"\xe6", "x"}) == "\\xe6x");
}

TEST_CASE("a file gets the bytes that somebody asked for, and all else as a terminal does") {
  std::stringbuf to;
  Screen screen(to, false);
  std::ostream out(&screen);
  out << "told \x1b[2J ";
  CHECK(screen.pass("\x1b[2J\xff"));
  CHECK(to.str() == "told \\x1b[2J \x1b[2J\xff");
  std::stringbuf seen;
  Screen terminal(seen, true);
  CHECK(terminal.pass("\x1b[2J\xff"));
  CHECK(seen.str() == "\\x1b[2J\\xff");
}

TEST_CASE("what cannot be written is told to the stream") {
  struct Full : std::streambuf {
  } full;
  Screen screen(full, true);
  std::ostream out(&screen);
  out << "x";
  CHECK_FALSE(out.good());
}

// The last of all, since the sequences of ours stay as they are then.
TEST_CASE("looks of ours are told from those that others send") {
  CHECK(painted("x", "31") == "\x1b[31mx\x1b[0m");
  tell_ours_apart();
  const auto ours = painted("✓", "32");
  CHECK(ours.find("\x1b[") == std::string::npos);
  CHECK(on_screen({ours + " \x1b[32m✓\x1b[0m"}) == "\x1b[32m✓\x1b[0m \\x1b[32m✓\\x1b[0m");
  CHECK(on_screen({ours}, false) == "\x1b[32m✓\x1b[0m");
  CHECK(on_screen({ours.substr(0, 5), ours.substr(5)}) == "\x1b[32m✓\x1b[0m");
}
