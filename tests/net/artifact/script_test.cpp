// Sources that run a program: assemble scripts, and Maven's client.
#include <csignal>
#include <thread>

#include "lab.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::artifact;
using tests::assembled;
using tests::Lab;
using tests::wanted;

TEST_CASE("a script gets version and output, an empty directory, and the cache's place") {
  Lab lab;
  const auto script = lab.script("[ -z \"$(ls -A)\" ] || exit 9\necho making it >&2\necho \"$1 $TIDELAB_CACHE\" >$2\ntouch rubbish");
  const auto got = Store(lab.cache).acquire(wanted({assembled(script)}), lab.control());
  REQUIRE(got);
  CHECK(tests::read_all(got->path) == "2.7.0 " + lab.cache + "\n");
  CHECK(lab.said_with("making it") == 1);
  CHECK(lab.files().size() == 2);
}

TEST_CASE("a version that the script does not provide has no side effects") {
  Lab lab;
  const auto got = Store(lab.cache).acquire(wanted({assembled(lab.script("echo ok >$2"))}, "2.8.0"), lab.control());
  REQUIRE_FALSE(got);
  CHECK_THAT(got.error().evidence, Catch::Matchers::ContainsSubstring("assembled source provides 2.7.0, 4.1.0, not 2.8.0"));
  CHECK(lab.runs() == 0);
}

TEST_CASE("exit codes of a script") {
  Lab lab;
  const auto [body, text] = GENERATE(table<std::string, std::string>({{"exit 2", "does not provide version 2.7.0"},
                                                                      {"exit 3", "misses a tool"},
                                                                      {"exit 4", "a download was refused"},
                                                                      {"exit 7", "exit code 7"},
                                                                      {"kill -9 $$", "exit code 137"},
                                                                      {"exit 0", "made no output file"}}));
  const auto got = Store(lab.cache).acquire(wanted({assembled(lab.script("echo why >&2\n" + body))}), lab.control());
  REQUIRE_FALSE(got);
  CHECK_THAT(got.error().evidence, Catch::Matchers::ContainsSubstring(text) && Catch::Matchers::ContainsSubstring("    why"));
  CHECK((got.error().why == step::Why::unreachable) == (body == "exit 3"));
  CHECK(lab.files().empty());
}

TEST_CASE("the stop ends the script with its children and leaves nothing") {
  Lab lab;
  const bool stubborn = GENERATE(false, true);
  const auto script = lab.script(std::string(stubborn ? "trap '' TERM\n" : "") + "echo part >$2\nsleep 300 & echo $! >" + lab.root +
                                 "/child\necho started >&2\nwait");
  std::stop_source stop;
  auto control = lab.control(stop.get_token());
  control.progress = [&](const std::string& line) {
    if (line.find("started") != line.npos) stop.request_stop();
  };
  const auto got = Store(lab.cache).acquire(wanted({assembled(script)}), control);
  REQUIRE_FALSE(got);
  CHECK(got.error().why == step::Why::interrupted);
  CHECK(lab.files().empty());
  // Dead: no such process, or a zombie that init has not reaped yet. SIGKILL takes effect after kill() returned, under load a while after.
  const auto proc = "/proc/" + std::to_string(std::stoi(tests::read_all(lab.root + "/child"))) + "/stat";
  const auto patient = lab.control();
  bool dying = false;
  do {
    const auto stat = tests::read_all(proc);
    dying = stat.empty() || stat.find(") Z ") != stat.npos || stat.find(") X ") != stat.npos;
  } while (!dying && step::pause(patient, std::chrono::milliseconds(20)));
  CHECK(dying);
}

TEST_CASE("a process that a script leaves behind does not hold up its end") {
  Lab lab;
  const auto got = Store(lab.cache).acquire(wanted({assembled(lab.script("sleep 300 &\necho ok >$2"))}), lab.control());
  CHECK(got);
}

TEST_CASE("the deadline ends a script") {
  Lab lab;
  auto control = lab.control();
  control.deadline = step::Clock::now() + std::chrono::milliseconds(300);
  const auto got = Store(lab.cache).acquire(wanted({assembled(lab.script("sleep 300"))}), control);
  REQUIRE_FALSE(got);
  CHECK(got.error().why == step::Why::timed_out);
}

