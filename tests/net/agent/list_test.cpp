// The list of what is ours on a host, when its last line was not written whole: by a disk that filled up just then, or by a
// power cut.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "agent/script.hpp"
#include "host/host.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using namespace tidelab;

namespace {

/// A lab below a directory that was there before, with a file of somebody in it.
struct Site {
  fs::path base;
  Site() {
    std::string name = (fs::temp_directory_path() / "tidelab-list-XXXXXX").string();
    base = ::mkdtemp(name.data());
    fs::create_directory(theirs());
    std::ofstream(theirs() / "mine") << "mine\n";
  }
  ~Site() { fs::remove_all(base); }
  fs::path theirs() const { return base / "theirs"; }
  fs::path state() const { return base / "opt/.tidelab-x"; }
  fs::path list() const { return state() / "owned"; }
  std::string text() const {
    std::ifstream in(list());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::set<std::string> paths() const {
    std::set<std::string> out;
    for (const auto& each : fs::recursive_directory_iterator(base)) out.insert(each.path().string());
    return out;
  }
  host::Output run(const std::string& calls) const {
    host::Command command;
    command.argv = {"sh", "-s"};
    command.input.text = agent::script({state().string()}, "boot me who ask || exit 9\n" + calls);
    const auto output = host::make_local()->run(command, {step::Clock::now() + std::chrono::seconds(60), {}, {}});
    REQUIRE(output);
    return *output;
  }
};

std::string step(int n, const std::string& look, const std::string& act) {
  return fmt::format("look_{0}() {{ {1}; }}\nact_{0}() {{ {2}; }}\nturn {0}\n", n, look, act);
}

std::string dir(int n, const fs::path& path) {
  return step(n, fmt::format("look_dir {} {} ''", n, path.string()), fmt::format("act_dir {} {} ''", n, path.string()));
}

// sha256 of "x\n"
constexpr auto digest = "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac";
std::string file(int n, const fs::path& path) {
  return step(n, fmt::format("look_file {} {} {} '' -", n, path.string(), digest),
              fmt::format("echo x | act_file {} {} {} ''", n, path.string(), digest));
}

constexpr auto gone = "made\tlooked again: no process, port, file, unit or account of the lab is left\n";

}  // namespace

TEST_CASE("a line of the list for which there is no room is not there, and nothing is made that it would name") {
  int failed = 0;
  for (int room = 0; room <= 200; room += 5) {
    const Site site;
    const auto before = site.paths();
    // A limit of the file's size is met as the end of a disk is: what fits is written. The list comes to that limit but for `room` bytes.
    const auto calls = fmt::format("room={} second={}\n", room, (site.base / "opt/second").string()) + R"sh(
printf 'parent /%0*d\n' $((4096 - room - 9 - $(wc -c < "$S/owned"))) 0 >> "$S/owned"
( trap '' XFSZ; ulimit -f 8; act_dir 1 "$second" '' ) 2>&1
[ -z "$(tail -c 1 "$S/owned")" ] && echo whole
[ -d "$second" ] || echo 'not there'
act_dir 2 "$second" ''
echo >> "$second/content"
act_sweep 3 --
)sh";
    const auto output = site.run(calls);
    INFO("room for " << room << " bytes: " << output.out << output.err);
    const bool could = output.out.find("=1\tmade") != std::string::npos;
    failed += !could;
    CHECK(output.out.find("whole\n") != std::string::npos);
    CHECK((output.out.find("not there\n") == std::string::npos) == could);
    CHECK(output.out.ends_with(gone));
    CHECK(site.paths() == before);
  }
  CHECK(failed > 20);
  CHECK(failed < 40);
}

