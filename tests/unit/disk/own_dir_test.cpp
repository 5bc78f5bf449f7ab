// Directories that only we can change: what is made, what is closed, and what is refused.
#include "disk/own_dir.hpp"

#include <fmt/format.h>

#include "disk/accounts.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::disk;
using tests::content_of;
using tests::mode_of;
using tests::Scratch;

namespace {

Trouble trouble(const std::string& path, Make make = Make::no) {
  const auto found = OwnDir::open(path, make);
  REQUIRE_FALSE(found);
  return found.error();
}

}  // namespace

TEST_CASE("what is made is for this account alone") {
  const Scratch scratch;
  const auto dir = OwnDir::open(scratch.path("a/b/tidelab"), Make::yes).value();
  for (const auto* name : {"a", "a/b", "a/b/tidelab"}) CHECK(mode_of(scratch.path(name)) == 0700);
  const auto lab = dir.below("lab", Make::yes).value();
  REQUIRE(lab.replace("about.json", "{}\n"));
  REQUIRE(lab.create("up.jsonl"));
  REQUIRE(lab.share("lock"));
  CHECK(mode_of(lab.path()) == 0700);
  for (const auto* name : {"about.json", "up.jsonl", "lock"}) CHECK(mode_of(lab.path_of(name)) == 0600);
  CHECK(lab.names().value() == std::vector<std::string>{"about.json", "lock", "up.jsonl"});
  CHECK(lab.read("about.json", 10).value() == "{}\n");
}

TEST_CASE("what an older release left open is closed, and used") {
  const Scratch scratch;
  scratch.folder("tidelab/lab", 0755);
  scratch.folder("tidelab", 0755);
  scratch.write("tidelab/lab/topology.yaml", "password: hush", 0644);
  scratch.write("tidelab/lab/lock", "", 0644);
  const auto lab = OwnDir::open(scratch.path("tidelab"), Make::no).value().below("lab", Make::no).value();
  CHECK(lab.read("topology.yaml", 100).value() == "password: hush");
  REQUIRE(lab.share("lock"));
  for (const auto* name : {"tidelab", "tidelab/lab"}) CHECK(mode_of(scratch.path(name)) == 0700);
  for (const auto* name : {"tidelab/lab/topology.yaml", "tidelab/lab/lock"}) CHECK(mode_of(scratch.path(name)) == 0600);
}

TEST_CASE("what others could have written is refused, with what to do") {
  const Scratch scratch;
  const auto open = scratch.folder("open", 0777);
  scratch.folder("open/tidelab");
  CHECK(trouble(open).kind == Kind::unsafe);
  CHECK(trouble(open).what == open + " can be changed by other accounts (mode 0777)");
  CHECK(trouble(open).help.ends_with("chmod go-w " + open));
  CHECK(trouble(open + "/tidelab").what == trouble(open).what);  // also on the way
  CHECK(trouble(scratch.folder("sticky", 01777)).kind == Kind::unsafe);
  const auto lab = OwnDir::open(scratch.folder("tidelab"), Make::no).value();
  scratch.write("tidelab/about.json", "{}", 0666);
  CHECK(lab.read("about.json", 10).error().kind == Kind::unsafe);
}

TEST_CASE("a directory where all may write, and only owners may take from, is good enough on the way") {
  const Scratch scratch;
  scratch.folder("sticky", 01777);
  CHECK(OwnDir::open(scratch.path("sticky/tidelab"), Make::yes));
}

TEST_CASE("links lead nowhere in place of files, and are part of the way in place of directories") {
  const Scratch scratch;
  const auto treasure = scratch.write("treasure", "all that there is");
  const auto lab = OwnDir::open(scratch.folder("tidelab"), Make::no).value();
  for (const auto* name : {"lock", "about.json", "up.jsonl"}) std::filesystem::create_symlink(treasure, lab.path_of(name));
  CHECK(lab.share("lock").error().kind == Kind::unsafe);
  CHECK(lab.read("about.json", 100).error().what == lab.path_of("about.json") + " is a link, and what is kept here is a file");
  REQUIRE(lab.replace("about.json", "{}"));
  REQUIRE(lab.create("up.jsonl"));
  CHECK(content_of(treasure) == "all that there is");
  CHECK(content_of(lab.path_of("about.json")) == "{}");
  CHECK(lab.read("../treasure", 100).error().kind == Kind::odd);
  CHECK(lab.below("..", Make::no).error().kind == Kind::odd);

  std::filesystem::create_symlink("tidelab", scratch.path("short"));
  CHECK(OwnDir::open(scratch.path("short"), Make::no).value().path() == scratch.path("tidelab"));
  std::filesystem::create_symlink("round", scratch.path("round"));
  CHECK(trouble(scratch.path("round")).kind == Kind::failed);
  scratch.folder("open", 0777);
  scratch.folder("open/tidelab");
  std::filesystem::create_symlink("open/tidelab", scratch.path("astray"));
  CHECK(trouble(scratch.path("astray")).what == scratch.path("open") + " can be changed by other accounts (mode 0777)");
}

TEST_CASE("what is in place of a file is never waited for") {
  const Scratch scratch;
  const auto lab = OwnDir::open(scratch.folder("tidelab"), Make::no).value();
  REQUIRE(::mkfifo(lab.path_of("lock").c_str(), 0600) == 0);
  CHECK(lab.share("lock").error().kind == Kind::odd);
  CHECK(lab.read("lock", 10).error().kind == Kind::odd);
}

TEST_CASE("what another account owns is told with its owner, wherever it is on the way") {
  if (!tests::can_give_away()) return;
  const Scratch scratch;
  scratch.folder("theirs/tidelab");
  ::chmod(scratch.path("theirs").c_str(), 0755);
  REQUIRE(::chown(scratch.path("theirs").c_str(), tests::somebody, tests::somebody) == 0);
  const auto told = trouble(scratch.path("theirs/tidelab"));
  CHECK(told.kind == Kind::unsafe);
  CHECK(told.what == fmt::format("{} belongs to {}, who could put anything there; this is {}", scratch.path("theirs"),
                                 name_of_account(tests::somebody), name_of_account(0)));
  CHECK(trouble(scratch.path("theirs/new"), Make::yes).kind == Kind::unsafe);
  CHECK_FALSE(std::filesystem::exists(scratch.path("theirs/new")));
  std::filesystem::create_symlink(scratch.folder("ours"), scratch.path("link"));
  REQUIRE(::lchown(scratch.path("link").c_str(), tests::somebody, tests::somebody) == 0);
  CHECK(trouble(scratch.path("link")).kind == Kind::unsafe);  // who owns it can exchange it where the directory lets him
  const auto lab = OwnDir::open(scratch.path("ours"), Make::no).value();
  scratch.write("ours/about.json", "{}");
  REQUIRE(::chown(scratch.path("ours/about.json").c_str(), tests::somebody, tests::somebody) == 0);
  CHECK(lab.read("about.json", 10).error().kind == Kind::unsafe);
}

TEST_CASE("a file that decides must be ours, and so must its way") {
  const Scratch scratch;
  CHECK(check_own_file(scratch.write("config", "Host *\n", 0644)));
  CHECK(check_own_file("/dev/null"));
  CHECK(check_own_file(scratch.write("config", "Host *\n", 0646)).error().kind == Kind::unsafe);
  CHECK(check_own_file(scratch.path("missing")).error().kind == Kind::missing);
}
