// A Kafka-protocol door: topics, one record, and a tail of what arrives.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::client {

using step::Control;
using step::Result;

struct TopicState {
  int partitions = 0;
  int replication_factor = 0;
  std::map<std::string, std::string> configs;  ///< all of them, as the broker reports them
};

/// nullopt: the cluster answered, and has no such topic. No topic is ever created by asking.
Result<std::optional<TopicState>> describe_topic(const std::string& bootstrap, const std::string& topic, const Control& control);

Result<void> create_topic(const std::string& bootstrap, const std::string& topic, int partitions, int replication_factor,
                          const std::map<std::string, std::string>& configs, const Control& control);
/// Sets just these keys and leaves the others (incremental alter where the broker has it, else full alter of the
/// topic's non-default keys merged with these).
Result<void> alter_topic(const std::string& bootstrap, const std::string& topic, const std::map<std::string, std::string>& configs,
                         const Control& control);
Result<void> add_partitions(const std::string& bootstrap, const std::string& topic, int total, const Control& control);
Result<void> delete_topic(const std::string& bootstrap, const std::string& topic, const Control& control);

struct Broker {
  int id = 0;
  std::string host;
  int port = 0;
};

struct ClusterState {
  int controller = -1;  ///< id; -1: the broker that answered knows of none
  std::vector<Broker> brokers;
  int partitions = 0, under_replicated = 0;  ///< over all topics
  std::vector<std::string> leaderless;       ///< "topic/partition"
  std::map<std::string, int> replicas;       ///< by the id of a broker, also of one that is not there: how many it has; none: it is missing
};

/// Of several addresses the first that answers is asked; of one, that broker itself, and no other.
Result<ClusterState> describe_cluster(const std::string& bootstrap, const Control& control);

/// Names of all topics.
Result<std::vector<std::string>> list_topics(const std::string& bootstrap, const Control& control);

struct Position {
  int partition = 0;
  long offset = 0;
};

/// acks=all, waits for the broker's word.
Result<Position> produce(const std::string& bootstrap, const std::string& topic, const std::string& key, const std::string& value,
                         const Control& control);

struct Record {
  int partition = 0;
  long offset = 0;
  std::string key;
  std::string value;
  step::Clock::time_point arrived;  ///< when librdkafka handed it over
};

/// Tails all partitions of a topic from their end offsets as of open_tail(), without a group and without commits.
/// Low latency is its point: fetch.wait.max.ms and the poll must not add more than a few ms to a record's way.
class Tail {
public:
  virtual ~Tail() = default;
  /// Waits for more; an empty vector means that `wait` passed. Failure: the topic or the broker is gone.
  virtual Result<std::vector<Record>> poll(std::chrono::milliseconds wait) = 0;
};

/// Attached (all partitions assigned at a known end offset) when it returns.
Result<std::unique_ptr<Tail>> open_tail(const std::string& bootstrap, const std::string& topic, const Control& control);

}  // namespace tidelab::client