TEST_CASE("a list that was cut at any byte of its last lines: the next run converges, and what stays is told") {
  constexpr std::size_t every = 3;  // 1 is for who has the time
  std::size_t cuts = 1;
  for (std::size_t cut = 0; cut < cuts; cut += every) {
    const Site site;
    const auto before = site.paths();
    const auto steps = dir(0, site.base / "opt/tree") + dir(1, site.base / "opt/tree/data") + file(2, site.theirs() / "conf/one") +
                       file(3, site.theirs() / "two");
    REQUIRE(site.run(steps).out.find("failed") == std::string::npos);
    const auto whole = site.text();
    const auto last = whole.rfind('\n', whole.size() - 2);
    cuts = whole.size() - whole.rfind('\n', last - 1) - 1;
    fs::resize_file(site.list(), whole.size() - cut - 1);
    if (whole.size() - cut - 1 <= last) fs::remove(site.theirs() / "two");  // it is noted before it is made

    const auto again = site.run(steps + file(4, site.theirs() / "three"));
    INFO("without " << cut + 1 << " bytes of\n" << whole << again.out << again.err);
    CHECK(again.out.find("failed") == std::string::npos);
    std::istringstream added(site.text());
    for (std::string line; std::getline(added, line);) {
      const bool anew = line.ends_with("/three") || line.ends_with("/two");
      CHECK(((anew && line.starts_with("born ")) || (anew && line.starts_with("file /")) || whole.find(line + "\n") != std::string::npos));
    }

    const auto end = site.run("act_sweep 9 --\n");
    INFO(end.out << end.err);
    CHECK_FALSE(fs::exists(site.base / "opt/tree"));
    CHECK_FALSE(fs::exists(site.theirs() / "three"));
    if (site.paths() != before) {
      CHECK(end.err.find("is not the one that was made for this lab, so it stays") != std::string::npos);
      for (const auto& each : site.paths())  // empty directories go with the list
        if (!before.contains(each) && !fs::is_directory(each) && !each.starts_with((site.base / "opt").string()))
          CHECK(end.err.find(each + " ") != std::string::npos);
    } else {
      CHECK(end.out.ends_with(gone));
    }
  }
  CHECK(cuts > 80);
}

TEST_CASE("a part of a lab goes, and what stands by now in place of its directories is somebody's: it stays, and is told") {
  const Site site;
  const auto tree = site.base / "opt/tree", going = tree / "going", file_of_it = tree / "conf/note";
  const auto part = fmt::format("act_part 9 -- {} {} -- --\n", going.string(), file_of_it.string());
  const auto steps = dir(0, tree) + dir(1, going) + file(2, file_of_it) + fmt::format("echo x > {}/other\n", tree.string());
  // Births are known to the second: this one was made long before.
  const auto made_by_somebody = [&](const fs::path& place) {
    std::ofstream(place / "mine") << "mine\n";
    std::istringstream lines(site.text());
    std::ofstream out(site.list());
    for (std::string line; std::getline(lines, line);)
      out << (line.starts_with("born ") && line.ends_with(" " + place.string()) ? "born 1 " + place.string() : line) << "\n";
  };

  SECTION("nobody else's is there") {
    REQUIRE(site.run(steps).out.find("failed") == std::string::npos);
    const auto output = site.run(part);
    INFO(output.out << output.err);
    CHECK(output.out.ends_with("made\tlooked again: nothing of it is left\n"));
    CHECK_FALSE(fs::exists(going));
    CHECK_FALSE(fs::exists(file_of_it));
    CHECK(fs::exists(tree / "other"));
  }
  SECTION("in place of what goes") {
    REQUIRE(site.run(steps).out.find("failed") == std::string::npos);
    made_by_somebody(going);
    const auto output = site.run(part);
    INFO(output.out << output.err);
    CHECK(output.err.find(fmt::format("file {} is not the one that was made for this lab, so it stays", going.string())) !=
          std::string::npos);
    CHECK(fs::exists(going / "mine"));
    CHECK_FALSE(fs::exists(file_of_it));
  }
  SECTION("in place of what it lies in") {
    REQUIRE(site.run(steps).out.find("failed") == std::string::npos);
    made_by_somebody(tree);
    const auto output = site.run(part);
    INFO(output.out << output.err);
    CHECK(output.err.find(fmt::format("file {} is in a directory that is not the one", file_of_it.string())) != std::string::npos);
    CHECK(fs::exists(file_of_it));
  }
}

