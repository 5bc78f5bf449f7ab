// The SQL door against a real server.
#include "client/sql.hpp"

#include <nlohmann/json.hpp>
#include <thread>

#include "support/catch.hpp"
#include "support/listener.hpp"
#include "support/mariadb.hpp"

using namespace tidelab;
using namespace std::chrono_literals;
using client::SqlTarget;
using nlohmann::ordered_json;
using step::Clock;
using step::Control;
using step::Why;

namespace {

Control within(std::chrono::milliseconds time) { return Control{Clock::now() + time}; }

// One server for all cases of a process.
tests::MariaDb& server() {
  static tests::MariaDb it;
  return it;
}

SqlTarget lab(const std::string& database = "lab") {
  return {"127.0.0.1", server().port(), server().user(), server().password(), database};
}

std::unique_ptr<client::SqlSession> open() {
  auto session = client::open_sql(lab(), within(10s));
  if (!session) throw std::runtime_error(session.error().what);
  return std::move(*session);
}

}  // namespace

TEST_CASE("rows come as text or null, in the order and with the labels of the statement") {
  const auto answer = open()->run({"SELECT 'z' AS zed, 7 AS a, NULL AS n, '' AS empty, 1.50 AS d"}, within(10s));
  REQUIRE(answer);
  CHECK(answer->json == R"({"rows":[{"zed":"z","a":"7","n":null,"empty":"","d":"1.50"}],"count":1,"affected":0})");
}

TEST_CASE("text of any language survives a write and a read, and autocommit is on") {
  const std::string text = "grüße, 日本語, 🌊 'quoted'";
  const auto session = open();
  REQUIRE(
      session->run({"DROP TABLE IF EXISTS t", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99)) CHARACTER SET utf8mb4"}, within(10s)));
  const auto before = Clock::now();
  const auto written = session->run({"INSERT INTO t VALUES (1, 'grüße, 日本語, 🌊 ''quoted'''), (2, NULL)"}, within(10s));
  REQUIRE(written);
  CHECK(written->json == R"({"rows":[],"count":0,"affected":2})");
  CHECK(written->returned >= before);
  CHECK(written->returned <= Clock::now());
  const auto seen = open()->run({"SELECT v, LENGTH(v) l, CHAR_LENGTH(v) c FROM t ORDER BY id"}, within(10s));  // another session
  REQUIRE(seen);
  const auto rows = ordered_json::parse(seen->json)["rows"];
  CHECK(rows[0]["v"] == text);
  CHECK(rows[0]["l"] == std::to_string(text.size()));  // as stored: not encoded twice
  CHECK(rows[1]["v"].is_null());
}

TEST_CASE("the last statement's answer counts, and none is an empty answer") {
  const auto session = open();
  CHECK(ordered_json::parse(session->run({"SELECT 1", "SELECT 2 AS b UNION SELECT 3"}, within(10s))->json)["count"] == 2);
  CHECK(session->run({}, within(10s))->json == R"({"rows":[],"count":0,"affected":0})");
}

TEST_CASE("bytes that are no text do not throw") { CHECK(open()->run({"SELECT UNHEX('FF00FE') AS b"}, within(10s)).has_value()); }

TEST_CASE("an error of the server is told with its code, and the session lives on") {
  const auto session = open();
  const auto answer = session->run({"SELECT * FROM no_such"}, within(10s));
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::refused);
  CHECK_THAT(answer.error().what, Catch::Matchers::StartsWith("server says 1146: ") && Catch::Matchers::ContainsSubstring("lab.no_such"));
  CHECK(session->run({"SELECT 1"}, within(10s)));
}

TEST_CASE("a wrong password, a missing database and a closed port are refusals") {
  auto target = lab();
  target.password = "wrong";
  CHECK_THAT(client::open_sql(target, within(10s)).error().what, Catch::Matchers::ContainsSubstring("1045"));
  CHECK_THAT(client::open_sql(lab("nowhere"), within(10s)).error().what, Catch::Matchers::ContainsSubstring("1049"));
  target.port = tests::closed_port();
  CHECK(client::open_sql(target, within(10s)).error().why == Why::refused);
  target.host = "no-such-host.invalid";
  CHECK(client::open_sql(target, within(20s)).error().why == Why::unreachable);
}

TEST_CASE("a peer that is silent from the start ends at the deadline") {
  const tests::Listener silent;
  const auto control = within(200ms);
  const auto answer = client::open_sql({"127.0.0.1", silent.port(), "u", "p", ""}, control);
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::timed_out);
}

TEST_CASE("a statement that takes too long ends at the deadline, the session is dead then, and says so") {
  const auto session = open();
  const auto answer = session->run({"SELECT SLEEP(2)"}, within(200ms));
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::timed_out);
  CHECK(session->run({"SELECT 1"}, within(10s)).error().why == Why::refused);
}

TEST_CASE("a stop wakes a statement without a deadline") {
  const auto session = open();
  std::stop_source source;
  const std::jthread user([&] {
    step::pause({}, 50ms);
    source.request_stop();
  });
  const auto answer = session->run({"SELECT SLEEP(2)"}, Control{Clock::time_point::max(), source.get_token()});
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::interrupted);
}

TEST_CASE("a server that is killed under a session is a refusal") {
  tests::MariaDb own;
  auto session = client::open_sql({"127.0.0.1", own.port(), own.user(), own.password(), ""}, within(10s));
  REQUIRE(session);
  own.kill();
  CHECK((*session)->run({"SELECT 1"}, within(10s)).error().why == Why::refused);
}

TEST_CASE("an answer of more rows or bytes than anybody asks for is not read to its end, and is told once") {
  const auto [statement, beyond] =
      GENERATE(table<std::string, std::string>({{"SELECT seq FROM seq_1_to_200000", "more than 100000 rows"},
                                                {"SELECT REPEAT('x', 1000000) v FROM seq_1_to_20000", "more than 16 MiB"}}));
  const auto session = open();
  const auto answer = session->run({statement}, within(60s));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().why == Why::refused);
  CHECK(answer.error().lasting);
  CHECK_THAT(answer.error().what, Catch::Matchers::ContainsSubstring(beyond));
  REQUIRE(open()->run({"SELECT 1"}, within(10s)));  // others are served
}

TEST_CASE("as many rows as may be come, all of them, and the session goes on") {
  const auto session = open();
  const auto answer = session->run({"SELECT seq FROM seq_1_to_100000", "SELECT 1", "SELECT seq FROM seq_1_to_99999"}, within(60s));
  REQUIRE(answer);
  CHECK(ordered_json::parse(answer->json)["count"] == 99'999);
  REQUIRE(session->run({"SELECT 2"}, within(10s)));
}

TEST_CASE("rows that break off are no answer") {
  const auto answer = open()->run({"SELECT seq, IF(seq = 50000, (SELECT 1 UNION SELECT seq), 0) v FROM seq_1_to_60000"}, within(60s));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().why == Why::refused);
}

TEST_CASE("a row that is larger than a packet may be is no answer") {
  REQUIRE(open()->run({"SET GLOBAL max_allowed_packet = 67108864"}, within(10s)));
  const auto answer = open()->run({"SELECT REPEAT('x', 30000000) v"}, within(60s));
  REQUIRE_FALSE(answer);
}
