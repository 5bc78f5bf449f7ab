// What only a connection can get wrong: keys, refusals, sharing, breaking and coming back.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "host/host.hpp"
#include "net/host/doors.hpp"
#include "support/catch.hpp"
#include "support/listener.hpp"
#include "support/sshd.hpp"

using namespace tidelab::doors;
using namespace tidelab::host;
using namespace std::chrono_literals;
using tidelab::step::Clock;
using tidelab::step::Why;
using tidelab::support::Sshd;

namespace {

SshTarget target_of(const Sshd& sshd) { return {"127.0.0.1", sshd.port(), sshd.user(), {sshd.identity()}, sshd.known_hosts()}; }

Result<Output> run(Host& host, std::vector<std::string> argv) { return host.run({std::move(argv), {}, {}, {}, {}}, within(60s)); }

tidelab::step::Failure refusal(const SshTarget& target) {
  const auto host = make_ssh(target);
  auto output = run(*host, {"true"});
  REQUIRE_FALSE(output);
  CHECK(output.error().why == Why::unreachable);
  CHECK(output.error().what.find(host->name()) != std::string::npos);
  return output.error();
}

// Each of `count` commands answers with its own number.
int run_side_by_side(Host& host, int count) {
  std::atomic<int> good = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      const std::string text(200'000, static_cast<char>('a' + i % 26));
      const auto output = host.run({{"cat"}, {}, {}, {text, {}}, {}}, within(60s));
      if (output && output->out == text) ++good;
    });
  }
  threads.clear();
  return good;
}

}  // namespace

TEST_CASE("twenty commands at once share one connection") {
  const Sshd sshd;
  const auto host = make_ssh(target_of(sshd));
  CHECK(run_side_by_side(*host, 20) == 20);
  CHECK(host->traffic().connections == 1);
  CHECK(host->traffic().commands == 20);
  CHECK(host->traffic().bytes_sent > 4'000'000);
}

TEST_CASE("a host that grants few channels is served with few, and its commands can still be ended") {
  const Sshd sshd("MaxSessions " + std::to_string(GENERATE(1, 2)));
  const auto host = make_ssh(target_of(sshd));
  CHECK(run_side_by_side(*host, 6) == 6);
  CHECK(host->traffic().connections == 1);
  const auto path = sshd.folder() + "/pid";
  const auto output = host->run({{"sh", "-c", "echo $$ >\"$0\"; exec sleep 1000", path}, {}, {}, {}, {}}, within(1s));
  REQUIRE_FALSE(output);
  CHECK(output.error().why == Why::timed_out);
  auto pid = read_text(path);
  REQUIRE(pid.size() > 1);
  pid.pop_back();
  INFO(output.error().what);
  CHECK_FALSE(has(output.error().what, "still run"));
  // A zombie may stay for a moment, until it is reaped by whom it was left to.
  const auto status = read_text("/proc/" + pid + "/status");
  CHECK((status.empty() || has(status, "State:\tZ")));
}

TEST_CASE("host keys: unknown, accepted, changed") {
  const Sshd sshd;
  auto target = target_of(sshd);
  target.known_hosts = sshd.folder() + "/new/known";
  const auto unknown = refusal(target);
  CHECK(has(unknown.what, "SHA256:"));
  CHECK(has(unknown.help, "--accept-new-host-keys"));
  target.accept_new = true;
  CHECK(run(*make_ssh(target), {"true"}));
  target.accept_new = false;
  CHECK(run(*make_ssh(target), {"true"}));
  CHECK(has(read_text(target.known_hosts), "[127.0.0.1]:" + std::to_string(sshd.port()) + " ssh-ed25519 "));

  // Another host's key under this name; the first line makes the number mean something.
  target.accept_new = true;
  std::ofstream(target.known_hosts) << "# lab\n[127.0.0.1]:" << sshd.port()
                                    << " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
  const auto changed = refusal(target);
  CHECK(has(changed.what, "HAS CHANGED"));
  CHECK(has(changed.what, target.known_hosts + ":2"));
}

TEST_CASE("the kind of host key that is known is the one asked for") {
  const Sshd sshd;
  auto target = target_of(sshd);
  target.known_hosts = sshd.folder() + "/known_ecdsa";
  std::ofstream(target.known_hosts) << "[127.0.0.1]:" << sshd.port() << " " << read_text(sshd.folder() + "/host_ecdsa.pub");
  CHECK(run(*make_ssh(target), {"true"}));
  const auto local = make_local();
  REQUIRE(run(*local, {"ssh-keygen", "-q", "-H", "-f", target.known_hosts}));
  CHECK(read_text(target.known_hosts).starts_with("|1|"));
  CHECK(run(*make_ssh(target), {"true"}));
}

