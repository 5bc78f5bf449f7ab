// Topics: asked for, made, changed, removed. librdkafka 2.0.2 has no incremental alter, hence merge_configs.
#include "client/kafka_admin.hpp"
#include "client/inside.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "client/aside.hpp"
#include "client/kafka_handle.hpp"

namespace tidelab::client {

using step::fail;
using step::Why;

namespace {

constexpr int poll_ms = 100;

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* it) const { Free(it); }
};
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, Freed<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Freed<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;
using NewPartitions = std::unique_ptr<rd_kafka_NewPartitions_t, Freed<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>>;
using DeleteTopic = std::unique_ptr<rd_kafka_DeleteTopic_t, Freed<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Freed<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>>;
using Event = KafkaPtr<rd_kafka_event_t>;

struct Request {
  rd_kafka_admin_op_t kind;
  std::string doing;
  std::function<void(rd_kafka_t*, const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)> send;
};

// Sends one request and waits for its event. An answer that nobody waits for any more is dropped with the queue.
Result<Event> ask(const KafkaHandle& handle, const Request& request, const Control& control) {
  const Options options(rd_kafka_AdminOptions_new(handle.get(), request.kind));
  char complaint[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_left(control), complaint, sizeof complaint);
  const bool waits_for_effect = request.kind == RD_KAFKA_ADMIN_OP_CREATETOPICS || request.kind == RD_KAFKA_ADMIN_OP_DELETETOPICS ||
                                request.kind == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS;
  if (waits_for_effect) rd_kafka_AdminOptions_set_operation_timeout(options.get(), milliseconds_left(control), complaint, sizeof complaint);
  const KafkaPtr<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()));
  request.send(handle.get(), options.get(), queue.get());
  for (;;) {
    if (control.stopped() || control.expired()) return ended(control, request.doing, handle.log());
    const auto patience = std::min<long>(poll_ms, static_cast<long>(control.left().count()) + 1);
    Event event(rd_kafka_queue_poll(queue.get(), static_cast<int>(patience)));
    if (!event) continue;
    if (const auto error = rd_kafka_event_error(event.get())) {
      return kafka_failure(error, request.doing, rd_kafka_event_error_string(event.get()), handle);
    }
    return event;
  }
}

const rd_kafka_topic_result_t* first(const rd_kafka_topic_result_t** list, std::size_t count) { return count == 1 ? list[0] : nullptr; }

Result<void> check(const rd_kafka_topic_result_t* result, const std::string& doing, const KafkaHandle& handle) {
  if (result == nullptr) return kafka_failure(RD_KAFKA_RESP_ERR__BAD_MSG, doing, "", handle);
  const auto error = rd_kafka_topic_result_error(result);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const auto* text = rd_kafka_topic_result_error_string(result);
  return kafka_failure(error, doing, text == nullptr ? "" : text, handle);
}

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

// Nothing when the broker that was asked does not know the topic. Another one may have named it just before: what the controller
// decided reaches one broker after the other.
Result<std::optional<std::vector<TopicConfig>>> ask_configs(const KafkaHandle& handle, const std::string& topic, const Control& control) {
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const Request request{RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, "describing the configs of topic " + topic,
                        [&](auto* client, auto* options, auto* queue) {
                          auto* raw = resource.get();
                          rd_kafka_DescribeConfigs(client, &raw, 1, options, queue);
                        }};
  const auto event = ask(handle, request, control);
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto* list = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return kafka_failure(RD_KAFKA_RESP_ERR__BAD_MSG, request.doing, "", handle);
  if (const auto error = rd_kafka_ConfigResource_error(list[0])) {
    if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
    return kafka_failure(error, request.doing, text_or_empty(rd_kafka_ConfigResource_error_string(list[0])), handle);
  }
  std::vector<TopicConfig> configs;
  const auto* entries = rd_kafka_ConfigResource_configs(list[0], &count);
  for (std::size_t i = 0; i < count; ++i) {
    configs.push_back({rd_kafka_ConfigEntry_name(entries[i]), text_or_empty(rd_kafka_ConfigEntry_value(entries[i])),
                       rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG});
  }
  return configs;
}

Result<void> send_configs(const KafkaHandle& handle, const std::string& topic, const std::map<std::string, std::string>& configs,
                          const Control& control) {
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  for (const auto& [name, value] : configs) rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str());
  const Request request{RD_KAFKA_ADMIN_OP_ALTERCONFIGS, "setting the configs of topic " + topic,
                        [&](auto* client, auto* options, auto* queue) {
                          auto* raw = resource.get();
                          rd_kafka_AlterConfigs(client, &raw, 1, options, queue);
                        }};
  const auto event = ask(handle, request, control);
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto* list = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event->get()), &count);
  if (count != 1) return kafka_failure(RD_KAFKA_RESP_ERR__BAD_MSG, request.doing, "", handle);
  const auto error = rd_kafka_ConfigResource_error(list[0]);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka_failure(error, request.doing, text_or_empty(rd_kafka_ConfigResource_error_string(list[0])), handle);
}

