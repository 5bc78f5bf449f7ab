// What any host must do, said once and asked of this machine, and of an sshd through each of the two clients.
#include <csignal>
#include <fstream>
#include <optional>
#include <thread>

#include "host/host.hpp"
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

struct Asked : Place {
  using Place::Place;
  Output run(std::vector<std::string> argv, Input input = {}) {
    auto output = host->run({std::move(argv), {}, {}, std::move(input), {}}, within(60s));
    if (!output) FAIL(output.error().what << "\n" << output.error().evidence << (sshd ? sshd->log() : ""));
    return *output;
  }
};

// Waits for a condition of the world, within reason.
template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    tidelab::step::pause({}, 10ms);
  }
  return false;
}

std::string temporary(const std::string& name) { return "/tmp/tidelab-host-" + std::to_string(::getpid()) + "-" + name; }

bool lives(const std::string& pid_file) {
  std::ifstream file(pid_file);
  int pid = 0;
  if (!(file >> pid)) return false;
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return (stat >> number >> name >> state) && state != "Z";
}

}  // namespace

TEST_CASE("codes and streams") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  CHECK(place.run({"true"}).code == 0);
  const auto both = place.run({"sh", "-c", "echo out; echo err >&2; exit 7"});
  CHECK(both.code == 7);
  CHECK(both.out == "out\n");
  CHECK(both.err == "err\n");
  CHECK(place.run({"sh", "-c", "kill -9 $$"}).code == 137);
  CHECK(place.run({"tidelab-no-such-program"}).code == 127);
  CHECK(place.run({"/nonexistent/x"}).code == 127);
  CHECK(place.run({"/etc/passwd"}).code == 126);
  CHECK(place.run({"printf", "%s", "no newline"}).out == "no newline");
  CHECK(place.run({"kill", "-l", "9"}).out.find("KILL") != std::string::npos);  // the program, not a builtin
}

TEST_CASE("hostile words arrive byte for byte, with environment and directory") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  const std::string word = "-e '\"$(id)`id`\\\n \xff\xfe ü *";
  CHECK(place.run({"printf", "%s|%s", word, ""}).out == word + "|");
  CHECK(place.run({"/bin/echo", "a\\nb"}).out == "a\\nb\n");
  const auto output = place.host->run({{"sh", "-c", "printf %s \"$X_1\"; pwd"}, {{"X_1", word}}, "/usr/lib", {}, {}}, {});
  REQUIRE(output);
  CHECK(output->out == word + "/usr/lib\n");
  const auto nowhere = place.host->run({{"true"}, {}, "/no such directory", {}, {}}, {});
  REQUIRE(nowhere);
  CHECK(nowhere->code == 125);
}

TEST_CASE("a megabyte each way at once, and a large file in") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) text += std::to_string(i * 7919) + (i % 3 ? " " : "\n");
  CHECK(place.run({"cat"}, {text, {}}).out == text);
  CHECK(place.run({"sh", "-c", "cat >&2"}, {text, {}}).err == text);
  CHECK(place.run({"true"}, {text, {}}).code == 0);
  const auto path = temporary("big");
  {
    std::ofstream file(path, std::ios::binary);
    for (int i = 0; i < 20; ++i) file << text << i;
  }
  const auto local = make_local();
  const auto expected = local->run({{"openssl", "dgst", "-sha256", "-r", path}, {}, {}, {}, {}}, {});
  REQUIRE(expected);
  CHECK(place.run({"openssl", "dgst", "-sha256", "-r"}, {{}, path}).out.substr(0, 64) == expected->out.substr(0, 64));
  CHECK_FALSE(place.host->run({{"cat"}, {}, {}, {{}, "/no/such/file"}, {}}, {}));
  std::remove(path.c_str());
}

