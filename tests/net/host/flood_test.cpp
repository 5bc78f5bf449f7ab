// Hosts that say more than anybody asked for: of what they say a bounded part is kept, and only their own command fails.
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>

#include "host/host.hpp"
#include "host/remote_shell.hpp"
#include "net/host/doors.hpp"
#include "support/catch.hpp"
#include "support/sshd.hpp"

using namespace tidelab::doors;
using namespace tidelab::host;
using namespace std::chrono_literals;
using tidelab::step::Clock;
using tidelab::step::Why;
using tidelab::support::Sshd;

namespace {

bool runs(long pid) { return std::filesystem::exists("/proc/" + std::to_string(pid) + "/fd/1"); }

// Both streams of a command, fed in pieces of random sizes.
std::string fed(MarkedStream& stream, const std::string& bytes, std::mt19937& random) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto size = std::min<std::size_t>(bytes.size() - at, 1 + random() % 40);
    out += stream.feed(std::string_view(bytes).substr(at, size));
    at += size;
  }
  return out;
}

}  // namespace

TEST_CASE("a command that prints without end is ended, and its beginning and its end are told") {
  const auto by = GENERATE(Door::local, Door::builtin, Door::system);
  const auto* lines = GENERATE("echo begin; exec yes 'a line'", "printf begin; exec tr '\\0' x < /dev/zero");
  const bool to_err = GENERATE(false, true);
  Place on(by);
  const auto file = std::filesystem::temp_directory_path() / ("tidelab-flood-" + std::to_string(::getpid()));
  Command command{{"sh", "-c", "echo $$ > " + file.string() + "; " + (to_err ? "exec 1>&2; " : "") + lines}, {}, {}, {}, {}};
  command.most_kept = 1 << 20;
  const auto output = on.host->run(command, within(100s));
  REQUIRE_FALSE(output);
  const auto& why = output.error();
  INFO(why.what);
  CHECK(why.why == Why::failed);
  CHECK(why.what.find(std::string("said more than 1 MiB on ") + (to_err ? "stderr" : "stdout") + " on " + on.host->name()) !=
        std::string::npos);
  CHECK(why.evidence.starts_with("begin"));
  CHECK(why.evidence.find("[…]") != std::string::npos);
  CHECK(why.evidence.size() < 3000);
  CHECK(why.lasting);
  long pid = 0;
  CHECK(std::ifstream(file) >> pid);
  for (int i = 0; i < 300 && runs(pid); ++i) tidelab::step::pause({}, 10ms);
  CHECK_FALSE(runs(pid));
  std::filesystem::remove(file);
  // Nobody else suffers, also over the same connection.
  const auto next = on.host->run({{"echo", "next"}, {}, {}, {}, {}}, within(60s));
  REQUIRE(next);
  CHECK(next->out == "next\n");
}

TEST_CASE("as much as may be kept is kept whole") {
  Place on(GENERATE(Door::local, Door::builtin, Door::system));
  Command command{{"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2"}, {}, {}, {}, {}};
  command.most_kept = 300'000;
  const auto output = on.host->run(command, within(60s));
  REQUIRE(output);
  CHECK(output->out == std::string(300'000, 'x'));
  CHECK(output->err == std::string(300'000, 'y'));
}

TEST_CASE("who listens hears it without end, until the stop, and the other stream is kept") {
  Place on(GENERATE(Door::local, Door::builtin, Door::system));
  std::stop_source stop;
  std::size_t heard = 0;
  Command command{{"sh", "-c", "echo said >&2; exec cat /dev/zero"}, {}, {}, {}, {}};
  command.most_kept = 1000;
  command.on_out = [&](std::string_view bytes) {
    heard += bytes.size();
    if (heard > 8 << 20) stop.request_stop();
  };
  auto control = within(100s);
  control.stop = stop.get_token();
  const auto output = on.host->run(command, control);
  REQUIRE_FALSE(output);
  CHECK(output.error().why == Why::interrupted);
  CHECK(output.error().evidence == "said\n");
  CHECK(heard > 8 << 20);
}

TEST_CASE("a deadline ends who talks without end to a slow listener") {
  Place on(GENERATE(Door::local, Door::builtin, Door::system));
  Command command{{"cat", "/dev/zero"}, {}, {}, {}, {}};
  command.on_out = [&](std::string_view) { tidelab::step::pause({}, 1ms); };
  const auto output = on.host->run(command, within(2s));
  REQUIRE_FALSE(output);
  CHECK(output.error().why == Why::timed_out);
}

TEST_CASE("a listener that throws is its command's failure, and the host goes on") {
  Place on(GENERATE(Door::local, Door::builtin, Door::system));
  Command command{{"yes"}, {}, {}, {}, {}};
  command.on_out = [](std::string_view) { throw std::bad_alloc(); };
  const auto output = on.host->run(command, within(60s));
  REQUIRE_FALSE(output);
  CHECK(output.error().why == Why::failed);
  CHECK(output.error().what.find("bad_alloc") != std::string::npos);
  REQUIRE(on.host->run({{"true"}, {}, {}, {}, {}}, within(60s)));
}

TEST_CASE("a login shell that prints without end before the command begins is told so") {
  const auto mark = make_mark();
  MarkedStream stream(mark);
  const std::string piece(100'000, 'n');
  for (int i = 0; i < 10; ++i) CHECK(stream.feed(piece).empty());
  CHECK_FALSE(stream.flooded());
  CHECK(stream.noise().size() == kNoiseKept);
  for (int i = 0; i < 10; ++i) CHECK(stream.feed(piece).empty());
  CHECK(stream.flooded());
  CHECK(stream.noise().size() == kNoiseKept);
  CHECK_FALSE(stream.begun());
}

TEST_CASE("what looks like a mark and is none is the command's own word") {
  const auto mark = make_mark();
  for (const auto& words : {mark, mark + " \n", mark + "=", mark + "=12x\n", mark + ":\n", mark + "=99999999999999999999999", mark + mark,
                            mark + std::string(5000, '1'), "line " + mark + "%d\n"}) {
    std::mt19937 random(7);
    MarkedStream stream(mark);
    auto out = fed(stream, "noise " + mark + ":42\n" + words + "|", random);
    out += fed(stream, mark + "=3\nafterwards", random);
    CHECK(out + stream.take_rest() == words + "|");
    CHECK(stream.pid() == 42);
    CHECK(stream.noise() == "noise ");
    REQUIRE(stream.code());
    CHECK(*stream.code() == 3);
  }
}

TEST_CASE("the command's bytes come out as they went in, however they are cut") {
  std::mt19937 random(20260101);
  const auto mark = make_mark();
  for (int round = 0; round < 300; ++round) {
    std::string own;
    for (auto left = random() % 300; left > 0; --left) {
      if (random() % 20 == 0)
        own += mark.substr(0, random() % mark.size());
      else
        own += static_cast<char>(random() % 256);
    }
    MarkedStream stream(mark);
    CHECK(fed(stream, mark + ":7\n" + own + mark + "=0\n", random) == own);
    CHECK(stream.code() == 0);
  }
}