TEST_CASE("what a script is made of decides whether it is run again") {
  Lab lab;
  const auto script = lab.script("echo ok >$2");
  const auto kafka = wanted({assembled(script)});
  Store store(lab.cache);
  REQUIRE(store.acquire(kafka, lab.control()));
  lab.write("playbook/notes.tmp.md", "not part of it");
  REQUIRE(store.acquire(kafka, lab.control()));
  CHECK(lab.runs() == 1);
  lab.write("playbook/standin/main.go", "package main");
  REQUIRE(store.acquire(kafka, lab.control()));
  CHECK(lab.runs() == 2);
  lab.write("lib/assemble.sh", "# shared");
  REQUIRE(store.acquire(kafka, lab.control()));
  CHECK(lab.runs() == 3);
  lab.script("echo other >$2");
  CHECK(tests::read_all(store.acquire(kafka, lab.control()).value().path) == "other\n");
}

TEST_CASE("Maven's client gets the coordinate, and its complaint is evidence") {
  Lab lab;
  const std::string before = std::getenv("PATH");
  Source source;
  source.kind = Kind::maven;
  source.coordinate = "org.example:thing:1.0:jar:x";
  Store store(lab.cache);
  SECTION("it works") {
    lab.write("bin/mvn",
              "#!/bin/sh\nfor a; do case $a in -DoutputDirectory=*) d=${a#*=};; esac; done\nmkdir -p $d; echo \"$*\" >$d/thing.jar\n",
              true);
    ::setenv("PATH", (lab.root + "/bin:" + before).c_str(), 1);
    const auto got = store.acquire(wanted({source}), lab.control());
    ::setenv("PATH", before.c_str(), 1);
    REQUIRE(got);
    CHECK_THAT(tests::read_all(got->path),
               Catch::Matchers::StartsWith(
                   "-B -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dartifact=org.example:thing:1.0:jar:x "
                   "-DoutputDirectory=" +
                   lab.cache) &&
                   Catch::Matchers::EndsWith("-Dmdep.useBaseVersion=true\n"));
  }
  SECTION("it fails") {
    lab.write("bin/mvn", "#!/bin/sh\necho '[ERROR] not found'; exit 1\n", true);
    ::setenv("PATH", (lab.root + "/bin:" + before).c_str(), 1);
    const auto got = store.acquire(wanted({source}), lab.control());
    ::setenv("PATH", before.c_str(), 1);
    REQUIRE_FALSE(got);
    CHECK_THAT(got.error().evidence, Catch::Matchers::ContainsSubstring("[ERROR] not found"));
  }
  SECTION("it is not there") {
    ::setenv("PATH", lab.root.c_str(), 1);
    const auto got = store.acquire(wanted({source}), lab.control());
    ::setenv("PATH", before.c_str(), 1);
    REQUIRE_FALSE(got);
    CHECK_THAT(got.error().evidence, Catch::Matchers::ContainsSubstring("Maven's client `mvn` is not installed"));
    CHECK(got.error().why == step::Why::unreachable);
  }
}

TEST_CASE("Maven's client runs once at a time, also beside a script that calls it") {
  Lab lab;
  const std::string before = std::getenv("PATH");
  lab.write("bin/mvn",
            "#!/bin/sh\nfor a; do case $a in -DoutputDirectory=*) d=${a#*=};; esac; done\nmkdir " + lab.root +
                "/alone || { echo 'beside another'; exit 1; }\nsleep 0.2; mkdir -p $d; echo x >$d/thing.jar; rmdir " + lab.root +
                "/alone\n",
            true);
  ::setenv("PATH", (lab.root + "/bin:" + before).c_str(), 1);
  Store store(lab.cache);
  std::vector<bool> got(4);
  {
    std::vector<std::jthread> threads;
    std::mutex mutex;
    for (std::size_t i = 0; i < got.size(); ++i)
      threads.emplace_back([&, i] {
        Source source;
        source.kind = Kind::maven;
        source.coordinate = "org.example:thing:1." + std::to_string(i);
        if (i == 0)
          source =
              tests::assembled(lab.script("flock $TIDELAB_CACHE/maven.lock mvn -DoutputDirectory=$PWD/out >&2 && mv out/thing.jar $2"));
        const bool fine = static_cast<bool>(store.acquire({"thing" + std::to_string(i), "2.7.0", "thing.jar", {source}}, lab.control()));
        const std::lock_guard lock(mutex);
        got[i] = fine;
      });
  }
  ::setenv("PATH", before.c_str(), 1);
  CHECK(got == std::vector<bool>(4, true));
}