TopicState read_state(const rd_kafka_metadata_topic& topic, const std::vector<TopicConfig>& configs) {
  TopicState state;
  state.partitions = topic.partition_cnt;
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const int replicas = topic.partitions[i].replica_cnt;
    state.replication_factor = i == 0 ? replicas : std::min(state.replication_factor, replicas);
  }
  for (const auto& config : configs) state.configs[config.name] = config.value;
  return state;
}

}  // namespace

std::map<std::string, std::string> merge_configs(const std::vector<TopicConfig>& current,
                                                 const std::map<std::string, std::string>& wanted) {
  auto all = wanted;
  for (const auto& config : current) {
    if (config.own) all.emplace(config.name, config.value);  // keeps what is wanted
  }
  return all;
}

namespace inside {

Result<std::optional<TopicState>> describe_topic(const std::string& bootstrap, const std::string& topic, const Control& control) {
  auto lease = take_kafka(KafkaUse::ask, bootstrap, control);
  if (!lease) return tl::unexpected(lease.error());
  const auto metadata = ask_metadata(*lease, topic, control);
  if (!metadata) return tl::unexpected(metadata.error());
  std::optional<TopicState> state;
  if (*metadata) {
    const auto configs = ask_configs(**lease, topic, control);
    if (!configs) return tl::unexpected(configs.error());
    if (*configs) state = read_state((*metadata)->topics[0], **configs);
  }
  give_back(std::move(*lease));
  return state;
}

Result<void> create_topic(const std::string& bootstrap, const std::string& topic, int partitions, int replication_factor,
                          const std::map<std::string, std::string>& configs, const Control& control) {
  const auto doing = "creating topic " + topic;
  auto lease = take_kafka(KafkaUse::ask, bootstrap, control);
  if (!lease) return tl::unexpected(lease.error());
  char complaint[512] = "";
  const NewTopic wanted(rd_kafka_NewTopic_new(topic.c_str(), partitions, replication_factor, complaint, sizeof complaint));
  if (!wanted) return fail(Why::failed, fmt::format("{}: {}", doing, complaint));
  for (const auto& [name, value] : configs) rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  const auto event = ask(**lease,
                         {RD_KAFKA_ADMIN_OP_CREATETOPICS, doing,
                          [&](auto* client, auto* options, auto* queue) {
                            auto* raw = wanted.get();
                            rd_kafka_CreateTopics(client, &raw, 1, options, queue);
                          }},
                         control);
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto** list = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  if (auto done = check(first(list, count), doing, **lease); !done) return done;
  give_back(std::move(*lease));
  return {};
}

Result<void> alter_topic(const std::string& bootstrap, const std::string& topic, const std::map<std::string, std::string>& configs,
                         const Control& control) {
  auto lease = take_kafka(KafkaUse::ask, bootstrap, control);
  if (!lease) return tl::unexpected(lease.error());
  const auto current = ask_configs(**lease, topic, control);
  if (!current) return tl::unexpected(current.error());
  if (!*current) return fail(Why::failed, fmt::format("topic {} is not known to the broker that was asked for its configs", topic));
  if (auto sent = send_configs(**lease, topic, merge_configs(**current, configs), control); !sent) return sent;
  give_back(std::move(*lease));
  return {};
}

Result<void> add_partitions(const std::string& bootstrap, const std::string& topic, int total, const Control& control) {
  const auto doing = fmt::format("giving topic {} {} partitions", topic, total);
  auto lease = take_kafka(KafkaUse::ask, bootstrap, control);
  if (!lease) return tl::unexpected(lease.error());
  char complaint[512] = "";
  const NewPartitions wanted(
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(std::max(total, 0)), complaint, sizeof complaint));
  if (!wanted) return fail(Why::failed, fmt::format("{}: {}", doing, complaint));
  const auto event = ask(**lease,
                         {RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, doing,
                          [&](auto* client, auto* options, auto* queue) {
                            auto* raw = wanted.get();
                            rd_kafka_CreatePartitions(client, &raw, 1, options, queue);
                          }},
                         control);
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto** list = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event->get()), &count);
  if (auto done = check(first(list, count), doing, **lease); !done) return done;
  give_back(std::move(*lease));
  return {};
}

// A topic that is not there is as good as removed: steps are level-triggered, and a run may be repeated.
Result<void> delete_topic(const std::string& bootstrap, const std::string& topic, const Control& control) {
  const auto doing = "removing topic " + topic;
  auto lease = take_kafka(KafkaUse::ask, bootstrap, control);
  if (!lease) return tl::unexpected(lease.error());
  const DeleteTopic wanted(rd_kafka_DeleteTopic_new(topic.c_str()));
  const auto event = ask(**lease,
                         {RD_KAFKA_ADMIN_OP_DELETETOPICS, doing,
                          [&](auto* client, auto* options, auto* queue) {
                            auto* raw = wanted.get();
                            rd_kafka_DeleteTopics(client, &raw, 1, options, queue);
                          }},
                         control);
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto** list = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event->get()), &count);
  const auto* result = first(list, count);
  const bool gone = result != nullptr && rd_kafka_topic_result_error(result) == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (auto done = check(result, doing, **lease); !done && !gone) return done;
  give_back(std::move(*lease));
  return {};
}

}  // namespace inside

}  // namespace tidelab::client
