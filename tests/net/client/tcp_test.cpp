// The plain TCP door against loopback peers.
#include "client/tcp.hpp"

#include <thread>

#include "support/catch.hpp"
#include "support/listener.hpp"

using namespace tidelab;
using namespace std::chrono_literals;
using step::Clock;
using step::Control;
using step::Why;

namespace {
Control within(std::chrono::milliseconds time) { return Control{Clock::now() + time}; }
}  // namespace

TEST_CASE("an address is split at its last colon") {
  const auto [text, host, port] = GENERATE(table<std::string, std::string, int>({
      {"localhost:2181", "localhost", 2181},
      {"10.0.0.1:65535", "10.0.0.1", 65535},
      {"[::1]:80", "::1", 80},
      {"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
      {"localhost", "", 0},
      {"localhost:", "", 0},
      {":80", "", 0},
      {"[]:80", "", 0},
      {"::1:80", "", 0},  // without brackets it could be an address without a port
      {"a:0", "", 0},
      {"a:65536", "", 0},
      {"a:-1", "", 0},
      {"a:80x", "", 0},
      {"", "", 0},
  }));
  CAPTURE(text);
  const auto address = client::parse_address(text);
  CHECK(address.port == port);
  CHECK(address.host == host);
}

TEST_CASE("a port that listens can be connected to, by number and by name") {
  const tests::Listener listener;
  CHECK(client::tcp(listener.address(), "", within(5s)).value().empty());
  CHECK(client::tcp("localhost:" + std::to_string(listener.port()), "", within(5s)).has_value());
}

TEST_CASE("what is sent is answered until the peer closes") {
  const tests::Listener listener("imok");
  CHECK(client::tcp(listener.address(), "ruok", within(5s)).value() == "imok");
}

TEST_CASE("a long answer is cut at 1 MiB") {
  const tests::Listener listener(std::string(3 << 20, 'x'));
  CHECK(client::tcp(listener.address(), "go", within(10s)).value().size() == 1 << 20);
}

TEST_CASE("a closed port refuses") {
  const auto answer = client::tcp("127.0.0.1:" + std::to_string(tests::closed_port()), "", within(5s));
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::refused);
  CHECK_THAT(answer.error().what, Catch::Matchers::ContainsSubstring("Connection refused"));
}

TEST_CASE("a silent peer ends at the deadline") {
  const tests::Listener listener;
  const auto control = within(150ms);
  const auto answer = client::tcp(listener.address(), "ruok", control);
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::timed_out);
  CHECK(control.expired());
}

TEST_CASE("a stop wakes a wait without a deadline") {
  const tests::Listener listener;
  std::stop_source source;
  const std::jthread user([&] {
    step::pause({}, 50ms);
    source.request_stop();
  });
  const auto answer = client::tcp(listener.address(), "ruok", Control{Clock::time_point::max(), source.get_token()});
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::interrupted);
}

TEST_CASE("a name that does not resolve and a text that is no address are told apart") {
  CHECK(client::tcp("no-such-host.invalid:80", "", within(20s)).error().why == Why::unreachable);
  CHECK(client::tcp("nonsense", "", within(5s)).error().why == Why::failed);
}
