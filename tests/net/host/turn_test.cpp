// Many connections at once: through one jump host they take turns, and whoever is turned away tries again.
#include "host/ssh_turn.hpp"

#include <atomic>
#include <fstream>
#include <thread>

#include "host/host.hpp"
#include "net/host/doors.hpp"
#include "support/catch.hpp"
#include "support/sshd.hpp"

using namespace tidelab::doors;
using namespace tidelab::host;
using namespace std::chrono_literals;
using tidelab::step::Clock;
using tidelab::support::Sshd;

namespace {

constexpr int kHosts = 30;

struct Waiter {
  tidelab::process::Wake wake;
  std::atomic<bool> quit = false;
  Patience patience(std::chrono::milliseconds time) const { return {wake, quit, Clock::now() + time}; }
};

// Thirty names of one sshd, which is reached directly or by way of another one. The key exchange is one that costs little.
std::string write_config(const Sshd& sshd, const Sshd* jump, const std::string& way) {
  const auto path = sshd.folder() + "/ssh_config";
  std::ofstream file(path);
  file << "Host r*\n  Port " << sshd.port() << "\n  IdentityFile " << sshd.identity() << "\n  UserKnownHostsFile " << sshd.known_hosts()
       << "\n"
       << (jump ? "  " + way + "\n" : "");
  if (jump)
    file << "Host jump\n  Port " << jump->port() << "\n  IdentityFile " << jump->identity() << "\n  UserKnownHostsFile "
         << jump->known_hosts() << "\n";
  file << "Host *\n  HostName 127.0.0.1\n  User " << sshd.user() << "\n  IdentityAgent none\n  KexAlgorithms curve25519-sha256\n";
  return path;
}

// How many of the hosts answered, all asked at once; what the others said.
int count_reached(const std::string& config, bool system, std::string& said) {
  Hosts hosts;
  SshTarget target;
  target.address = "r0";
  target.config_file = config;
  const auto resolved = resolve(target, within(60s));  // as for all of them
  REQUIRE(resolved);
  for (int i = 0; i < kHosts; ++i) {
    auto each = *resolved;
    each.address = "r" + std::to_string(i);
    hosts.push_back(system ? make_system_ssh(each) : make_ssh(each));
  }
  std::atomic<int> reached = 0;
  std::mutex mutex;
  std::vector<std::jthread> threads;
  for (auto& host : hosts)
    threads.emplace_back([&] {
      const auto output = host->run({{"true"}, {}, {}, {}, {}}, within(120s));
      if (output && output->code == 0) ++reached;
      const std::lock_guard lock(mutex);
      if (!output) said += output.error().what + "\n" + output.error().evidence + "\n";
    });
  threads.clear();
  return reached;
}

}  // namespace

TEST_CASE("through one jump host eight are on their way at once, and the next comes when one has arrived") {
  const Waiter waiter;
  std::list<Turn> inside;
  for (int i = 0; i < 8; ++i) CHECK(inside.emplace_back("jump", waiter.patience(60s), 1h).taken());
  CHECK_FALSE(Turn("jump", waiter.patience(20ms)).taken());
  CHECK(Turn("other", waiter.patience(60s)).taken());
  CHECK(Turn("", waiter.patience(0ms)).taken());
  std::jthread next([&] { CHECK(Turn("jump", waiter.patience(60s)).taken()); });
  inside.front().leave();
  next.join();
}

TEST_CASE("whoever has long been let in by a jump host holds up nobody, and a stop ends the waiting") {
  Waiter waiter;
  std::list<Turn> inside;
  for (int i = 0; i < 8; ++i) inside.emplace_back("slow", waiter.patience(60s), 10ms);
  CHECK(Turn("slow", waiter.patience(60s)).taken());  // when the others' time has passed
  for (int i = 0; i < 8; ++i) CHECK(inside.emplace_back("slow", waiter.patience(60s), 1h).taken());
  std::atomic<bool> taken = true;
  std::jthread last([&] { taken = Turn("slow", waiter.patience(60s)).taken(); });
  waiter.quit = true;
  waiter.wake.ring();
  last.join();
  CHECK_FALSE(taken);
}