TEST_CASE("user keys that do not work are named, with the reason") {
  Sshd sshd;
  auto target = target_of(sshd);
  target.identities = {sshd.make_key("stranger", "ed25519")};
  CHECK(has(refusal(target).what, "stranger: refused"));
  target.identities = {sshd.folder() + "/missing"};
  CHECK(has(refusal(target).what, "cannot be read: "));
  CHECK(has(refusal(target).what, "/missing"));
  target.identities = {sshd.make_key("locked", "ed25519", "secret", true)};
  const auto locked = refusal(target);
  CHECK(has(locked.what, "passphrase"));
  CHECK(has(locked.help, "ssh-add"));
  target.identities = {sshd.make_key("rsa", "rsa", {}, true)};
  CHECK(has(refusal(target).help, "SHA-1"));
  target.identities.push_back(sshd.make_key("ecdsa", "ecdsa", {}, true));
  CHECK(run(*make_ssh(target), {"true"}));
}

TEST_CASE("IPv6, with brackets where they belong") {
  const Sshd sshd("ListenAddress ::1");
  auto target = target_of(sshd);
  target.address = "::1";
  target.config_file = "none";
  target.known_hosts = sshd.folder() + "/known6";
  std::ofstream(target.known_hosts) << "[::1]:" << sshd.port() << " " << read_text(sshd.folder() + "/host_ed25519.pub");
  const auto builtin = make_ssh(target);
  CHECK(run(*builtin, {"true"}));
  CHECK(builtin->name() == "root@[::1]:" + std::to_string(sshd.port()));
  CHECK(run(*make_system_ssh(target), {"true"}));
  target.address = "::1%1";  // with a zone, as link-local addresses need one
  std::ofstream(target.known_hosts) << "[::1%1]:" << sshd.port() << " " << read_text(sshd.folder() + "/host_ed25519.pub");
  CHECK(run(*make_ssh(target), {"true"}));
  target.address = "fe80::1%nosuchlink";
  CHECK(has(refusal(target).what, "[fe80::1%nosuchlink]"));
}

TEST_CASE("what waits for the host is counted, and a command waits at most four times") {
  Sshd sshd;
  const auto host = make_ssh(target_of(sshd));
  CHECK(host->traffic().round_trips == 0);
  CHECK(run(*host, {"true"}));
  const auto first = host->traffic().round_trips.value();
  // tcp, banner, key exchange, service, key offered, key proved, channel, command, its end; what sshd says unasked may split one.
  // An answer that was there before we looked, as on a busy machine, is not waited for: so the lower ends are far away.
  CHECK(first >= 4);
  CHECK(first <= 14);
  for (int i = 0; i < 20; ++i) CHECK(run(*host, {"true"}));
  const auto more = host->traffic().round_trips.value() - first;
  CHECK(more >= 20);
  CHECK(more <= 20 * 4);
  CHECK_FALSE(make_system_ssh(target_of(sshd))->traffic().round_trips);
}

TEST_CASE("nobody listens, or does not speak ssh") {
  Sshd sshd;
  auto target = target_of(sshd);
  sshd.kill();
  CHECK(has(refusal(target).what, "refused"));
  target.address = "name.invalid";
  CHECK(has(refusal(target).what, "name is not known"));
}

TEST_CASE("a host that is let go while it connects ends at once") {
  Sshd sshd;
  auto target = target_of(sshd);
  const tidelab::tests::Listener silent;
  target.port = silent.port();
  auto host = make_ssh(target);
  const auto late = host->run({{"true"}, {}, {}, {}, {}}, within(1s));
  REQUIRE_FALSE(late);
  CHECK(late.error().why == Why::unreachable);
  CHECK(has(late.error().what, "did not finish the login in time"));
  host.reset();  // would wait for ever if the thread missed the ring
}

TEST_CASE("a broken connection fails what was under way, and the next command connects again") {
  Sshd sshd;
  const auto host = make_ssh(target_of(sshd));
  std::jthread killer;
  Command command{{"sh", "-c", "echo begun; exec sleep 1000"}, {}, {}, {}, {}};
  command.on_out = [&](std::string_view) { sshd.kill(); };
  const auto broken = host->run(command, within(60s));
  REQUIRE_FALSE(broken);
  CHECK(broken.error().why == Why::unreachable);
  CHECK(has(broken.error().what, "may or may not have run"));
  CHECK_FALSE(run(*host, {"true"}));
  sshd.start();
  CHECK(run(*host, {"true"}));
  CHECK(host->traffic().connections == 2);
}

TEST_CASE("a connection that died while it was idle is not noticed by the next command") {
  Sshd sshd;
  const auto host = make_ssh(target_of(sshd));
  CHECK(run(*host, {"true"}));
  sshd.kill();
  sshd.start();
  CHECK(run(*host, {"true"}));
}
