// How files and directories come to be where they must be, and who could change the way to them.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "agent/script.hpp"
#include "host/quote.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"

namespace fs = std::filesystem;
using namespace tidelab;
using namespace tidelab::shell;

TEST_CASE("a directory has its mode, whoever made it, and a wrong mode is told") {
  const Folder folder;
  const auto host = host::make_local();
  const auto dir = folder.path / "made";
  const auto act = [&](const std::string& path, const std::string& mode, const std::string& before = {}) {
    const auto calls = fmt::format("boot me who ask || exit 9\n{}act_dir 0 {} {}", before, host::quote(path), mode);
    return run(*host, agent::script({(folder.path / "state").string()}, calls));
  };
  const auto mode_of = [](const fs::path& path) { return static_cast<unsigned>(fs::status(path).permissions()); };
  CHECK(act(dir, "0700").code == 0);
  CHECK(mode_of(dir) == 0700);
  CHECK(act(dir, "2750").code == 0);
  CHECK(mode_of(dir) == 02750);
  CHECK(act(dir / "below/x", "0775").code == 0);
  CHECK((mode_of(dir / "below/x") & 0777) == 0775);
  CHECK(mode_of(dir / "below") == 02755);

  // Another command makes it on its way to a file of its own.
  const auto late = folder.path / "late";
  const auto somebody = fmt::format("record() {{ mkdir -p {}; printf '%s %s\\n' \"$1\" \"$2\" >> \"$S/owned\"; }}\n", late.string());
  CHECK(act(late, "0700", somebody).code == 0);
  CHECK(mode_of(late) == 0700);
  CHECK(act((folder.path / "dot/.").string(), "0700").code == 0);
  CHECK(mode_of(folder.path / "dot") == 0700);

  const auto wrong = folder.path / "wrong";
  const auto refused = act(wrong, "999");
  CHECK(refused.code == 1);
  CHECK(refused.err.find("999") != std::string::npos);
  CHECK_FALSE(fs::exists(wrong));
  const auto below = act("relative/x", "0700", "cd " + folder.path.string() + "\n");
  CHECK(below.code == 0);
  CHECK(mode_of(folder.path / "relative/x") == 0700);
}

TEST_CASE("a mode holds where it is as it was asked for, but for what a directory has from the one above it") {
  const Folder folder;
  const auto host = host::make_local();
  const auto path = folder.path / "seen";
  const auto verdict = [&](const std::string& calls) {
    const auto out = run(*host, agent::script({(folder.path / "state").string()}, calls)).out;
    return out.substr(out.find('\t') + 1);
  };
  const auto look = [&](unsigned mode, const char* wanted, bool foreseen) {
    fs::permissions(path, static_cast<fs::perms>(mode));
    return verdict((foreseen ? "foresee_modes " + path.string() + "\n" : "") + fmt::format("look_dir 0 {} {}", path.string(), wanted));
  };
  fs::create_directory(path);
  for (const bool foreseen : {false, true}) {
    for (const auto& [mode, wanted] :
         {std::pair(0750U, "0750"), {02750U, "0750"}, {04750U, "0750"}, {03775U, "1775"}, {06750U, "2750"}, {0U, "0000"}, {050U, "0050"}})
      CHECK(look(mode, wanted, foreseen) == "holds\t\n");
    for (const auto& [mode, wanted] :
         {std::pair(01750U, "0750"), {0750U, "2750"}, {02775U, "1775"}, {04750U, "2750"}, {02751U, "0750"}, {0755U, "0750"}})
      CHECK(look(mode, wanted, foreseen) == fmt::format("differs\thas mode {:o}\n", mode));
  }
  // One that is made where groups are handed down.
  fs::permissions(path, static_cast<fs::perms>(02755));
  const auto below = fmt::format("0 {}/below 0750", path.string());
  CHECK(verdict("boot me who ask || exit 9\nact_dir " + below) == "made\t\n");
  CHECK(verdict("look_dir " + below) == "holds\t\n");

  std::ofstream(path / "file").close();
  fs::permissions(path / "file", static_cast<fs::perms>(02640));  // no directory: nothing is handed down to it
  const auto file = fmt::format("look_file 0 {0}/file \"$(digest {0}/file)\" 0640 -", path.string());
  CHECK(verdict(file) == "differs\thas mode 2640\n");
  fs::permissions(path / "file", static_cast<fs::perms>(0640));
  CHECK(verdict(file) == "holds\t\n");
}

