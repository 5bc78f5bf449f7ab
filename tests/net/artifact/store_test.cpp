// The cache: what is trusted, what is repaired, and two runs at once.
#include <sys/wait.h>
#include <unistd.h>
#include <thread>

#include "lab.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::artifact;
namespace fs = std::filesystem;
using tests::assembled;
using tests::Lab;
using tests::wanted;

namespace {
void overwrite(const std::string& path, const std::string& text) {
  ::chmod(path.c_str(), 0644);
  std::ofstream(path) << text;
}
}  // namespace

TEST_CASE("a cached file that was changed is replaced, and that is said") {
  Lab lab;
  const auto kafka = wanted({assembled(lab.script("echo ok >$2"))});
  Store store(lab.cache);
  const auto path = store.acquire(kafka, lab.control()).value().path;
  SECTION("its content") { overwrite(path, "KO\n"); }
  SECTION("it is gone") { fs::remove(path); }
  const auto again = store.acquire(kafka, lab.control());
  REQUIRE(again);
  CHECK_FALSE(again->from_cache);
  CHECK(tests::read_all(path) == "ok\n");
  CHECK(lab.said_with("getting it anew") == 1);
  CHECK(lab.runs() == 2);
}

TEST_CASE("a cached file that was only copied is read, trusted, and not fetched") {
  Lab lab;
  const auto kafka = wanted({assembled(lab.script("echo ok >$2"))});
  Store store(lab.cache);
  const auto path = store.acquire(kafka, lab.control()).value().path;
  fs::remove(path);
  overwrite(path, "ok\n");
  CHECK(store.acquire(kafka, lab.control()).value().from_cache);
  CHECK(lab.runs() == 1);
}

TEST_CASE("a half-written record counts for nothing") {
  Lab lab;
  const auto kafka = wanted({assembled(lab.script("echo ok >$2"))});
  Store store(lab.cache);
  overwrite(store.acquire(kafka, lab.control()).value().path + ".json", "{\"sha2");
  CHECK(store.acquire(kafka, lab.control()));
  CHECK(lab.runs() == 2);
}

TEST_CASE("two threads and two processes build once") {
  Lab lab;
  const auto kafka = wanted({assembled(lab.script("sleep 0.5\necho ok >$2"))});
  const auto get_it = [&] { return Store(lab.cache).acquire(kafka, lab.control()).has_value(); };
  const pid_t child = ::fork();
  if (child == 0) ::_exit(get_it() ? 0 : 1);
  bool first = false, second = false;
  std::thread one([&] { first = get_it(); });
  std::thread two([&] { second = get_it(); });
  one.join();
  two.join();
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(first);
  CHECK(second);
  CHECK(lab.runs() == 1);
  CHECK(lab.said_with("waiting for another run") >= 1);
}

TEST_CASE("the stop is heard while another run builds") {
  Lab lab;
  const auto kafka = wanted({assembled(lab.script("while [ ! -e " + lab.root + "/go ]; do sleep 0.05; done\necho ok >$2"))});
  bool built = false;
  std::thread builder([&] { built = Store(lab.cache).acquire(kafka, lab.control()).has_value(); });
  while (lab.runs() == 0) std::this_thread::yield();
  std::stop_source stop;
  auto control = lab.control(stop.get_token());
  control.progress = [&](const std::string&) { stop.request_stop(); };
  const auto got = Store(lab.cache).acquire(kafka, control);
  lab.write("go", "");
  builder.join();
  REQUIRE_FALSE(got);
  CHECK(got.error().why == step::Why::interrupted);
  CHECK(built);
}

TEST_CASE("a local file is copied, checked, and followed when it changes") {
  Lab lab;
  const auto path = lab.write("mine.tgz", "mine");
  auto source = tests::file(path);
  Store store(lab.cache);
  CHECK(tests::read_all(store.acquire(wanted({source}), lab.control()).value().path) == "mine");
  CHECK(store.acquire(wanted({source}), lab.control()).value().from_cache);
  overwrite(path, "changed");
  const auto got = store.acquire(wanted({source}), lab.control()).value();
  CHECK(tests::read_all(got.path) == "changed");
  source.checksum = "sha256:" + sha256_text("mine");
  const auto wrong = store.acquire(wanted({source}), lab.control());
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().actual == "sha256:" + sha256_text("changed"));
}

