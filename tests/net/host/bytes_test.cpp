// The property of every door: argv, environment, directory and stdin arrive byte for byte, whatever the login shell is.
#include <algorithm>
#include <filesystem>
#include <random>

#include "host/host.hpp"
#include "support/catch.hpp"
#include "support/sshd.hpp"

using namespace tidelab::host;
using namespace std::chrono_literals;
using tidelab::step::Clock;
using tidelab::support::Sshd;

namespace {

std::string every_byte() {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  return all;
}

std::vector<std::string> hostile_words() {
  std::vector<std::string> words{"",      " ",      "'",   "''a'", "$(id)", "`id`",      "a\nb\n", "\n",    "-n",  "--", "-e",
                                 "~",     "*",      "a b", "\\",   "\\'",   "\xff",      "süß",    "#x",    "!",   "!!", "!x y",
                                 "{a,b}", "a=b",    "=ls", "\t",   "\"",    "&& exit 3", "@",      "@0141", "%s",  "%%", "$x",
                                 "$",     "a\\\nb", "<&2", ">&2",  "|",     ";",         "日本語", "\r",    "\x7f"};
  words.push_back(every_byte());
  std::mt19937 random(20240917);
  for (int i = 0; i < 60; ++i) {
    std::string word(random() % 60, 'x');
    for (auto& c : word) c = static_cast<char>(random() % 3 == 0 ? "'\"\\$`\n -!"[random() % 9] : 1 + static_cast<int>(random() % 255));
    words.push_back(std::move(word));
  }
  return words;
}

// What sshd would do for an account with this login shell, without making such an account.
std::string with_shell(const std::string& shell) {
  REQUIRE(std::filesystem::exists("/usr/bin/" + shell));
  return "ForceCommand exec /usr/bin/" + shell + " -c \"$SSH_ORIGINAL_COMMAND\"";
}

Output run(Host& host, Command command) {
  Control control;
  control.deadline = Clock::now() + 60s;
  auto output = host.run(command, control);
  if (!output) FAIL(output.error().what << "\n" << output.error().evidence);
  return *output;
}

void check_words(Host& host) {
  Command command{{"printf", "%s\\0"}, {}, {}, {}, {}};
  std::string expected;
  for (const auto& word : hostile_words()) {
    command.argv.push_back(word);
    expected += word + '\0';
  }
  CHECK(run(host, command).out == expected);
  CHECK(run(host, {{"sh", "-c", "echo ready; exit 3"}, {}, {}, {}, {}}).code == 3);
}

void check_surroundings(Host& host) {
  Command command{
      {"sh", "-c", "printf '%s|' \"$A\" \"$B\" \"$C\""}, {{"A", every_byte()}, {"B", ""}, {"C", "$(id) `id` 'x' -n"}}, {}, {}, {}};
  CHECK(run(host, command).out == every_byte() + "||$(id) `id` 'x' -n|");
  std::string all;
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(run(host, {{"cat"}, {}, {}, {all, {}}, {}}).out == all);
  CHECK(run(host, {{"cat"}, {}, {}, {all, {}, "first\n"}, {}}).out == "first\n" + all);

  auto name = every_byte();
  name.erase(std::remove(name.begin(), name.end(), '/'), name.end());
  for (const auto& each : {name.substr(0, 127), name.substr(127), std::string("-"), std::string("-P"), std::string("$(id)")}) {
    const auto folder = "/tmp/tidelab-cwd-" + std::to_string(::getpid());
    std::filesystem::create_directories(folder + "/" + each);
    CHECK(run(host, {{"readlink", "-n", "/proc/self/cwd"}, {}, folder + "/" + each, {}, {}}).out == folder + "/" + each);
    std::filesystem::remove_all(folder);
  }
}

SshTarget target_of(const Sshd& sshd) {
  SshTarget target{"127.0.0.1", sshd.port(), sshd.user(), {sshd.identity()}, sshd.known_hosts()};
  target.config_file = "none";
  return target;
}

}  // namespace

TEST_CASE("bytes arrive on this machine, and as root by sudo") {
  const auto local = make_local();
  check_words(*local);
  check_surroundings(*local);
  const auto sudo = make_sudo(make_local(), no_secrets(), {});
  Command command{sudo_words(), {{"A", every_byte()}}, "/usr/lib", {"text\nof two lines", {}}, {}};
  command.argv.insert(command.argv.end(), {"sh", "-c", "printf '%s|' \"$A\" \"$1\"; pwd; cat; echo bad >&2; exit 5", "sh", every_byte()});
  const auto output = run(*sudo, command);
  CHECK(output.out == every_byte() + "|" + every_byte() + "|/usr/lib\ntext\nof two lines");
  CHECK(output.err == "bad\n");
  CHECK(output.code == 5);
  // A service must not carry what only the command that started it was given.
  Command env{sudo_words(), {}, {}, {}, {}};
  env.argv.insert(env.argv.end(), {"env", "MARK=x", "env", "-u", "MARK", "cat", "/proc/self/environ"});
  CHECK(run(*sudo, env).out.find("MARK=x") == std::string::npos);
}

TEST_CASE("bytes arrive over ssh, whatever the login shell") {
  const auto shell = GENERATE(as<std::string>{}, "sh", "bash", "zsh", "ksh", "mksh", "fish", "tcsh");
  INFO(shell);
  const Sshd sshd(with_shell(shell));
  const auto builtin = make_ssh(target_of(sshd));
  check_words(*builtin);
  check_surroundings(*builtin);
  const auto system = make_system_ssh(target_of(sshd));
  check_words(*system);
  check_surroundings(*system);
  CHECK(builtin->traffic().connections == 1);
}

TEST_CASE("a shell that is not POSIX runs nothing of the line that it refuses") {
  const auto shell = GENERATE(as<std::string>{}, "fish", "tcsh");
  const Sshd sshd(with_shell(shell));
  const auto path = sshd.folder() + "/count";
  const auto host = GENERATE(false, true) ? make_ssh(target_of(sshd)) : make_system_ssh(target_of(sshd));
  for (int i = 0; i < 3; ++i) CHECK(run(*host, {{"sh", "-c", "echo x >>\"$0\"", path}, {}, {}, {}, {}}).code == 0);
  CHECK(std::filesystem::file_size(path) == 6);
}

TEST_CASE("an account that may not log in is told so") {
  const Sshd sshd("ForceCommand echo This account is closed.; exit 1");
  const auto host = GENERATE(false, true) ? make_ssh(target_of(sshd)) : make_system_ssh(target_of(sshd));
  const auto output = host->run({{"true"}, {}, {}, {}, {}}, {});
  REQUIRE_FALSE(output);
  CHECK(output.error().what.find("login shell ended with code 1") != std::string::npos);
  CHECK(output.error().evidence.find("This account is closed.") != std::string::npos);
  CHECK_FALSE(output.error().help.empty());
}
