// Which algorithms a connection may use: what OpenSSH's client takes by itself, and more only where its configuration says so.
#include "host/algorithms.hpp"

#include <fstream>
#include <map>
#include <sstream>

#include "host/host.hpp"
#include "net/host/doors.hpp"
#include "support/catch.hpp"
#include "support/sshd.hpp"

using namespace tidelab::doors;
using namespace tidelab::host;
using namespace std::chrono_literals;
using tidelab::step::Clock;
using tidelab::step::Why;
using tidelab::support::Sshd;

namespace {

// `more`: lines for this host.
std::unique_ptr<Host> reach(const Sshd& sshd, const std::string& more) {
  SshTarget target;
  target.address = "old";
  target.config_file = sshd.folder() + "/ssh_config";
  std::ofstream(target.config_file) << "Host old\n  HostName 127.0.0.1\n  Port " << sshd.port() << "\n  User " << sshd.user()
                                    << "\n  IdentityFile " << sshd.identity() << "\n  UserKnownHostsFile " << sshd.known_hosts()
                                    << "\n  IdentityAgent none\n  " << more << "\n";
  auto resolved = resolve(target, within(20s));
  if (!resolved) FAIL(resolved.error().what << resolved.error().evidence);
  return make_ssh(*resolved);
}

Result<Output> run(Host& host) { return host.run({{"echo", "in"}, {}, {}, {}, {}}, within(60s)); }

std::string number(std::size_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string kexinit(const std::vector<std::string>& lists) {
  std::string payload = "\x14" + std::string(16, 'c');
  for (const auto& each : lists) payload += number(each.size()) + each;
  payload += std::string(5, '\0');
  return number(payload.size() + 5) + "\x04" + payload + "pads";
}

// What an sshd with LogLevel DEBUG2 tells of what its client proposed; one list in each line.
std::string proposal_of(const Sshd& sshd, const std::string& title) {
  const auto log = sshd.log();
  const auto at = log.find(title + ": ", log.find("peer client KEXINIT proposal"));
  REQUIRE(at != std::string::npos);
  const auto begin = at + title.size() + 2;
  return log.substr(begin, log.find_first_of("\r\n ", begin) - begin);
}

}  // namespace

TEST_CASE("what a host offers is read from its first bytes, whole or not at all") {
  const std::vector<std::string> lists{"k1,k2", "h1", "c1", "c2", "m1", "m2", "none", "none", "", ""};
  const auto said = "Welcome\r\nSSH-2.0-old\r\n" + kexinit(lists);
  const auto offer = read_offer(said + "more");
  REQUIRE(offer);
  CHECK(offer->to_host.kex == "k1,k2");
  CHECK(offer->from_host.kex == "k1,k2");
  CHECK(offer->to_host.host_keys == "h1");
  CHECK(offer->to_host.ciphers == "c1");
  CHECK(offer->from_host.ciphers == "c2");
  CHECK(offer->to_host.macs == "m1");
  CHECK(offer->from_host.macs == "m2");
  for (std::size_t size = 0; size < said.size(); ++size) CHECK_FALSE(read_offer(said.substr(0, size)));
  CHECK_FALSE(has_identification("Exceeded MaxStartups\r\n"));
  CHECK_FALSE(has_identification("SSH-2.0-cut"));
  CHECK(has_identification(said));
  CHECK_FALSE(read_offer("SSH-2.0-x\n" + kexinit({"k\x1b[31m", "h", "c", "c", "m", "m", "", "", "", ""})));
  CHECK_FALSE(read_offer("SSH-2.0-x\n" + number(100'000) + "\x04\x14" + std::string(50, 'c') + std::string(4, '\xff')));
}

TEST_CASE("what the configuration allows, else what is usual") {
  SshConfig config;
  const auto usual = allowed_algorithms(config);
  for (const auto* list : {&usual.kex, &usual.host_keys, &usual.ciphers, &usual.macs})
    for (const char* weak : {"group1-", "group14-sha1", "exchange-sha1", "ssh-rsa", "ssh-dss", "cbc", "arcfour", "md5", "-96", "ripemd"})
      CHECK_FALSE(has(*list, weak));
  config.ciphers = "3des-cbc";
  CHECK(allowed_algorithms(config).ciphers == "3des-cbc");
  CHECK(allowed_algorithms(config).macs == usual.macs);
  CHECK(common_words("a,b,ab", "ab,c,a") == "a,ab");
  CHECK(common_words("", "a").empty());
}

TEST_CASE("nothing is offered to a host that OpenSSH's client would not offer by itself") {
  Sshd sshd;
  sshd.kill();
  auto daemon = read_text(sshd.folder() + "/sshd_config");
  daemon.replace(daemon.find("LogLevel VERBOSE"), std::string("LogLevel VERBOSE").size(), "LogLevel DEBUG2");
  std::ofstream(sshd.folder() + "/sshd_config") << daemon;
  sshd.start();
  const auto host = reach(sshd, "");
  REQUIRE(run(*host));
  std::istringstream defaults(ask_ssh_defaults(within(20s)));
  std::map<std::string, std::string> usual;
  for (std::string key, value; defaults >> key && std::getline(defaults, value);) usual[key] = value.substr(value.find_first_not_of(' '));
  const std::vector<std::pair<std::string, std::string>> rows{{"KEX algorithms", "kexalgorithms"},
                                                              {"host key algorithms", "hostkeyalgorithms"},
                                                              {"ciphers ctos", "ciphers"},
                                                              {"ciphers stoc", "ciphers"},
                                                              {"MACs ctos", "macs"},
                                                              {"MACs stoc", "macs"}};
  for (const auto& [title, key] : rows) {
    INFO(title);
    std::istringstream offered(proposal_of(sshd, title));
    int count = 0;
    for (std::string name; std::getline(offered, name, ','); ++count) {
      if (name == "ext-info-c" || name.starts_with("kex-strict-")) continue;  // no algorithms
      CHECK(common_words(name, usual[key]) == name);
    }
    CHECK(count > 0);
  }
}

TEST_CASE("a host that speaks only what is weak is refused, and let in where the configuration allows that for this host") {
  struct Row {
    const char* option;
    const char* weak;
    const char* taken;
  };
  const auto row = GENERATE(Row{"KexAlgorithms", "diffie-hellman-group1-sha1", "curve25519-sha256"},
                            Row{"KexAlgorithms", "diffie-hellman-group14-sha1", "curve25519-sha256"},
                            Row{"Ciphers", "3des-cbc", "aes256-ctr"}, Row{"Ciphers", "aes128-cbc", "aes256-ctr"},
                            Row{"MACs", "hmac-md5-96", "hmac-sha2-256"}, Row{"MACs", "hmac-sha1-96", "hmac-sha2-256"});
  INFO(row.weak);
  const Sshd sshd(std::string(row.option) + " " + row.weak);
  const auto refused = run(*reach(sshd, ""));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().why == Why::unreachable);
  INFO(refused.error().what);
  CHECK(has(refused.error().what, "no algorithm in common"));
  CHECK(has(refused.error().what, std::string("it offers ") + row.weak));
  CHECK(has(refused.error().what, row.taken));
  const auto line = std::string(row.option) + " +" + row.weak;
  INFO(refused.error().help);
  CHECK(has(refused.error().help, "`" + line + "`"));
  CHECK(has(refused.error().help, "`Host old`"));
  CHECK(has(refused.error().help, sshd.folder() + "/ssh_config"));
  const auto widened = run(*reach(sshd, line));
  if (!widened) FAIL(widened.error().what);
  CHECK(widened->out == "in\n");
}

TEST_CASE("RSA host keys that sign by SHA-1 only where that is allowed for this host") {
  Sshd sshd("HostKeyAlgorithms ssh-rsa");
  sshd.kill();
  const auto key = sshd.make_key("host_rsa", "rsa");
  auto daemon = read_text(sshd.folder() + "/sshd_config");
  for (const char* kind : {"host_ed25519", "host_ecdsa"}) daemon.replace(daemon.find(kind), std::string(kind).size(), "host_rsa");
  std::ofstream(sshd.folder() + "/sshd_config") << daemon;
  std::ofstream(sshd.known_hosts()) << "[127.0.0.1]:" << sshd.port() << " " << read_text(key + ".pub");
  sshd.start();
  const auto refused = run(*reach(sshd, ""));
  REQUIRE_FALSE(refused);
  INFO(refused.error().what);
  CHECK(has(refused.error().what, "for host keys it offers ssh-rsa"));
  CHECK(has(refused.error().help, "`HostKeyAlgorithms +ssh-rsa`"));
  const auto widened = run(*reach(sshd, "HostKeyAlgorithms +ssh-rsa"));
  if (!widened) FAIL(widened.error().what);
  CHECK(widened->out == "in\n");
}
