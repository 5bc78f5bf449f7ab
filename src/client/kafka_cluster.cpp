// What one broker knows of its cluster.
#include <librdkafka/rdkafka.h>

#include <fmt/format.h>

#include "client/aside.hpp"
#include "client/inside.hpp"
#include "client/kafka_handle.hpp"

namespace tidelab::client {

namespace {

void read_topic(const rd_kafka_metadata_topic& topic, ClusterState& state) {
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const auto& partition = topic.partitions[i];
    ++state.partitions;
    if (partition.isr_cnt < partition.replica_cnt) ++state.under_replicated;
    for (int at = 0; at < partition.replica_cnt; ++at) ++state.replicas[std::to_string(partition.replicas[at])];
    if (partition.leader < 0) state.leaderless.push_back(fmt::format("{}/{}", topic.topic, partition.id));
  }
}

struct Asked {
  ClusterState state;
  std::vector<std::string> topics;
};

Result<Asked> ask_blocking(const KafkaHandle& handle, const std::string& doing, int timeout_ms) {
  const struct rd_kafka_metadata* raw = nullptr;
  const auto error = rd_kafka_metadata(handle.get(), 1, nullptr, &raw, timeout_ms);
  const KafkaPtr<const struct rd_kafka_metadata> metadata(raw);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_failure(error, doing, "", handle);
  Asked out;
  auto& state = out.state;
  state.controller = rd_kafka_controllerid(handle.get(), timeout_ms);
  for (int i = 0; i < metadata->broker_cnt; ++i) {
    const auto& broker = metadata->brokers[i];
    state.brokers.push_back({broker.id, broker.host, broker.port});
  }
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    out.topics.emplace_back(metadata->topics[i].topic);
    read_topic(metadata->topics[i], state);
  }
  return out;
}

Result<Asked> ask_cluster(const std::string& bootstrap, const Control& control) {
  const auto doing = fmt::format("asking {} for its cluster", bootstrap);
  if (auto there = reach(bootstrap, control); !there) return tl::unexpected(there.error());
  // A client of its own: one that has worked before knows other brokers, and would ask those.
  auto handle = KafkaHandle::open(KafkaUse::ask, bootstrap);
  if (!handle) return tl::unexpected(handle.error());
  auto asked = wait_aside<Asked>(
      control, doing, [handle = *handle, doing, timeout = milliseconds_left(control)] { return ask_blocking(*handle, doing, timeout); });
  if (!asked && (control.stopped() || control.expired())) return ended(control, doing, (*handle)->log());
  return asked;
}

}  // namespace

namespace inside {

Result<ClusterState> describe_cluster(const std::string& bootstrap, const Control& control) {
  return ask_cluster(bootstrap, control).map([](Asked asked) { return std::move(asked.state); });
}

Result<std::vector<std::string>> list_topics(const std::string& bootstrap, const Control& control) {
  return ask_cluster(bootstrap, control).map([](Asked asked) { return std::move(asked.topics); });
}

}  // namespace inside

}  // namespace tidelab::client
