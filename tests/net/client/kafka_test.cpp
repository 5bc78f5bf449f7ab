// The Kafka doors against librdkafka's mock cluster. It knows no admin request (describe, create, alter, delete), so of
// those only the way to the refusal is tested here, and what they do is left to the e2e level.
#include "client/kafka.hpp"

#include <set>
#include <thread>

#include "client/kafka_admin.hpp"
#include "support/catch.hpp"
#include "support/kafka_mock.hpp"
#include "support/listener.hpp"

using namespace tidelab;
using namespace std::chrono_literals;
using step::Clock;
using step::Control;
using step::Why;
using Mock = tests::KafkaMock;

namespace {

Control within(std::chrono::milliseconds time) { return Control{Clock::now() + time}; }

// Everything that comes until `count` records are there.
std::vector<client::Record> gather(client::Tail& tail, std::size_t count) {
  std::vector<client::Record> all;
  for (const auto until = Clock::now() + 10s; all.size() < count && Clock::now() < until;) {
    const auto some = tail.poll(500ms);
    if (!some) throw std::runtime_error(some.error().what);
    all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

// The failure that polling comes to.
step::Failure failure_of(client::Tail& tail) {
  for (const auto until = Clock::now() + 20s; Clock::now() < until;) {
    const auto some = tail.poll(500ms);
    if (!some) return some.error();
  }
  return {};
}

}  // namespace

TEST_CASE("a tail sees what is produced after it was opened, and nothing from before") {
  Mock mock;
  mock.topic("t", 3);
  for (const auto* key : {"a", "b", "c", "d"}) REQUIRE(client::produce(mock.bootstrap(), "t", key, "before", within(10s)));
  const auto tail = client::open_tail(mock.bootstrap(), "t", within(10s));
  REQUIRE(tail);
  const auto before = Clock::now();
  const auto at = client::produce(mock.bootstrap(), "t", "schlüssel", "wert 🌊", within(10s));
  REQUIRE(at);
  const auto seen = gather(**tail, 1);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].key == "schlüssel");
  CHECK(seen[0].value == "wert 🌊");
  CHECK(seen[0].partition == at->partition);
  CHECK(seen[0].offset == at->offset);
  CHECK(seen[0].arrived >= before);
  CHECK((*tail)->poll(50ms)->empty());
}

TEST_CASE("all partitions of several brokers are tailed, empty keys and values included") {
  Mock mock(3);
  mock.topic("t", 6);
  const auto tail = client::open_tail(mock.bootstrap(), "t", within(10s));
  REQUIRE(tail);
  std::set<std::pair<int, long>> sent, got;
  for (int i = 0; i < 20; ++i) {
    const auto at = client::produce(mock.bootstrap(), "t", i == 0 ? "" : "key" + std::to_string(i), "", within(10s));
    REQUIRE(at);
    sent.emplace(at->partition, at->offset);
  }
  for (const auto& record : gather(**tail, 20)) got.emplace(record.partition, record.offset);
  CHECK(got == sent);
}

TEST_CASE("the offsets of one key go up by one in one partition") {
  Mock mock;
  mock.topic("t", 4);
  const auto first = client::produce(mock.bootstrap(), "t", "k", "1", within(10s));
  const auto second = client::produce(mock.bootstrap(), "t", "k", "2", within(10s));
  REQUIRE((first && second));
  CHECK(first->partition == second->partition);
  CHECK(second->offset == first->offset + 1);
}

