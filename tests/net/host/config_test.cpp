// OpenSSH's configuration, read and followed: names, keys, jumps, agents, and what only OpenSSH's client can do.
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
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

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// `identity`: in place of the key that works.
std::string write_config(const Sshd& sshd, const std::string& more, const std::string& identity = {}) {
  const auto path = sshd.folder() + "/ssh_config";
  std::ofstream(path) << "Host r21 jump\n  HostName 127.0.0.1\n  Port " << sshd.port() << "\n  User " << sshd.user() << "\n  IdentityFile "
                      << (identity.empty() ? sshd.identity() : identity) << "\n  UserKnownHostsFile " << sshd.known_hosts() << "\n"
                      << more << "\n";
  return path;
}

/// Somebody who is asked, and says one after the other.
struct Person final : Secrets {
  explicit Person(std::vector<std::string> words) : says(std::move(words)) {}

  std::string find(const Lock& lock) override { return said[lock.name]; }
  tl::expected<void, std::string> ask(const Lock& lock, const std::string& refused) override {
    asked.push_back(lock.name + "|" + refused);
    if (!find(lock).empty() && find(lock) != refused) return {};
    if (says.empty()) return tl::unexpected(std::string("nobody is there"));
    said[lock.name] = says.front();
    says.erase(says.begin());
    return {};
  }

  std::vector<std::string> says, asked;
  std::map<std::string, std::string> said;
};

std::unique_ptr<Host> open(const std::string& config, bool system, Secrets& secrets = no_secrets()) {
  SshTarget target;
  target.address = "r21";
  target.config_file = config;
  target.secrets = &secrets;
  auto resolved = resolve(target, within(20s));
  if (!resolved) FAIL(resolved.error().what << resolved.error().evidence);
  return system ? make_system_ssh(*resolved) : make_ssh(*resolved);
}

Output run(Host& host, std::vector<std::string> argv) {
  auto output = host.run({std::move(argv), {}, {}, {}, {}}, within(60s));
  if (!output) FAIL(output.error().what << "\n" << output.error().evidence << "\n" << output.error().help);
  return *output;
}

tidelab::step::Failure refusal(Host& host) {
  auto output = host.run({{"true"}, {}, {}, {}, {}}, within(60s));
  REQUIRE_FALSE(output);
  CHECK(output.error().why == Why::unreachable);
  return output.error();
}

}  // namespace

TEST_CASE("what ssh -G says, where it differs from the usual") {
  const std::string usual =
      "user me\nhostname x\nport 22\nidentityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\nciphers a,b\nconnecttimeout none\n";
  const auto plain = read_ssh_config(usual, usual);
  CHECK(plain.identities.empty());
  CHECK(plain.ciphers.empty());
  CHECK(plain.port == 22);
  CHECK(plain.beyond.empty());
  const auto config = read_ssh_config(
      "user tidb\nhostname 10.0.0.1\nport 2222\nidentityfile /k/one\nidentityfile /k/two\nidentitiesonly yes\nciphers "
      "aes128-ctr\nconnecttimeout 3\n"
      "userknownhostsfile /a /b\nglobalknownhostsfile none\nproxyjump a,b\nhostkeyalias lab\naddressfamily inet6\nbindaddress 10.0.0.9\n",
      usual);
  CHECK(config.user == "tidb");
  CHECK(config.hostname == "10.0.0.1");
  CHECK(config.port == 2222);
  CHECK(config.identities == std::vector<std::string>{"/k/one", "/k/two"});
  CHECK(config.identities_only);
  CHECK(config.ciphers == "aes128-ctr");
  CHECK(config.connect_within == 3s);
  CHECK(config.known_hosts == std::vector<std::string>{"/a", "/b"});
  CHECK(config.proxy_jump == "a,b");
  CHECK(config.host_key_alias == "lab");
  CHECK(config.address_family == "inet6");
  CHECK(config.beyond == std::vector<std::string>{"BindAddress"});
}

