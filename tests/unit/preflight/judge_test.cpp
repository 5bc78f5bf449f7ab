#include "unit/preflight/trial.hpp"

namespace tidelab::preflight {

using Bad = plan::HostNeeds::Bad;

TEST_CASE("all checks passed") {
  Trial trial;
  for (const auto& each : judge(trial.plan, trial.sizes, trial.looks)) CHECK(each.outcome == Outcome::ok);
  CHECK(trial.about("reachable") == "ok: as root; checked in 40 ms");
  CHECK(trial.about("directories") == "ok: all 3 are there or can be made");
  CHECK(trial.about("leftovers") == "ok: none");
  CHECK(trial.about("ports") == "ok: 1 free");
}

TEST_CASE("a host that does not answer has one row, and the others have all of theirs") {
  Trial trial;
  trial.look().failure = step::Failure{step::Why::unreachable, "no route", "more", {}, {}, "look at the cable"};
  CHECK(trial.about("reachable") == "unknown: no route → look at the cable");
  CHECK(trial.about("ports") == "");
  CHECK(trial.about("ports", 2) == "ok: 1 free");
  trial.look().failure->why = step::Why::failed;
  CHECK(trial.about("look") == "failure: no route → look at the cable");
}

TEST_CASE("where nothing is to be changed nothing else was looked at, and nothing is judged") {
  Trial trial;
  CHECK_FALSE(all_runs(trial.plan, 1, trial.look()));
  trial.facts() = read_facts("settled\nend\n");
  const auto rows = judge(trial.plan, trial.sizes, trial.looks);
  CHECK(std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.lane == 1; }) == 1);
  CHECK(trial.about("reachable") == "ok: nothing is to be changed there; checked in 40 ms");
  CHECK(trial.about("ports", 2) == "ok: 1 free");
  CHECK(all_runs(trial.plan, 1, trial.look()));
}

TEST_CASE("rights") {
  Trial trial;
  trial.look().no_root = step::Failure{step::Why::unreachable, "sudo says no", {}, {}, {}, "give the password"};
  CHECK(trial.about("rights") == "failure: sudo says no → give the password");
  CHECK(trial.about("ports") == "ok: 1 free");
  trial.look().no_root.reset();
  trial.facts().uid = 1000, trial.facts().user = "lab", trial.facts().systemd = true;
  CHECK(trial.about("rights") ==
        "failure: system units need root, but the login account is lab → write `systemd_mode: user` under `global`, or come as "
        "root or with sudo");
  trial.look().of_user = true;
  CHECK(trial.about("rights") == "ok: lab, to whom all of the lab belongs");
  CHECK(trial.about("account") == "");
  trial.look().owner = "tidb";
  CHECK(trial.about("account") == "ok: tidb is not there yet: `up` makes it");
}

TEST_CASE("the processor has the names of archives, where they have one") {
  Trial trial;
  trial.needs().arch = {"amd64"};
  CHECK(trial.about("arch") == "ok: amd64");
  trial.facts().processor = "aarch64", trial.look().arch = "arm64";
  CHECK(trial.about("arch") ==
        "failure: is arm64, and the programs of bases 1 are for amd64 → write `arch: arm64` for this host (or under `global`), or "
        "move it to a host of the other kind");
  CHECK(trial.about("arch", 2) == "ok: amd64");
  trial.facts().processor = "riscv64", trial.look().arch = "";
  CHECK(trial.about("arch") == "failure: is riscv64, and the programs of bases 1 are for amd64 → move it to a host that is amd64");
}

TEST_CASE("a missing command is told with who runs it") {
  Trial trial;
  trial.needs().commands = {"bash"};
  trial.look().owner = "tidb";
  trial.facts().account_there = true;
  trial.facts().missing_commands = {"tar", "bash", "useradd"};
  CHECK(trial.about("commands") ==
        "failure: there is no `tar`, which tidelab runs → install the package that has it (`apt-get install`, `dnf install`)\n"
        "failure: there is no `bash`, which bases 1 runs → install the package that has it (`apt-get install`, `dnf install`)");
}

TEST_CASE("who holds a port") {
  Trial trial;
  auto& holders = trial.facts().holders;
  holders = {{7000, "*", "www", false, 12, "www", "nginx.service", "nginx: master"}};
  CHECK(trial.about("ports") ==
        "failure: 7000 of bases 1 is in use by `nginx: master`, pid 12 of www, nginx.service → stop it, or give bases 1 another port");
  holders[0].address = "127.0.0.1";
  CHECK(trial.about("ports") ==
        "warning: 7000 of bases 1 is in use at 127.0.0.1 by `nginx: master`, pid 12 of www, nginx.service → is well as long as bases 1 "
        "listens at its own address only");
  holders[0].address = "10.0.0.1";
  CHECK(trial.about("ports").starts_with("failure: "));
  holders[0] = {7000, "*", "www", false, 0, "", "", ""};
  CHECK(trial.about("ports").starts_with("failure: 7000 of bases 1 is in use by a process of www that cannot be seen without root → "));
  holders[0] = {7000, "*", "lab", true, 12, "lab", "", "base"};
  CHECK(trial.about("ports") == "ok: 1 held by this lab");
  trial.plan.components[0].ports = {7000, 7001};
  CHECK(trial.about("ports") == "ok: 1 held by this lab, 1 free");
}