TEST_CASE("what is cached under a later source is used before an earlier one is asked, a local file excepted") {
  Lab lab;
  Store store(lab.cache);
  const auto late = assembled(lab.script("echo built >$2"));
  REQUIRE(store.acquire(wanted({late}), lab.control()));
  Source early;
  early.urls = {"http://127.0.0.1:1/never"};
  early.checksum = std::string(64, 'a');
  CHECK(store.acquire(wanted({early, late}), lab.control()).value().from_cache);
  CHECK(lab.said_with("cannot be reached") == 0);
  const auto mine = tests::file(lab.write("mine.tgz", "mine"));
  CHECK(tests::read_all(store.acquire(wanted({mine, late}), lab.control()).value().path) == "mine");
}

TEST_CASE("names cannot leave the cache") {
  Lab lab;
  auto odd = wanted({tests::file(lab.write("mine.tgz", "mine"))});
  odd.name = "..";
  odd.version = "../../x";
  odd.file_name = "../y";
  const auto got = Store(lab.cache).acquire(odd, lab.control());
  REQUIRE(got);
  CHECK(fs::weakly_canonical(got->path).string().starts_with(fs::weakly_canonical(lab.cache).string() + "/archives/"));
}

TEST_CASE("the cache's default place") {
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("XDG_CACHE_HOME", "/x", 1);
  CHECK(default_cache_dir().value() == "/x/tidelab");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  ::setenv("HOME", "/h", 1);
  CHECK(default_cache_dir().value() == "/h/.cache/tidelab");
  ::unsetenv("HOME");
  CHECK(default_cache_dir().error().help.starts_with("set XDG_CACHE_HOME to "));
  if (!home.empty()) ::setenv("HOME", home.c_str(), 1);
  before == nullptr ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}

TEST_CASE("a cache that others could write to gives nothing, and is given nothing") {
  Lab lab;
  const auto mine = wanted({tests::file(lab.write("mine.tgz", "mine"))});
  REQUIRE(Store(lab.cache).acquire(mine, lab.control()));
  CHECK(Store(lab.cache).find(mine, lab.control()));
  for (const auto& place : {lab.cache, lab.cache + "/archives", lab.cache + "/archives/kafka/2.7.0"}) {
    REQUIRE(::chmod(place.c_str(), 0777) == 0);
    CHECK_FALSE(Store(lab.cache).find(mine, lab.control()));
    const auto got = Store(lab.cache).acquire(mine, lab.control());
    REQUIRE_FALSE(got);
    CHECK(got.error().what == "the cache of archives cannot be used: " + place + " can be changed by other accounts (mode 0777)");
    CHECK(got.error().help.ends_with("XDG_CACHE_HOME names another directory for archives"));
    REQUIRE(::chmod(place.c_str(), 0755) == 0);
  }
  CHECK(Store(lab.cache).find(mine, lab.control()));
}

TEST_CASE("a new cache is for this account alone") {
  Lab lab;
  const auto mask = ::umask(0);
  const auto got = Store(lab.cache).acquire(wanted({tests::file(lab.write("mine.tgz", "mine"))}), lab.control());
  ::umask(mask);
  REQUIRE(got);
  for (const auto& each : fs::recursive_directory_iterator(lab.cache))
    CHECK((each.status().permissions() & (fs::perms::group_write | fs::perms::others_write)) == fs::perms::none);
  CHECK(fs::status(lab.cache).permissions() == fs::perms::owner_all);
}

TEST_CASE("a pipe in place of an archive is not waited for") {
  Lab lab;
  REQUIRE(::mkfifo((lab.root + "/mine.tgz").c_str(), 0600) == 0);
  const auto got = Store(lab.cache).acquire(wanted({tests::file(lab.root + "/mine.tgz")}), lab.control());
  REQUIRE_FALSE(got);
  CHECK(got.error().evidence.find("mine.tgz is no file") != std::string::npos);
}
