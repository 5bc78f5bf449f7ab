// Which lines of known_hosts speak of a host, and what they say of a key.
#include "host/known_hosts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "host/key_file.hpp"
#include "support/catch.hpp"

using namespace tidelab::host;

TEST_CASE("names: plain, with port, wildcard, negated, marked") {
  const std::string text =
      "# comment\n"
      "nonsense\n"
      "a,10.0.0.1 ssh-ed25519 AAA1\n"
      "[a]:2222 ssh-ed25519 AAA2\n"
      "*.lab,!bad.lab ecdsa-sha2-nistp256 AAA3 who@where\n"
      "@cert-authority a ssh-ed25519 AAA4\n"
      "@revoked a ssh-ed25519 AAA5\n";
  CHECK(read_known_keys(text, known_name("10.0.0.1", 22)).size() == 1);
  CHECK(read_known_keys(text, known_name("a", 2222)).at(0).line == 4);
  CHECK(read_known_keys(text, known_name("x.lab", 22)).size() == 1);
  CHECK(read_known_keys(text, known_name("bad.lab", 22)).empty());
  CHECK(read_known_keys(text, known_name("a", 2223)).empty());
  const auto keys = read_known_keys(text, "a");
  CHECK(judge(keys, "ssh-ed25519", "AAA1").verdict == Verdict::known);
  CHECK(judge(keys, "ssh-ed25519", "AAA5").verdict == Verdict::revoked);
  CHECK(judge(keys, "ssh-ed25519", "AAA6").verdict == Verdict::changed);
  CHECK(judge(keys, "ssh-ed25519", "AAA6").line == 3);
  CHECK(judge(keys, "ecdsa-sha2-nistp256", "AAA6").verdict == Verdict::changed);
  CHECK(judge({}, "ssh-ed25519", "AAA6").verdict == Verdict::unknown);
  CHECK(judge({{1, false, "ssh-rsa", "R"}}, "ssh-ed25519", "AAA6").verdict == Verdict::unknown);
}

TEST_CASE("what is known is asked for first") {
  const std::string allowed = "ssh-ed25519-cert-v01@openssh.com,ssh-ed25519,ecdsa-sha2-nistp384,rsa-sha2-512,rsa-sha2-256";
  CHECK(render_preference({}, allowed) == "ssh-ed25519,ecdsa-sha2-nistp384,rsa-sha2-512,rsa-sha2-256");
  CHECK(render_preference({{1, false, "ecdsa-sha2-nistp384", "x"}}, allowed) ==
        "ecdsa-sha2-nistp384,ssh-ed25519,rsa-sha2-512,rsa-sha2-256");
  CHECK(render_preference({{1, false, "ssh-rsa", "x"}}, allowed) == "rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp384");
  CHECK(render_preference({{1, false, "ssh-rsa", "x"}}, "ssh-ed25519,ssh-rsa") == "ssh-rsa,ssh-ed25519");
}

TEST_CASE("base64 there and back") {
  for (const std::string text : {"", "a", "ab", "abc", "abcd"}) CHECK(unbase64(base64(text)) == text);
}

TEST_CASE("a file of host keys is a file, and no larger than one can be") {
  const std::string folder = "/tmp/tidelab-known-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const auto path = folder + "/known";
  CHECK(read_known_file(path, "a").value().empty());
  CHECK(read_known_file("/dev/null", "a").value().empty());
  std::ofstream(path) << "a ssh-ed25519 AAA1\n";
  CHECK(read_known_file(path, "a").value().at(0).file == path);
  for (const std::string odd : {"/dev/zero", "/dev", "/proc/self/mem"}) {
    const auto keys = read_known_file(odd, "a");
    REQUIRE_FALSE(keys);
    CHECK(keys.error().what.starts_with("the known host keys cannot be read: " + odd));
    CHECK(keys.error().help.starts_with("name a file of host keys"));
  }
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);  // of which nothing is on the disk
  CHECK(
      read_known_file(path, "a").error().what.ends_with(path + " is larger than 16384 KiB, which is the most that is read of such a file"));
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_FALSE(read_known_file(path, "a"));
  const auto key = read_key_file(path);
  CHECK_FALSE(key.readable);
  CHECK(key.problem == path + " is a pipe, not a file");
  CHECK(read_key_file("/dev/zero").problem == "/dev/zero is a device, not a file");
  std::filesystem::remove_all(folder);
}