TEST_CASE("where a link leads to a name with a line end, nothing of a lab or a part of it is taken away, or kept, by what is behind it") {
  const Site site;
  const auto odd = site.base / "x\n", other = site.base / "opt/other", link = site.base / "link";
  fs::create_directories(odd.string() + (other / "going").string());
  fs::create_directory_symlink(odd.string() + other.string(), link);
  REQUIRE(site.run(dir(0, site.base / "opt/tree") + dir(1, other) + dir(2, other / "going")).out.find("failed") == std::string::npos);
  for (const auto& call : {"act_part 9 -- {} -- --\n", "act_part 9 -- -- {} --\n", "act_sweep 9 {} --\n", "look_part 9 -- {} -- --\n"}) {
    const auto output = site.run(fmt::format(fmt::runtime(call), (link / "going").string()) + "echo $?\n");
    INFO(call << output.out << output.err);
    CHECK(output.out == "1\n");
    CHECK(output.err.find("leads to a name with a line end in it") != std::string::npos);
    CHECK(fs::exists(other / "going"));
  }
}

TEST_CASE("where a list cannot be written without what is gone, for want of room, it stays as it is") {
  const Site site;
  const auto going = (site.base / "opt/tree/going").string();
  // Larger than the file may become; what goes comes last.
  const auto output = site.run(fmt::format("act_dir 0 {}/opt/tree ''\ngone={}\n", site.base.string(), going) + R"sh(
i=0; while [ "$i" -lt 100 ]; do printf 'parent /%0100d\n' "$i" >> "$S/owned"; i=$((i + 1)); done
act_dir 1 "$gone" ''
cp "$S/owned" "$S/../before"
( trap '' XFSZ; ulimit -f 8; act_part 2 -- "$gone" -- -- ) 2>&1 && echo so
cmp "$S/owned" "$S/../before" && echo whole
act_part 3 -- "$gone" -- --
grep -c '^parent /0' "$S/owned"
)sh");
  INFO(output.out << output.err);
  CHECK(output.out.find("so\n") == std::string::npos);
  CHECK(output.out.find("whole\n") != std::string::npos);
  CHECK(output.out.ends_with("=3\tmade\tlooked again: nothing of it is left\n100\n"));
}

TEST_CASE("an archive goes again with its directories, but for those that were there before") {
  const Site site;
  fs::create_directories(site.theirs() / "was/in it");
  const auto before = site.paths();
  // Two versions of it, with the same directories; what a program wrote meanwhile lies in one that is ours.
  const auto unpack = [&](const std::string& version) {
    return fmt::format("tar -czf - -C {0}/src top | act_unpack 1 toy {2} {1} 1 z\n", site.base.string(), site.theirs().string(), version);
  };
  const auto src = site.base / "src";
  for (const auto* folder : {"was/in it", "ours/deep"}) fs::create_directories(src / "top" / folder);
  for (const auto* name : {"was/in it/one", "ours/deep/two", "three"}) std::ofstream(src / "top" / name) << "x\n";
  CHECK(site.run(unpack("first")).out.find("=1\tmade") != std::string::npos);
  CHECK(fs::exists(site.theirs() / "was/in it/one"));
  std::ofstream(site.theirs() / "ours/deep/log") << "x\n";
  CHECK(site.run(unpack("second")).out.find("=1\tmade") != std::string::npos);
  fs::remove(site.theirs() / "ours/deep/log");
  fs::remove_all(src);
  CHECK(site.run("act_sweep 3 --\n").out.ends_with(gone));
  CHECK(site.paths() == before);
}
