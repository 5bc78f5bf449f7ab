#include "unit/preflight/trial.hpp"

namespace tidelab::preflight {

namespace {
constexpr long long mega = 1LL << 20, giga = 1LL << 30;
}

TEST_CASE("disk: by file system, archives where they are unpacked, data where it is written") {
  Trial trial;
  trial.needs().data = {{"/data/base", 2 * giga}};
  CHECK(trial.about("disk") ==
        "ok: 10.0 GB free at /data (ext4), 2.0 GB needed: 2.0 GB for data\n"
        "ok: 10.0 GB free at /opt (ext4), 300 MB needed: 300 MB for unpacked archives");
}

TEST_CASE("disk: too little, and just enough") {
  Trial trial;
  for (auto& dir : trial.facts().dirs) dir.device = "one", dir.free_bytes = 200 * mega;
  trial.needs().data = {{"/data/base", 100 * mega}};
  CHECK(trial.about("disk") ==
        "failure: 200 MB free at /opt (ext4), 400 MB needed: 300 MB for unpacked archives, 100 MB for data → make 200 MB free, or write "
        "directories on another disk");
  for (auto& dir : trial.facts().dirs) dir.free_bytes = 500 * mega;
  CHECK(trial.about("disk").starts_with("warning: 500 MB free"));
}

TEST_CASE("disk: what is there already is not needed again") {
  Trial trial;
  for (auto& dir : trial.facts().dirs) dir.device = "one", dir.free_bytes = 10 * mega;
  trial.needs().data = {{"/data/base", giga}};
  trial.facts().unpacked = {"/opt/base"};
  trial.facts().owned_dirs = {"/opt/base", "/data/base"};
  trial.add(1, step::Place{text("jar 1"), text("/opt/base/lib/x.jar")});
  trial.sizes["jar 1"] = giga;
  trial.facts().owned_files = {"/opt/base/lib/x.jar"};
  CHECK(trial.about("disk") == "ok: 10 MB free at /opt (ext4), nothing more is needed");
}

TEST_CASE("disk: an archive of unknown size is said, and not counted") {
  Trial trial;
  trial.sizes.clear();
  CHECK(trial.about("disk").find("nothing more is needed; 1 archive of unknown size not counted (`tidelab fetch`)") != std::string::npos);
}

TEST_CASE("disk: a file system that can hold no more files") {
  Trial trial;
  for (auto& dir : trial.facts().dirs) dir.free_inodes = 12;
  CHECK(trial.about("disk").find("failure: only 12 more files can be made at /opt (ext4)") != std::string::npos);
  for (auto& dir : trial.facts().dirs) dir.inodes = 0, dir.free_inodes = 0;  // it does not count them
  CHECK(trial.about("disk").find("failure") == std::string::npos);
}

TEST_CASE("disk: nothing could be read") {
  Trial trial;
  for (auto& dir : trial.facts().dirs) dir.has_room = false;
  CHECK(trial.about("disk") == "unknown: how much is free could not be read (`stat -f`)");
}

TEST_CASE("hosts on one kernel share its disks and its memory") {
  Trial trial;
  for (int lane : {1, 2}) {
    trial.facts(lane).machine = "boot-1";
    trial.needs(lane).memory_bytes = 3 * giga;
    for (auto& dir : trial.facts(lane).dirs) dir.free_bytes = 500 * mega;
  }
  CHECK(trial.about("disk").find("failure: 500 MB free at /opt (ext4), 600 MB needed: 300 MB for unpacked archives, 300 MB by other hosts "
                                 "on the same disk") != std::string::npos);
  CHECK(trial.about("memory").starts_with("warning: 6.0 GB needed by 2 components of 2 hosts on this machine; 4.0 GB available of 8.0 GB"));
  trial.facts(2).machine = "boot-2";
  CHECK(trial.about("memory").starts_with("ok: 3.0 GB needed by 1 component; 4.0 GB"));
}

TEST_CASE("memory") {
  Trial trial;
  CHECK(trial.about("memory") == "ok: nothing more is needed");
  trial.needs().memory_bytes = 5 * giga;
  CHECK(trial.about("memory").starts_with("warning: 5.0 GB needed by 1 component; 4.0 GB available of 8.0 GB"));
  trial.needs().memory_bytes = 9 * giga;
  CHECK(trial.about("memory").starts_with("failure: "));
  trial.facts().services = {"base-7000"};
  CHECK(trial.about("memory") == "ok: nothing more is needed");
  trial.facts().services.clear();
  trial.needs().memory_bytes = 2 * giga;
  trial.facts().memory_limit = giga;
  CHECK(trial.about("memory").starts_with("failure: 2.0 GB needed by 1 component; 1.0 GB available of 1.0 GB"));
  trial.facts().memory_limit.reset();
  trial.facts().memory_total.reset();
  CHECK(trial.about("memory") == "unknown: how much there is could not be read (/proc/meminfo)");
}

}  // namespace tidelab::preflight