TEST_CASE("a name instead of an address may be any of them") {
  Trial trial;
  trial.plan.components[0].address = "db.example:7000";
  trial.facts().holders = {{7000, "127.0.0.1", "www", false, 12, "www", "", "nginx"}};
  CHECK(trial.about("ports").starts_with("failure: "));
}

TEST_CASE("directories that cannot be made") {
  Trial trial;
  auto& dirs = trial.facts().dirs;
  dirs[1].state = DirFact::State::not_a_directory, dirs[1].existing = "/opt/base";
  dirs[2].writable = false;
  CHECK(
      trial.about("directories") ==
      "failure: /opt/base is no directory, and bases 1 needs /opt/base → move it away, or write another directory\n"
      "failure: /data is read-only, and bases 1 needs /data/base → mount the file system of /data for writing, or write another directory");
  trial.facts().uid = 7, trial.facts().user = "lab";
  CHECK(trial.about("directories").find("lab may not write in /data, and bases 1 needs /data/base → log in as root") != std::string::npos);
}

TEST_CASE("one cause is told once") {
  Trial trial;
  auto& dirs = trial.facts().dirs;
  dirs[0].writable = dirs[1].writable = false;
  CHECK(trial.about("directories") ==
        "failure: /opt is read-only, and the lab's own record needs /opt/.tidelab-demo → mount the file system of /opt for writing, or "
        "write another directory");
  dirs[0].writable = dirs[1].writable = true;
  trial.look().owner = "tidb";
  dirs[1].enterable = dirs[2].enterable = false;
  dirs[1].barrier = dirs[2].barrier = "/root";
  CHECK(trial.about("directories") ==
        "failure: tidb may not enter /root, and bases 1 needs /opt/base → `chmod o+x /root`, or write another directory");
}

TEST_CASE("a directory that others can change, where the account may not write") {
  Trial trial;
  auto& dirs = trial.facts().dirs;
  trial.facts().user = "root", trial.look().owner = "tidb", trial.facts().account_there = true;
  for (auto* dir : {&dirs[1], &dirs[2]}) dir->shared = "/srv", dir->shared_by = "root:staff", dir->shared_mode = "2775";
  dirs[1].existing = "/srv/labs";
  CHECK(trial.about("directories") ==
        "failure: others than root can change /srv (root:staff, mode 2775), so tidb acts there itself, but may not write in /srv/labs, and "
        "bases 1 needs /opt/base → `chmod go-w /srv`, or write another directory");
  dirs[1].shared_by = "ann:staff";
  CHECK(trial.about("directories").find("→ `chown root /srv`, or") != std::string::npos);
  trial.facts().account_there = false;
  CHECK(trial.about("directories").find("so tidb acts there itself, but is not there yet, and") != std::string::npos);
}

TEST_CASE("a directory on the way that somebody else can change decides what runs there") {
  Trial trial;
  auto& dirs = trial.facts().dirs;
  trial.facts().user = "root", trial.facts().uid = 0;
  dirs[1].stranger = "/srv/ann", dirs[1].stranger_by = "ann:ann", dirs[1].stranger_mode = "755";
  CHECK(trial.about("directories") ==
        "failure: others than root can change /srv/ann (ann:ann, mode 755), so what runs there as root could be theirs, and bases 1 needs "
        "/opt/base → `chown root /srv/ann`, or write another directory");
  trial.look().owner = "tidb";
  dirs[1].stranger_by = "root:staff";
  CHECK(
      trial.about("directories").find("others than root and tidb can change /srv/ann (root:staff, mode 755), so what runs there as tidb") !=
      std::string::npos);
  CHECK(trial.about("directories").find("→ `chmod go-w /srv/ann`, or") != std::string::npos);
}

TEST_CASE("where the lab's own records are") {
  const plan::Lane lane{"one", 22, "tidb", "/opt/tidb/.tidelab-demo-1"};
  CHECK(plan::state_dir(lane, "") == lane.state_dir);
  const auto of_root = plan::state_dir(lane, "tidb");
  CHECK(of_root.starts_with("/var/lib/tidelab/demo-1-"));
  CHECK(of_root != plan::state_dir({"one", 22, "tidb", "/srv/.tidelab-demo-1"}, "tidb"));
  CHECK(plan::lab_of(of_root) == "demo-1");
  CHECK(plan::lab_of(lane.state_dir) == "demo-1");
}

