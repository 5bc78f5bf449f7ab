// What the Kafka doors share (private to this room): librdkafka clients with their last log lines, a pool of them,
// and how their errors are told.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "client/kafka.hpp"

// librdkafka's own tags, so that its header stays out of ours.
struct rd_kafka_s;
struct rd_kafka_topic_s;
struct rd_kafka_queue_s;
struct rd_kafka_op_s;
struct rd_kafka_topic_partition_list_s;
struct rd_kafka_message_s;
struct rd_kafka_metadata;

namespace tidelab::client {

struct FreeKafka {
  void operator()(rd_kafka_s* it) const;
  void operator()(rd_kafka_topic_s* it) const;
  void operator()(rd_kafka_queue_s* it) const;
  void operator()(rd_kafka_op_s* it) const;  ///< an rd_kafka_event_t
  void operator()(rd_kafka_topic_partition_list_s* it) const;
  void operator()(rd_kafka_message_s* it) const;
  void operator()(const struct rd_kafka_metadata* it) const;
};
template <class T>
using KafkaPtr = std::unique_ptr<T, FreeKafka>;

/// `ask` never makes a topic by asking, which a producer's metadata requests do.
enum class KafkaUse { ask, produce, tail };

/// One client. librdkafka logs from its own threads, and never to stderr: the last lines are kept here.
class KafkaHandle {
public:
  /// What this gives ends on a thread of its own: rd_kafka_destroy may wait long, and with 2.0.2 for ever when a topic
  /// that was assigned is gone.
  static Result<std::shared_ptr<KafkaHandle>> open(KafkaUse use, const std::string& bootstrap);

  rd_kafka_s* get() const { return client_.get(); }
  KafkaUse use() const { return use_; }
  const std::string& bootstrap() const { return bootstrap_; }
  std::string log() const;
  void add_log(std::string line);

private:
  KafkaHandle(KafkaUse use, std::string bootstrap) : use_(use), bootstrap_(std::move(bootstrap)) {}
  KafkaUse use_;
  std::string bootstrap_;
  mutable std::mutex mutex_;
  std::deque<std::string> log_;
  KafkaPtr<rd_kafka_s> client_;  // the last member, so that it goes first: its threads use the others
};

/// Where a message's opaque points to: filled while the producer is polled.
struct Delivery {
  bool done = false;
  int error = 0;
  Position position{};
};

/// Shared, because a thread aside (aside.hpp) may still be in a call when its user has left.
using KafkaLease = std::shared_ptr<KafkaHandle>;

/// A client for one user at a time: an idle one that has worked before (its connections are warm), else a new one.
/// Fails at once when no bootstrap address accepts a connection, since librdkafka itself would try until the deadline.
Result<KafkaLease> take_kafka(KafkaUse use, const std::string& bootstrap, const Control& control);
/// Only after success: a client that saw trouble may have stale views, and is better dropped.
void give_back(KafkaLease lease);

/// Tries the bootstrap addresses; the failure is that of the last.
Result<void> reach(const std::string& bootstrap, const Control& control);

/// `error` is an rd_kafka_resp_err_t. `doing`: "describing topic t".
tl::unexpected<step::Failure> kafka_failure(int error, const std::string& doing, const std::string& detail, const KafkaHandle& handle);

/// One topic's metadata, asked of the cluster, not of a cache. nullptr: the cluster has no such topic.
using KafkaMetadata = std::shared_ptr<const struct rd_kafka_metadata>;
Result<KafkaMetadata> ask_metadata(const KafkaLease& handle, const std::string& topic, const Control& control);

/// What is left for librdkafka, which takes at most an hour and at least a millisecond.
int milliseconds_left(const Control& control);

}  // namespace tidelab::client