TEST_CASE("which jump host it is") {
  const auto of = [](const std::string& jump) {
    SshTarget target;
    target.config.proxy_jump = jump;
    return way_of(target);
  };
  CHECK(of("").empty());
  CHECK(of("me@jump:2222") == "jump:2222");
  CHECK(of("ssh://me@jump:2222,second") == "jump:2222");
  CHECK(of("jump") == "jump");
  SshTarget target;
  target.config.proxy_command = "nc a 22";
  CHECK(way_of(target) == "ProxyCommand");
}

TEST_CASE("what says that a connection was turned away, and what does not") {
  CHECK(says_turned_away("kex_exchange_identification: Connection closed by remote host\r\n"));
  CHECK(says_turned_away("kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.1 port 22\r\n"));
  CHECK(says_turned_away("ssh_exchange_identification: Connection closed by remote host"));
  CHECK(says_turned_away("banner exchange: Connection to UNKNOWN port 65535: Broken pipe\r\n"));
  CHECK(
      says_turned_away("kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 10.0.0.1 port 22\r\n"
                       "banner exchange: Connection to UNKNOWN port 65535: Broken pipe\r\n"));
  CHECK_FALSE(says_turned_away("banner exchange: Connection to UNKNOWN port 65535: invalid format\r\n"));
  CHECK_FALSE(says_turned_away("banner exchange: Connection to UNKNOWN port 65535: Connection timed out\r\n"));
  CHECK_FALSE(says_turned_away("Host key verification failed.\r\nbanner exchange: Connection to UNKNOWN port 65535: Broken pipe\r\n"));
  CHECK_FALSE(says_turned_away(""));
  CHECK_FALSE(says_turned_away("me@jump: Permission denied (publickey).\nkex_exchange_identification: Connection closed by remote host\n"));
  CHECK_FALSE(says_turned_away("Connection closed by 10.0.0.1 port 22\n"));
  for (int tries = 1; tries < 60; ++tries) {
    CHECK(pause_after(tries) >= 50ms);
    CHECK(pause_after(tries) <= 1s);
  }
}

TEST_CASE("thirty hosts at once through a jump host that lets in three at a time") {
  const bool system = GENERATE(false, true);
  const auto way = GENERATE(as<std::string>{}, "ProxyJump jump", "ProxyCommand ssh -F FILE -W %h:%p jump");
  const Sshd jump("MaxStartups 3:100:100"), sshd("MaxStartups 100");
  auto line = way;
  if (const auto at = line.find("FILE"); at != std::string::npos) line.replace(at, 4, sshd.folder() + "/ssh_config");
  std::string said;
  CHECK(count_reached(write_config(sshd, &jump, line), system, said) == kHosts);
  INFO(said);
  CHECK(said.empty());
}

TEST_CASE("thirty names of one host that lets in three at a time") {
  const bool system = GENERATE(false, true);
  const Sshd sshd("MaxStartups 3:100:100");
  std::string said;
  CHECK(count_reached(write_config(sshd, nullptr, {}), system, said) == kHosts);
  INFO(said);
  CHECK(said.empty());
}

TEST_CASE("a host that turns everybody away is told, when the time for a connection is over") {
  const bool system = GENERATE(false, true);
  const Sshd sshd("MaxStartups 3:100:100");
  SshTarget target;
  target.address = "r1";
  target.config_file = write_config(sshd, nullptr, {});
  target.connect_within = 1s;
  std::list<int> held;
  for (int i = 0; i < 3; ++i) held.push_back(sshd.hold());
  const auto resolved = resolve(target, within(60s));
  REQUIRE(resolved);
  const auto output = (system ? make_system_ssh(*resolved) : make_ssh(*resolved))->run({{"true"}, {}, {}, {}, {}}, within(60s));
  for (const int fd : held) ::close(fd);
  REQUIRE_FALSE(output);
  CHECK(output.error().what.find("each connection was closed before the other side said who it is") != std::string::npos);
  CHECK(output.error().help.find("MaxStartups") != std::string::npos);
}
