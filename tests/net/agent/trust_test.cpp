// What the agent takes from others on its host: numbers, archives, and the way to what it works on.
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "agent/script.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"

namespace fs = std::filesystem;
using namespace tidelab;
using namespace tidelab::shell;

namespace {

/// A block of a tar archive that says what comes: a name, an octal mode and size, and a kind (`0` a file, `3` a device, `5` a directory).
std::string tar_header(const std::string& name, char kind, std::size_t size) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  put(0, name);
  put(100, "0000755");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", size));
  put(136, "00000000000");
  put(148, "        ");
  block[156] = kind;
  put(257, std::string("ustar\00000", 8));
  put(329, "0000001");  // the numbers of a device: 1, 3 is /dev/null's
  put(337, "0000003");
  unsigned sum = 0;
  for (const unsigned char c : block) sum += c;
  put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return block;
}

std::string tar_of(const std::string& name, char kind) {
  const std::string content = kind == '0' ? std::string("text") : std::string();
  auto out = tar_header("top/", '5', 0) + tar_header(name, kind, content.size()) + content;
  out.resize((out.size() + 511) / 512 * 512);
  return out + std::string(1024, '\0');
}

host::Output unpack(const Folder& folder, const std::string& archive, const fs::path& into) {
  std::ofstream(folder.path / "archive.tar", std::ios::binary) << archive;
  const auto calls =
      fmt::format("boot me who ask || exit 9\nact_unpack 0 key digest {} 1 '' < {}", into.string(), (folder.path / "archive.tar").string());
  return run(*host::make_local(), agent::script({(folder.path / "state").string()}, calls));
}

}  // namespace

TEST_CASE("records that go while they are looked at are gone, and no fault") {
  const Folder folder;
  const auto state = folder.path / "state";
  // As when two addresses are one machine, and both take the lab away.
  const auto going = fmt::format("stat() {{ rm -rf {}; command stat \"$@\"; }}\n", state.string());
  fs::create_directory(state);
  const auto gone = run(*host::make_local(), going + agent::script({state.string()}, "echo goes on\n"));
  CHECK(gone.code == 0);
  CHECK(gone.out == "goes on\n");
  CHECK(gone.err == "");
  CHECK_FALSE(fs::exists(state));
  // What is still there, and others can change, is not followed.
  fs::create_directory(state);
  fs::permissions(state, fs::perms::all);
  const auto open = run(*host::make_local(), agent::script({state.string()}, "echo goes on\n"));
  CHECK(open.code == 77);
  CHECK(open.out == "");
}

TEST_CASE("a number is digits, and few, before anything is done with it") {
  const Folder folder;
  const auto is_number = [&](const std::string& text) {
    std::ofstream(folder.path / "said") << text;
    const auto call = fmt::format("if number \"$(cat {0}/said)\"; then echo $(($(cat {0}/said) + 1)); fi", folder.path.string());
    return run(*host::make_local(), agent::script({(folder.path / "state").string()}, call)).out;
  };
  CHECK(is_number("0") == "1\n");
  CHECK(is_number("41") == "42\n");
  CHECK(is_number("99999999999999") == "100000000000000\n");
  for (const std::string text : {"", "-1", "08", "0x10", "1e3", " 1", "1 2", "a", "1\n2", "999999999999999999999"}) {
    INFO(text);
    CHECK(is_number(text).empty());
  }
  const auto made = folder.path / "made";
  CHECK(is_number(fmt::format("a[$(touch {})]", made.string())).empty());
  CHECK_FALSE(fs::exists(made));
}

TEST_CASE("no archive makes a device, whoever unpacks it") {
  const Folder folder;
  for (const auto* into : {"made", "there"}) {
    INFO(into);
    const auto dir = folder.path / into;
    if (into == std::string("there")) fs::create_directory(dir);
    const auto ended = unpack(folder, tar_of("top/null", '3'), dir);
    CHECK(ended.code != 0);
    CHECK_FALSE(fs::exists(fs::symlink_status(dir / "null")));
    CHECK(unpack(folder, tar_of("top/file", '0'), dir).code == 0);
    CHECK(fs::exists(dir / "file"));
  }
}

TEST_CASE("a name with a line end in it is in no list, so an archive with one is refused where others have files") {
  const Folder folder;
  const auto there = folder.path / "there";
  fs::create_directory(there);
  const auto ended = unpack(folder, tar_of("top/a\nb", '0'), there);
  CHECK(ended.code != 0);
  CHECK(ended.err.find("a name with a line end") != std::string::npos);
  CHECK(fs::is_empty(there));
}

TEST_CASE("where others can change the way nothing is done, and it is said who") {
  const Folder folder;
  const auto open = folder.path / "open";
  fs::create_directory(open);
  fs::permissions(open, static_cast<fs::perms>(0777));
  for (const std::string call : {"act_dir 0 {0}/made ''", "printf x | act_file 0 {0}/made '' 0600"}) {
    INFO(call);
    const auto calls = "boot me who ask || exit 9\n" + fmt::format(fmt::runtime(call), open.string());
    const auto ended = run(*host::make_local(), agent::script({(folder.path / "state").string()}, calls));
    CHECK(ended.code != 0);
    CHECK(ended.err.find(fmt::format("can change {} (", open.string())) != std::string::npos);
    CHECK(fs::is_empty(open));
  }
  // Its own records, too: nothing is believed of them.
  const auto state = (open / "state").string();
  const auto ended = run(*host::make_local(), agent::script({state}, "boot me who ask || exit 9"));
  CHECK(ended.code == 9);
  fs::create_directory(open / "state");
  CHECK(run(*host::make_local(), agent::script({state}, "echo on")).code == agent::is_refused);
}