TEST_CASE("output is handed on as it comes") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  const bool err = GENERATE(false, true);
  std::string seen;
  const auto path = temporary("seen");
  std::remove(path.c_str());
  // It ends only if the first line is handed over while it runs.
  const std::string script = "echo other >&$1; exec >&$2; echo first; while [ ! -e \"$0\" ]; do sleep 0.02; done; echo last";
  Command command{{"sh", "-c", script, path, err ? "1" : "2", err ? "2" : "1"}, {}, {}, {}, {}};
  (err ? command.on_err : command.on_out) = [&](std::string_view bytes) {
    seen += bytes;
    if (seen == "first\n") std::ofstream(path) << "x";
  };
  Control control;
  control.deadline = Clock::now() + 30s;
  const auto output = place.host->run(command, control);
  std::remove(path.c_str());
  REQUIRE(output);
  CHECK(seen == "first\nlast\n");
  CHECK((err ? output->err : output->out).empty());
  CHECK((err ? output->out : output->err) == "other\n");
}

TEST_CASE("what no program was started for is told to who hears stderr") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  std::string seen;
  Command command{{"/nonexistent/x"}, {}, {}, {}, {}};
  command.on_err = [&](std::string_view bytes) { seen += bytes; };
  const auto output = place.host->run(command, {Clock::now() + 30s, {}, {}});
  REQUIRE(output);
  CHECK(output->code == 127);
  CHECK(output->err.empty());
  CHECK(seen.find("/nonexistent/x") != std::string::npos);
}

TEST_CASE("more on both streams than anybody holds back arrives whole, however slowly it is taken") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  std::size_t out = 0, err = 0;
  Command command{{"sh", "-c", "head -c 12000000 /dev/zero & head -c 12000000 /dev/zero >&2; wait"}, {}, {}, {}, {}};
  command.on_out = [&](std::string_view bytes) { out += bytes.size(); };
  command.on_err = [&](std::string_view bytes) { err += bytes.size(); };
  const auto output = place.host->run(command, {Clock::now() + 120s, {}, {}});
  REQUIRE(output);
  CHECK(out == 12000000);
  CHECK(err == 12000000);
}

TEST_CASE("a deadline or a stop ends the whole process group") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  place.run({"true"});
  const bool by_stop = GENERATE(false, true);
  const auto path = temporary("pid");
  std::remove(path.c_str());
  std::stop_source stop;
  Control control;
  control.stop = stop.get_token();
  control.deadline = Clock::now() + (by_stop ? 60s : 1s);
  std::jthread stopper([&] {
    if (by_stop && soon([&] { return lives(path); })) stop.request_stop();
  });
  // The grandchild ignores TERM, and writes its pid.
  const auto output = place.host->run(
      {{"sh", "-c", "sh -c 'trap \"\" TERM; echo $$ >\"$0\"; sleep 1000; sleep 1000' \"$0\" & wait", path}, {}, {}, {}, {}}, control);
  REQUIRE_FALSE(output);
  CHECK(output.error().why == (by_stop ? Why::interrupted : Why::timed_out));
  INFO(output.error().what);
  CHECK(output.error().what.find("still run") == std::string::npos);
  CHECK(std::ifstream(path).good());
  CHECK_FALSE(lives(path));
  std::remove(path.c_str());
}

TEST_CASE("a daemon left behind with our streams does not hold us") {
  Asked place(GENERATE(Door::local, Door::builtin, Door::system));
  const auto path = temporary("daemon");
  const auto output = place.run({"sh", "-c", "sleep 1000 & echo $! >\"$0\"; echo ready", path});
  CHECK(output.out == "ready\n");
  CHECK(lives(path));
  int pid = 0;
  std::ifstream(path) >> pid;
  REQUIRE(pid > 1);
  ::kill(pid, SIGKILL);
  std::remove(path.c_str());
}

TEST_CASE("the child gets clean signals and none of our descriptors") {
  const auto place = make_local();
  ::signal(SIGPIPE, SIG_IGN);
  const auto output = place->run({{"sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd"}, {}, {}, {}, {}}, {});
  ::signal(SIGPIPE, SIG_DFL);
  REQUIRE(output);
  CHECK(output->out == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n1\n2\n3\n");  // 3 is ls's own
}
