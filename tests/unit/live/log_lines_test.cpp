#include "live/log_lines.hpp"

#include <chrono>

#include <fmt/format.h>

#include "support/catch.hpp"

using namespace tidelab::live;
using std::chrono::seconds;
using tidelab::plan::LogLook;
using Lines = std::vector<std::string>;

namespace {

// 2026-11-28 21:00:00 UTC
constexpr HostTime nine = seconds(1'795'899'600);

LogChoice choose(const std::string& text, const LogLook& look = {}, std::optional<HostTime> since = nine, std::size_t most = 15) {
  return choose_lines({"/lab/x.log", text, true, true, seconds(0)}, look, since, most);
}

}  // namespace

TEST_CASE("the time that a line begins with, however its logger writes it") {
  const auto [line, time] = GENERATE(table<std::string, HostTime>({
      {"2026-11-28 21:00:00,123 [myid:1] - WARN  [main:QuorumPeer@1] - x", nine + HostTime(123)},
      {"[2026-11-28 21:00:00,123] ERROR x (kafka.server.KafkaServer)", nine + HostTime(123)},
      {"[2026/11/28 21:00:00.123 +00:00] [WARN] [server.go:1] [\"x\"]", nine + HostTime(123)},
      {"[2026/11/28 22:30:00.123 +01:30] [WARN] [server.go:1] [\"x\"]", nine + HostTime(123)},
      {"[2026/11/28 16:00:00.123 -05:00] [WARN] [server.go:1] [\"x\"]", nine + HostTime(123)},
      {"2026-11-28T21:00:00Z tidelab: the process ended with 1 after 3 s; starting it again in 1 s", nine},
      {"{\"level\":\"warn\",\"ts\":\"2026-11-28T21:00:00.123456Z\",\"msg\":\"x\"}", nine + HostTime(123)},
      {"{\"level\":\"warn\",\"ts\":1795899600.123,\"msg\":\"x\"}", nine + HostTime(123)},
      {"INFO  2026-11-28 21:00:00 x", nine},
  }));
  INFO(line);
  CHECK(time_of(line, seconds(0)) == time);
}

TEST_CASE("a time without a zone is of the host's") {
  CHECK(time_of("2026-11-28 22:00:00,000 INFO x", seconds(3600)) == nine);
  CHECK(time_of("2026-11-28T21:00:00Z x", seconds(3600)) == nine);
  CHECK(clock_text(nine, seconds(3600)) == "22:00:00");
  CHECK(clock_text(nine, seconds(-22 * 3600)) == "23:00:00");
}

TEST_CASE("what is no time") {
  const auto line =
      GENERATE("", "\tat java.base/java.lang.Thread.run(Thread.java:829)", "2026-13-28 21:00:00 x", "2026-11-28 21:00",
               "12345678901234567890123", "the row of a user with 2026-11-28 far behind what a logger writes: 2026-11-28 21:00:00");
  INFO(line);
  CHECK_FALSE(time_of(line, seconds(0)));
}

TEST_CASE("warnings and errors since then, and nothing else") {
  const auto choice = choose(
      "2026-11-28 20:59:58,000 ERROR before\n"
      "2026-11-28 21:00:01,000 INFO  org.apache.X - no ERRORS here\n"
      "2026-11-28 21:00:02,000 WARN  org.apache.X - slow\n"
      "2026-11-28 21:00:03,000 ERROR org.apache.X - broken\n");
  CHECK(choice.lines == Lines{"2026-11-28 21:00:02,000 WARN  org.apache.X - slow", "2026-11-28 21:00:03,000 ERROR org.apache.X - broken"});
  CHECK(choice.timed);
  CHECK(choice.reaches_back);
  CHECK(choice.last == nine + seconds(3));
}

TEST_CASE("nothing that matters is told as nothing, and not by other lines") {
  const auto choice = choose("2026-11-28 21:00:01,000 INFO fine\n");
  CHECK(choice.lines.empty());
  CHECK(choice.timed);
}

TEST_CASE("a log without any time gives its last lines") {
  const auto choice = choose("one\ntwo\nthree\n", {}, nine, 2);
  CHECK_FALSE(choice.timed);
  CHECK(choice.lines == Lines{"two", "three"});
}

TEST_CASE("where a program has no logger, what does not matter is not told") {
  const LogEnd errors{"/lab/x_stderr.log", "Listening on 4000\nWelcome\n", false, true, seconds(0)};
  CHECK(choose_lines(errors, {}, nine, 6).lines.empty());
  const LogEnd panic{"/lab/x_stderr.log",
                     "Welcome\npanic: runtime error: index out of range\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:7\n", false,
                     true, seconds(0)};
  CHECK(choose_lines(panic, {}, nine, 6).lines ==
        Lines{"panic: runtime error: index out of range", "goroutine 1 [running]:", "main.main()", "\t/src/main.go:7"});
}

TEST_CASE("a panic is not later than the line of the keeper behind it") {
  const std::string text =
      "panic: the first\n2026-11-28T20:50:00Z tidelab: the process ended with 2 after 3 s; starting it again in 1 s\n"
      "panic: the second\n2026-11-28T21:00:05Z tidelab: the process ended with 2 after 3 s; starting it again in 2 s\n";
  const auto choice = choose_lines({"/lab/x_stderr.log", text, false, true, seconds(0)}, {}, nine, 6);
  CHECK(choice.lines ==
        Lines{"panic: the second", "2026-11-28T21:00:05Z tidelab: the process ended with 2 after 3 s; starting it again in 2 s"});
}

TEST_CASE("a stack trace stays with its line: its top, its causes, and how much more there is") {
  std::string text =
      "2026-11-28 21:00:02,000 WARN  org.apache.flink.Task - Sink switched to FAILED.\njava.io.IOException: writing records failed.\n";
  for (int i = 0; i < 20; ++i) text += fmt::format("\tat org.apache.flink.A.b(A.java:{})\n", i);
  text += "Caused by: java.sql.SQLException: Access denied for user 'x'@'127.0.0.1'\n\tat com.mysql.C.d(C.java:1)\n\t... 3 more\n";
  text += "2026-11-28 21:00:03,000 INFO  org.apache.flink.Task - restarting\n";
  CHECK(choose(text).lines ==
        Lines{"2026-11-28 21:00:02,000 WARN  org.apache.flink.Task - Sink switched to FAILED.",
              "java.io.IOException: writing records failed.", "\tat org.apache.flink.A.b(A.java:0)", "\tat org.apache.flink.A.b(A.java:1)",
              "Caused by: java.sql.SQLException: Access denied for user 'x'@'127.0.0.1'", "    … 20 more lines of it"});
}

TEST_CASE("what is repeated is told once, with how often it came") {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += fmt::format("[2026-11-28 21:00:{:02},000] WARN Connection to node {} could not be established\n", i, i % 3);
  text += "[2026-11-28 21:00:59,000] ERROR gave up\n";
  CHECK(choose(text).lines == Lines{"[2026-11-28 21:00:49,000] WARN Connection to node 1 could not be established   (×50)",
                                    "[2026-11-28 21:00:59,000] ERROR gave up"});
}

TEST_CASE("of more than there is room for the newest are told") {
  std::string text;
  for (char c = 'a'; c <= 'z'; ++c) text += fmt::format("2026-11-28 21:00:00,000 WARN of kind {}\n", c);
  const auto choice = choose(text);
  CHECK(choice.lines.size() == 15);
  CHECK(choice.lines.back() == "2026-11-28 21:00:00,000 WARN of kind z");
  CHECK(choice.left_out == 11);
}

TEST_CASE("our own asking is left out, and patterns of the playbook count beside the usual words") {
  LogLook look;
  look.ours = {"Processing srvr command", "client /127\\.0\\.0\\.1 of tidelab"};
  look.matters = "Shutdown completed";
  const auto choice = choose(
      "2026-11-28 21:00:01,000 WARN Processing srvr command from /127.0.0.1\n"
      "2026-11-28 21:00:02,000 ERROR EOF\njava.io.EOFException: client /127.0.0.1 of tidelab\n"
      "2026-11-28 21:00:03,000 INFO Shutdown completed\n",
      look);
  CHECK(choice.lines == Lines{"2026-11-28 21:00:03,000 INFO Shutdown completed"});
}

TEST_CASE("want of memory is told by the line that says so, also within a trace") {
  LogLook look;
  look.out_of_memory = "java\\.lang\\.OutOfMemoryError";
  const auto choice = choose("2026-11-28 21:00:01,000 INFO Uncaught\njava.lang.OutOfMemoryError: Java heap space\n\tat x\n", look);
  CHECK(choice.out_of_memory == "java.lang.OutOfMemoryError: Java heap space");
  CHECK(choice.lines.size() == 3);
  CHECK(choose("2026-11-28 20:00:01,000 ERROR x\njava.lang.OutOfMemoryError: Java heap space\n2026-11-28 21:00:01,000 INFO y\n", look)
            .out_of_memory.empty());
}

TEST_CASE("a part of a log: its first line may be cut, and it may not reach back far enough") {
  const std::string text = "1:00:01,000 ERROR cut\n2026-11-28 21:00:05,000 ERROR whole\n";
  const auto choice = choose_lines({"/lab/x.log", text, true, false, seconds(0)}, {}, nine, 15);
  CHECK(choice.lines == Lines{"2026-11-28 21:00:05,000 ERROR whole"});
  CHECK_FALSE(choice.reaches_back);
  CHECK(choose_lines({"/lab/x.log", "x\n2026-11-28 20:00:05,000 ERROR old\n", true, false, seconds(0)}, {}, nine, 15).reaches_back);
}

TEST_CASE("where the time of the trouble is not known, the last that matter are told") {
  CHECK(choose("2026-11-28 20:00:05,000 ERROR old\n2026-11-28 20:00:06,000 INFO x\n", {}, std::nullopt).lines ==
        Lines{"2026-11-28 20:00:05,000 ERROR old"});
}

TEST_CASE("a level is a word of the line's head: a message may speak of an ERROR") {
  const auto far = std::string(200, 'x');
  CHECK(choose("[2026/11/28 21:00:00.000 +00:00] [INFO] [a.go:1] [\"" + far + " ERROR\"]\n").lines.empty());
  CHECK(choose("{\"level\":\"error\",\"ts\":\"2026-11-28T21:00:00.100Z\",\"msg\":\"x\"}\n").lines.size() == 1);
  CHECK(choose("{\"level\":\"info\",\"ts\":\"2026-11-28T21:00:00.100Z\",\"msg\":\"x\"}\n").lines.empty());
}

TEST_CASE("long lines, odd bytes and no end of line are borne") {
  const auto megabyte = std::string(1 << 20, 'a');
  CHECK(choose("2026-11-28 21:00:00,000 ERROR " + megabyte).lines.size() == 1);
  CHECK(choose(std::string("2026-11-28 21:00:00,000 ERROR \0\xff\xfe\r\n", 34)).lines.size() == 1);
  CHECK(choose("").lines.empty());
  CHECK(choose("\n\n\n").lines == Lines{"", "", ""});
}