TEST_CASE("a configuration that others could write, or that is no file, is not used") {
  const std::string folder = "/tmp/tidelab-config-odd-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const auto path = folder + "/config";
  std::ofstream(path) << "Match exec \"touch " + folder + "/done\"\n  User x\n";
  ::chmod(path.c_str(), 0646);
  const auto refused = [&](const std::string& file) {
    SshTarget target{"127.0.0.1", 22, "", {}, ""};
    target.config_file = file;
    const auto resolved = resolve(std::move(target), within(20s));
    REQUIRE_FALSE(resolved);
    return resolved.error().what;
  };
  CHECK(refused(path) == "OpenSSH's configuration cannot be used: " + path + " can be changed by other accounts (mode 0646)");
  ::chmod(path.c_str(), 0644);
  ::chmod(folder.c_str(), 0777);
  CHECK(has(refused(path), folder + " can be changed by other accounts (mode 0777)"));
  ::chmod(folder.c_str(), 0755);
  CHECK_FALSE(std::filesystem::exists(folder + "/done"));
  CHECK(has(refused("/dev/zero"), "/dev/zero is a device, not a file"));
  CHECK_FALSE(ssh_config_may_matter("/dev/null").value());
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(has(refused(path), path + " is a pipe, not a file"));
  SshTarget odd{"127.0.0.1", 22, "", {}, "/dev/zero"};
  odd.config_file = "none";
  CHECK(has(resolve(std::move(odd), within(20s)).error().what, "/dev/zero is a device, not a file"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a configuration that says nothing for us is not asked") {
  const std::string folder = "/tmp/tidelab-config-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const auto matters = [&](const std::string& text) {
    std::ofstream(folder + "/config") << text;
    return ssh_config_may_matter(folder + "/config").value();
  };
  CHECK_FALSE(ssh_config_may_matter("none").value());
  CHECK_FALSE(ssh_config_may_matter(folder + "/missing").value());
  CHECK_FALSE(
      matters("# all\nHost *\n  SendEnv LANG LC_*\n  HashKnownHosts yes\nGSSAPIAuthentication=yes\nInclude " + folder + "/more/*.conf\n"));
  CHECK(matters("Host a\n\tHostname b\n"));
  CHECK(matters("Match all\n"));
  CHECK(matters("SomethingNew yes\n"));
  std::filesystem::create_directories(folder + "/more");
  std::ofstream(folder + "/more/a.conf") << "Port=23\n";
  CHECK(matters("Include " + folder + "/more/*.conf\n"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a host is reached as its configuration says") {
  const bool system = GENERATE(false, true);
  const Sshd sshd;
  const auto host = open(write_config(sshd, ""), system);
  CHECK(run(*host, {"id", "-un"}).out == sshd.user() + "\n");
  CHECK(host->name() == sshd.user() + "@r21:" + std::to_string(sshd.port()));
}

TEST_CASE("what is said goes before the configuration") {
  SshTarget target;
  target.address = "r21";
  target.port = 2223;
  target.user = "somebody";
  const Sshd sshd;
  target.config_file = write_config(sshd, "");
  const auto resolved = resolve(target, within(20s));
  REQUIRE(resolved);
  CHECK(resolved->port == 2223);
  CHECK(resolved->user == "somebody");
  CHECK(resolved->config.hostname == "127.0.0.1");
  target.config_file = sshd.folder() + "/ssh_config_bad";
  std::ofstream(target.config_file) << "Host x\n  NoSuchOption yes\n";
  const auto bad = resolve(target, within(20s));
  REQUIRE_FALSE(bad);
  CHECK(has(bad.error().evidence, "nosuchoption"));
}

TEST_CASE("jumps") {
  const bool system = GENERATE(false, true);
  const Sshd sshd;
  const auto way = GENERATE(as<std::string>{}, "ProxyJump jump", "ProxyJump jump,jump", "ProxyCommand nc");
  auto more = "Host r21\n  " + way;
  if (way == "ProxyCommand nc") more = "Host r21\n  ProxyCommand ssh -F %%s -W %h:%p jump";
  if (const auto at = more.find("%%s"); at != std::string::npos) more.replace(at, 3, sshd.folder() + "/ssh_config");
  const auto host = open(write_config(sshd, more), system);
  CHECK(run(*host, {"echo", "there"}).out == "there\n");
  CHECK(count(sshd.log(), "Accepted publickey") == (way == "ProxyJump jump,jump" ? 3 : 2));
  const std::string text(3'000'000, 'x');
  const auto output = host->run({{"cat"}, {}, {}, {text, {}}, {}}, within(60s));
  if (!output) FAIL(way << ", system " << system << ": " << output.error().what << "\n" << output.error().evidence << "\n" << sshd.log());
  CHECK((output->out == text));  // in brackets: a difference need not be printed whole
  CHECK(output->out.size() == text.size());
}

TEST_CASE("a jump that does not work says why") {
  const Sshd sshd;
  const auto host = open(write_config(sshd, "Host r21\n  ProxyJump nowhere.invalid"), false);
  const auto failure = refusal(*host);
  CHECK(has(failure.what, "nowhere.invalid"));
  CHECK(has(failure.what, "Could not resolve"));
}

TEST_CASE("algorithms that are configured are kept, and those that libssh2 lacks are told") {
  const Sshd sshd;
  {
    const auto host = open(write_config(sshd, "Host *\n  Ciphers aes256-ctr,chacha20-poly1305@openssh.com\n  MACs hmac-sha2-512"), false);
    CHECK(run(*host, {"true"}).code == 0);
  }
  const auto host = open(write_config(sshd, "Host *\n  Ciphers chacha20-poly1305@openssh.com\n  BindAddress 127.0.0.1"), false);
  const auto failure = refusal(*host);
  CHECK(has(failure.what, "BindAddress and Ciphers"));
  CHECK(has(failure.help, "ssh_type: system"));
  CHECK(run(*open(sshd.folder() + "/ssh_config", true), {"true"}).code == 0);
}

TEST_CASE("an agent, and which of its keys") {
  Sshd sshd;
  const auto socket = sshd.folder() + "/agent";
  const auto local = make_local();
  const auto agent = run(*local, {"ssh-agent", "-a", socket}).out;
  const auto pid = agent.substr(agent.find("SSH_AGENT_PID=") + 14);
  const auto locked = sshd.make_key("locked", "ed25519", "secret", true);
  const auto other = sshd.make_key("other", "ed25519");
  std::ofstream(sshd.folder() + "/ask") << "#!/bin/sh\necho secret\n";
  std::filesystem::permissions(sshd.folder() + "/ask", std::filesystem::perms::owner_all);
  const auto add = local->run({{"ssh-add", other, locked},
                               {{"SSH_AUTH_SOCK", socket}, {"SSH_ASKPASS", sshd.folder() + "/ask"}, {"SSH_ASKPASS_REQUIRE", "force"}},
                               {},
                               {},
                               {}},
                              within(20s));
  REQUIRE(add);
  CHECK(add->code == 0);
  const auto config = write_config(sshd, "IdentityAgent " + socket, locked);
  const auto text = read_text(config);
  for (const bool only : {false, true}) {
    std::ofstream(config) << text << (only ? "IdentitiesOnly yes\n" : "");
    const auto before = sshd.log().size();
    CHECK(run(*open(config, false), {"true"}).code == 0);
    // Without IdentitiesOnly every key of the agent is offered; with it just the one that is named.
    CHECK(count(sshd.log().substr(before), "Failed publickey") == (only ? 0 : 1));
  }
  run(*local, {"kill", pid.substr(0, pid.find(';'))});
}

TEST_CASE("a passphrase opens a key, and a wrong one is told") {
  const bool system = GENERATE(false, true);
  Sshd sshd;
  const auto locked = sshd.make_key("locked", GENERATE(as<std::string>{}, "ed25519", "ecdsa"), "se cret", true);
  const auto config = write_config(sshd, "IdentityAgent none", locked);
  Person knows({});
  knows.said[locked] = "se cret";
  CHECK(run(*open(config, system, knows), {"true"}).code == 0);
  CHECK(knows.asked.empty());
  Person guesses({});
  guesses.said[locked] = "guess";
  const auto wrong = refusal(*open(config, system, guesses));
  CHECK(has(wrong.what, system ? "does not let us in" : "the passphrase does not open it"));
  CHECK(has(wrong.what, "; nobody is there"));
  CHECK_FALSE(has(wrong.what + wrong.evidence + wrong.help, "guess"));
  CHECK(guesses.asked == std::vector{locked + "|guess"});
  const auto none = refusal(*open(config, system));
  CHECK(has(none.help, "--ask-passphrase"));
}

TEST_CASE("a person is asked for a passphrase, and again when it was another one") {
  const bool system = GENERATE(false, true);
  Sshd sshd;
  const auto locked = sshd.make_key("locked", GENERATE(as<std::string>{}, "ed25519", "ecdsa"), "se cret", true);
  const auto config = write_config(sshd, "IdentityAgent none", locked);
  Person person({"guess", "se cret"});
  const auto host = open(config, system, person);
  CHECK(host->open(within(60s)));
  CHECK(host->traffic().commands == 0);
  CHECK(person.asked == std::vector{locked + "|", locked + "|guess"});
  CHECK(run(*host, {"true"}).code == 0);
  CHECK(host->traffic().connections == 1);
}

TEST_CASE("nobody is asked for what would not help") {
  const bool system = GENERATE(false, true);
  Sshd sshd;
  const auto stranger = sshd.make_key("stranger", "ed25519", "se cret", false);
  const auto config = write_config(sshd, "IdentityFile " + sshd.identity() + "\nIdentityAgent none", stranger);
  Person person({});
  CHECK(run(*open(config, system, person), {"true"}).code == 0);  // another key works
  write_config(sshd, "IdentityAgent none", stranger);
  const auto refused = refusal(*open(config, system, person));
  if (!system) CHECK(has(refused.what, "stranger: refused by the host"));
  CHECK(person.asked.empty());
}

TEST_CASE("what the built-in ssh cannot, OpenSSH's client does") {
  Sshd sshd;
  const auto rsa = sshd.make_key("rsa", "rsa", {}, true);
  const auto config = write_config(sshd, "IdentityAgent none");
  auto text = read_text(config);
  text.replace(text.find(sshd.identity()), sshd.identity().size(), rsa);
  std::ofstream(config) << text;
  CHECK(run(*open(config, true), {"true"}).code == 0);
  auto builtin = open(config, false);
  const auto output = builtin->run({{"true"}, {}, {}, {}, {}}, within(60s));
  if (!output)
    CHECK(has(output.error().help, "ssh_type: system"));
  else
    CHECK(output->code == 0);  // a libssh2 that can is let in
}

TEST_CASE("a host that has an RSA key alone") {
  Sshd sshd;
  sshd.kill();
  const auto key = sshd.make_key("host_rsa", "rsa");
  auto daemon = read_text(sshd.folder() + "/sshd_config");
  for (const char* kind : {"host_ed25519", "host_ecdsa"}) daemon.replace(daemon.find(kind), std::string(kind).size(), "host_rsa");
  std::ofstream(sshd.folder() + "/sshd_config") << daemon;
  std::ofstream(sshd.known_hosts()) << "[127.0.0.1]:" << sshd.port() << " " << read_text(key + ".pub");
  sshd.start();
  const auto config = write_config(sshd, "");
  CHECK(run(*open(config, true), {"true"}).code == 0);
  const auto output = open(config, false)->run({{"true"}, {}, {}, {}, {}}, within(60s));
  if (!output) {
    CHECK(has(output.error().what, "no algorithm in common"));
    CHECK(has(output.error().help, "ssh_type: system"));
  } else {
    CHECK(output->code == 0);
  }
}

TEST_CASE("a certificate authority is told to be beyond libssh2") {
  const Sshd sshd;
  const auto config = write_config(sshd, "");
  std::ofstream(sshd.known_hosts()) << "@cert-authority [127.0.0.1]:* ssh-ed25519 AAAA\n";
  const auto failure = refusal(*open(config, false));
  CHECK(has(failure.what, "certificate authority"));
  CHECK(has(failure.what, sshd.known_hosts() + ":1"));
  CHECK(has(failure.help, "ssh_type: system"));
}

TEST_CASE("OpenSSH's client refuses as we do: unknown and changed keys, with fingerprint and place") {
  const Sshd sshd;
  const auto config = write_config(sshd, "Host *\n  StrictHostKeyChecking no\n");  // never weaker than ours
  const auto known = read_text(sshd.known_hosts());
  std::ofstream(sshd.known_hosts()) << "";
  const auto unknown = refusal(*open(config, true));
  CHECK(has(unknown.what, "SHA256:"));
  CHECK(has(unknown.help, "--accept-new-host-keys"));
  CHECK(read_text(sshd.known_hosts()).empty());
  std::ofstream(sshd.known_hosts()) << "# lab\n[127.0.0.1]:" << sshd.port()
                                    << " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
  const auto changed = refusal(*open(config, true));
  CHECK(has(changed.what, "HAS CHANGED"));
  CHECK(has(changed.what, "SHA256:"));
  CHECK(has(changed.what, sshd.known_hosts() + ":2"));
}

TEST_CASE("AES-GCM goes before the other ciphers of OpenSSH's client, where a processor has instructions for it") {
  const std::string defaults = "host x\nciphers chacha20-poly1305@openssh.com,aes128-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com\n";
  const std::string intel = "processor : 0\nflags\t\t: fpu sse2 aes avx\n", arm = "processor : 0\nFeatures\t: fp asimd aes\n";
  const std::string wanted = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr";
  CHECK(ciphers_for(intel, defaults) == wanted);
  CHECK(ciphers_for(arm, defaults) == wanted);
  CHECK(ciphers_for("processor : 0\nflags : fpu sse2 vaes\n", defaults).empty());
  CHECK(ciphers_for("", defaults).empty());
  CHECK(ciphers_for(intel, "").empty());
  CHECK(ciphers_for(intel, "ciphers " + wanted + "\n").empty());
}

TEST_CASE("OpenSSH's client takes the cipher that the configuration names, and else the one that costs least here") {
  Sshd sshd;
  sshd.kill();
  auto daemon = read_text(sshd.folder() + "/sshd_config");
  daemon.replace(daemon.find("LogLevel VERBOSE"), std::string("LogLevel VERBOSE").size(), "LogLevel DEBUG1");
  std::ofstream(sshd.folder() + "/sshd_config") << daemon;
  sshd.start();
  const auto taken = [&](const std::string& more) {
    const auto before = sshd.log().size();
    CHECK(run(*open(write_config(sshd, more), true), {"true"}).code == 0);
    const auto log = sshd.log().substr(before);
    const auto at = log.find("client->server cipher: ") + std::string("client->server cipher: ").size();
    return log.substr(at, log.find(' ', at) - at);
  };
  CHECK(taken("Host *\n  Ciphers aes256-ctr\n") == "aes256-ctr");
  const auto ours = ciphers_for(read_text("/proc/cpuinfo"), ask_ssh_defaults(within(20s)));
  CHECK(taken("") == (ours.empty() ? "chacha20-poly1305@openssh.com" : "aes128-gcm@openssh.com"));
}