TEST_CASE("who can change the way to a path, and where it leads") {
  const Folder folder;
  const auto host = host::make_local();
  const auto& top = folder.path;
  const auto ask = [&](const std::string& calls) { return run(*host, agent::script({(top / "state").string()}, "set +e\n" + calls)).out; };
  fs::create_directories(top / "with blank/b*");
  fs::create_directory_symlink(top / "with blank", top / "link");
  fs::create_directory_symlink("nowhere", top / "dangling");
  const auto quoted = [&](const std::string& below) { return host::quote((top / below).string()); };
  const std::string base = top.string();

  // As readlink and dirname say it.
  for (const std::string path :
       {"with blank/x", "with blank/b*/x", "link/x", "link/b*/x", "link/../x", "with blank//x", "./x", "x", "x/"}) {
    INFO(path);
    const auto at = quoted("") + path;
    CHECK(ask("real " + host::quote(base + "/" + path)) ==
          ask(fmt::format("p={}; d=$(readlink -f -- \"${{p%/*}}/\"); printf '%s/%s' \"${{d%/}}\" \"${{p##*/}}\"",
                          host::quote(base + "/" + path))));
  }
  for (const std::string path : {"/", "//", "/a", "/a/", "/a/b", "/a//b", "/a/b//", "a", "a/b", "a/", "/a b/c*", "-a/b", "./a"}) {
    INFO(path);
    CHECK(ask("parent_of " + host::quote(path) + "\nprintf '%s\\n' \"$parent\"") == ask("dirname -- " + host::quote(path)));
  }

  // A directory that others may write in is not ours alone, unless it is sticky; a link that is ours does not matter.
  const auto ours = [&](const std::string& below) {
    return ask("if chain_is_ours " + quoted(below) + "; then echo yes; else echo no; fi") == "yes\n";
  };
  for (const auto& [mode, expected] : {std::pair(0755U, true),
                                       {0700U, true},
                                       {0775U, false},
                                       {0757U, false},
                                       {0777U, false},
                                       {01777U, true},
                                       {02775U, false},
                                       {03777U, true},
                                       {04755U, true},
                                       {0U, true}}) {
    INFO(fmt::format("{:o}", mode));
    fs::permissions(top / "with blank", static_cast<fs::perms>(mode));
    CHECK(ours("with blank") == expected);
    if (mode != 0) CHECK(ours("link/b*") == true);  // the link is ours; where it leads is looked at by trusted()
    if (mode != 0) CHECK((ask("if trusted " + quoted("link/b*/x") + "; then echo yes; fi") == "yes\n") == expected);
  }
  fs::permissions(top / "with blank", fs::perms{0755});
  CHECK_FALSE(ours("missing"));
  CHECK_FALSE(ours("with blank/b*/missing"));
  std::ofstream(top / "file") << "x";
  CHECK_FALSE(ours("file"));
  if (::geteuid() == 0) {
    REQUIRE(::chown((top / "with blank").c_str(), 65534, 65534) == 0);
    CHECK_FALSE(ours("with blank/b*"));
  }
}

TEST_CASE("a large file is told by OpenSSL where that can be had and by sha256sum where not, and is not there when it arrived incomplete") {
  const Folder folder;
  const auto host = host::make_local();
  const auto path = (folder.path / "file").string();
  constexpr auto digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";  // of "content", by another tool
  const auto arrives = [&](const std::string& content, const std::string& before) {
    const auto act = fmt::format("printf %s {} | act_file 0 {} {} 644 large_digest", content, path, digest);
    const auto ended = run(*host, agent::script({(folder.path / "state").string()}, "boot me who ask || exit 9\n" + before + act));
    const bool there = fs::exists(path);
    fs::remove(path);
    CHECK((ended.code == 0) == there);
    if (!there) CHECK(ended.err.find("arrived incomplete") != std::string::npos);
    return there;
  };
  const auto told_by = fmt::format("timeout() {{ echo {}; }}\n", std::string(64, '0'));
  CHECK(arrives("content", ""));
  CHECK(arrives("content", told_by));  // not asked
  CHECK_FALSE(arrives("conten", ""));
  for (const std::string openssl : {"return 127", "echo Error: it is not sure", "echo"}) {
    INFO(openssl);
    const auto broken = "openssl() { " + openssl + "; }\n";
    CHECK(arrives("content", broken));
    CHECK_FALSE(arrives("conten", broken));
    CHECK_FALSE(arrives("content", broken + told_by));
  }
}