// The mock serves only old metadata requests, in which "do not make it" cannot be said; so it is told what to answer.
TEST_CASE("a topic that is not there is not there for each of the doors") {
  Mock mock;
  mock.topic("none", 1);
  rd_kafka_mock_topic_set_error(mock.cluster(), "none", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto state = client::describe_topic(mock.bootstrap(), "none", within(10s));
  REQUIRE(state);
  CHECK(!state->has_value());
  CHECK_THAT(client::produce(mock.bootstrap(), "none", "k", "v", within(10s)).error().what,
             Catch::Matchers::ContainsSubstring("no topic none"));
  CHECK_THAT(client::open_tail(mock.bootstrap(), "none", within(10s)).error().what, Catch::Matchers::ContainsSubstring("no topic none"));
}

TEST_CASE("an admin request that no broker serves ends at the deadline") {
  Mock mock;
  mock.topic("t", 1);
  CHECK(client::describe_topic(mock.bootstrap(), "t", within(500ms)).error().why == Why::timed_out);
  CHECK(client::create_topic(mock.bootstrap(), "u", 1, 1, {{"retention.ms", "1"}}, within(300ms)).error().why == Why::timed_out);
  CHECK(client::alter_topic(mock.bootstrap(), "t", {{"retention.ms", "1"}}, within(300ms)).error().why == Why::timed_out);
  CHECK(client::add_partitions(mock.bootstrap(), "t", 2, within(300ms)).error().why == Why::timed_out);
  CHECK(client::delete_topic(mock.bootstrap(), "t", within(300ms)).error().why == Why::timed_out);
}

TEST_CASE("arguments that cannot be are ours to blame") {
  Mock mock;
  CHECK(client::create_topic(mock.bootstrap(), "u", -5, 1, {}, within(10s)).error().why == Why::failed);
  CHECK(client::describe_topic("", "t", within(10s)).error().why == Why::failed);
}

TEST_CASE("an alter keeps the topic's own configs, and sends no defaults") {
  const std::vector<client::TopicConfig> current{
      {"retention.ms", "1000", true}, {"cleanup.policy", "compact", true}, {"segment.bytes", "1073741824", false}};
  const auto merged = client::merge_configs(current, {{"retention.ms", "2000"}, {"max.message.bytes", "5"}});
  CHECK(merged == std::map<std::string, std::string>{{"cleanup.policy", "compact"}, {"max.message.bytes", "5"}, {"retention.ms", "2000"}});
}

TEST_CASE("a broker that is not there refuses at once, one that is silent ends at the deadline") {
  const auto nobody = "127.0.0.1:" + std::to_string(tests::closed_port());
  CHECK(client::describe_topic(nobody, "t", within(30s)).error().why == Why::refused);
  CHECK(client::produce(nobody, "t", "k", "v", within(30s)).error().why == Why::refused);
  CHECK(client::open_tail(nobody, "t", within(30s)).error().why == Why::refused);
  const tests::Listener silent;
  CHECK(client::describe_topic(silent.address(), "t", within(300ms)).error().why == Why::timed_out);
  CHECK(client::open_tail(silent.address(), "t", within(300ms)).error().why == Why::timed_out);
  CHECK(client::create_topic(silent.address(), "t", 1, 1, {}, within(300ms)).error().why == Why::timed_out);
}

TEST_CASE("of several bootstrap addresses one that answers is enough") {
  Mock mock;
  const auto nobody = "127.0.0.1:" + std::to_string(tests::closed_port());
  mock.topic("t", 1);
  CHECK(client::produce(nobody + "," + mock.bootstrap(), "t", "k", "v", within(10s)).has_value());
}

TEST_CASE("a stop wakes each of the doors") {
  const tests::Listener silent;
  std::stop_source source;
  const std::jthread user([&] {
    step::pause({}, 50ms);
    source.request_stop();
  });
  const Control control{Clock::time_point::max(), source.get_token()};
  CHECK(client::create_topic(silent.address(), "t", 1, 1, {}, control).error().why == Why::interrupted);
  CHECK(client::describe_topic(silent.address(), "t", control).error().why == Why::interrupted);
}

TEST_CASE("a stop wakes a tail") {
  Mock mock;
  mock.topic("t", 1);
  std::stop_source source;
  const auto tail = client::open_tail(mock.bootstrap(), "t", Control{Clock::now() + 10s, source.get_token()});
  REQUIRE(tail);
  const std::jthread user([&] {
    step::pause({}, 50ms);
    source.request_stop();
  });
  CHECK((*tail)->poll(1h).error().why == Why::interrupted);
}

TEST_CASE("a broker that goes away under a tail becomes a failure, with librdkafka's words as evidence") {
  Mock mock;
  mock.topic("t", 1);
  const auto tail = client::open_tail(mock.bootstrap(), "t", within(10s));
  REQUIRE(tail);
  mock.vanish();
  const auto failure = failure_of(**tail);
  CHECK(failure.why == Why::refused);
  CHECK_THAT(failure.evidence, Catch::Matchers::ContainsSubstring("ALL_BROKERS_DOWN"));
}

TEST_CASE("a topic that goes away under a tail becomes a failure") {
  Mock mock;
  mock.topic("t", 1);
  const auto tail = client::open_tail(mock.bootstrap(), "t", within(10s));
  REQUIRE(tail);
  rd_kafka_mock_topic_set_error(mock.cluster(), "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto failure = failure_of(**tail);
  CHECK(failure.why == Why::refused);
  CHECK_THAT(failure.what, Catch::Matchers::ContainsSubstring("gone"));
}

TEST_CASE("a record that the broker refuses is a failure that names the error") {
  Mock mock;
  mock.topic("t", 1);
  rd_kafka_mock_push_request_errors(mock.cluster(), 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const auto refused = client::produce(mock.bootstrap(), "t", "k", "v", within(10s));
  REQUIRE(!refused);
  CHECK(refused.error().why == Why::refused);
  CHECK_THAT(refused.error().what, Catch::Matchers::ContainsSubstring("TOPIC_AUTHORIZATION_FAILED"));
  CHECK(client::produce(mock.bootstrap(), "t", "k", "v", within(10s)));
}

TEST_CASE("a delivery without a word ends at the deadline") {
  Mock mock;
  mock.topic("t", 1);
  REQUIRE(client::produce(mock.bootstrap(), "t", "k", "v", within(10s)));
  rd_kafka_mock_broker_push_request_error_rtts(mock.cluster(), 1, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 5000);
  CHECK(client::produce(mock.bootstrap(), "t", "k", "v", within(300ms)).error().why == Why::timed_out);
}