TEST_CASE("where root must write beside the lab's own directories, and what it runs there") {
  Trial trial;
  trial.look().owner = "tidb";
  trial.facts().closed = {"/etc/systemd/system", "/etc"};
  CHECK(trial.about("rights").find("failure: /etc/systemd/system cannot be written, so no unit can be made → write `systemd_mode: user`") !=
        std::string::npos);
  CHECK(trial.about("rights").find(
            "failure: /etc cannot be written, so the account tidb cannot be made → make the account tidb yourself") != std::string::npos);
  trial.facts().group_there = true;
  CHECK(trial.about("account") ==
        "failure: tidb is not there, but a group tidb is, which is not of this lab → make the account yourself: `useradd --create-home -g "
        "tidb tidb`; or take the group away: `groupdel tidb`");
  trial.facts().group_there = false, trial.facts().home_not_writable = "/nonexistent", trial.facts().expired = true;
  CHECK(
      trial.about("account") ==
      "failure: tidb may not write in its home, /nonexistent, where units of its own manager lie → give it a home, or write "
      "`systemd_mode: system` under `global`\n"
      "failure: tidb has expired, so its own manager does not start → `chage -E -1 tidb`, or write `systemd_mode: system` under `global`");
  trial.facts().foreign = {"tar"};
  CHECK(trial.about("commands") == "failure: `tar` is not GNU tar, whose options tidelab uses → install GNU tar");
}

TEST_CASE("leftovers") {
  Trial trial;
  auto& facts = trial.facts();
  facts.others = {{"/opt/.tidelab-old", {"/opt/old"}}};
  CHECK(trial.about("leftovers") == "ok: none; also on this host, apart from this lab: old");
  facts.others[0].dirs = {"/opt/base/sub"};
  CHECK(trial.about("leftovers") ==
        "failure: /opt/base/sub is of the lab old (/opt/.tidelab-old), and bases 1 needs /opt/base → take that lab away with `tidelab down "
        "old`, or write another directory");
  facts.others.clear();
  facts.dirs[1].state = DirFact::State::there, facts.dirs[1].existing = "/opt/base", facts.dirs[1].empty = false;
  CHECK(trial.about("leftovers") ==
        "warning: /opt/base has something in it that this lab did not put there, and bases 1 goes there, too → move it away, if it is not "
        "meant to stay");
  facts.owned_dirs = {"/opt/base"};
  CHECK(trial.about("leftovers") == "ok: none");
  facts.units = {{"tidelab-demo.base-7000.service", "/opt/.tidelab-demo"}};
  CHECK(trial.about("leftovers") == "ok: none");
  facts.units = {{"tidelab-demo.base-7000.service", "/srv/.tidelab-demo"}};
  CHECK(trial.about("leftovers") ==
        "failure: the unit tidelab-demo.base-7000.service is there, of a lab with the same name (/srv/.tidelab-demo) → give one of them "
        "another name: `lab` under `global`, or --lab");
}

TEST_CASE("open files: what a unit gets, and what a keeper's service gets") {
  Trial trial;
  CHECK(trial.about("open files") == "");
  trial.needs().open_files_warn = 5000;
  CHECK(trial.about("open files") ==
        "warning: a service may open 4096 files, and bases 1 wants 5000 → raise it for the account: `hard nofile 5000` in "
        "/etc/security/limits.d/");
  trial.needs().open_files_fail = 4500;
  CHECK(trial.about("open files").starts_with("failure: a service may open 4096 files, and bases 1 wants 4500"));
  trial.needs().help = {{"open_files", "or ask for fewer"}, {"data", "or write less"}};
  CHECK(trial.about("open files").ends_with("`hard nofile 4500` in /etc/security/limits.d/; or ask for fewer"));
  trial.facts().systemd = true;
  CHECK(trial.about("open files") == "ok: a service may open 1000000, bases 1 wants 5000");
  trial.facts().files_of_init.reset();
  CHECK(trial.about("open files") == "unknown: the limit could not be read");
}

TEST_CASE("what --fix may set") {
  Trial trial;
  CHECK(trial.about("swap") == "");
  trial.needs().swap = Bad::warn, trial.needs().huge_pages = Bad::fail;
  CHECK(trial.about("swap") == "ok: there is none");
  CHECK(trial.about("huge pages") == "ok: transparent ones: madvise");
  trial.facts().swap_total = 1LL << 30, trial.facts().huge_pages = "always";
  CHECK(trial.about("swap").starts_with("warning: 1.0 GB of it, and vm.swappiness is 60: memory of bases 1 may be swapped out"));
  CHECK(trial.about("huge pages").starts_with("failure: transparent ones are for everybody"));
  int knobs = 0;
  for (const auto& each : judge(trial.plan, trial.sizes, trial.looks)) {
    if (each.knob.of == Knob::Of::none) continue;
    ++knobs;
    CHECK(each.knob.before == (each.knob.of == Knob::Of::swappiness ? "60" : "always"));
  }
  CHECK(knobs == 2);
  trial.facts().swappiness = 1;
  CHECK(trial.about("swap") == "ok: 1.0 GB, used only in need (vm.swappiness is 1)");
}

TEST_CASE("whether all runs that would be started") {
  Trial trial;
  CHECK_FALSE(all_runs(trial.plan, 1, trial.look()));
  trial.facts().services = {"base-7000"};
  CHECK(all_runs(trial.plan, 1, trial.look()));
}

}  // namespace tidelab::preflight
