// One record, and the broker's word that it has it.
#include <librdkafka/rdkafka.h>

#include <algorithm>

#include <fmt/format.h>

#include "client/aside.hpp"
#include "client/inside.hpp"
#include "client/kafka_handle.hpp"

namespace tidelab::client {

using step::fail;
using step::Why;

namespace {

// A producer's metadata requests make topics where the broker allows that, and wait long where it does not.
Result<void> must_exist(const std::string& bootstrap, const std::string& topic, const Control& control) {
  auto lease = take_kafka(KafkaUse::ask, bootstrap, control);
  if (!lease) return tl::unexpected(lease.error());
  const auto metadata = ask_metadata(*lease, topic, control);
  if (!metadata) return tl::unexpected(metadata.error());
  give_back(std::move(*lease));
  if (!*metadata) return fail(Why::refused, fmt::format("there is no topic {} at {}", topic, bootstrap));
  return {};
}

Result<Position> wait_for(const Delivery& delivery, const KafkaLease& lease, const std::string& doing, const Control& control) {
  while (!delivery.done) {
    if (control.stopped() || control.expired()) {
      // Nobody must be told later, through a pointer to what is gone by then. A record in flight may still arrive.
      rd_kafka_purge(lease->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
      while (!delivery.done) rd_kafka_poll(lease->get(), 10);
      if (delivery.error != RD_KAFKA_RESP_ERR_NO_ERROR) return ended(control, doing, lease->log());
      break;
    }
    rd_kafka_poll(lease->get(), 50);  // returns as soon as there is a report
  }
  if (delivery.error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_failure(delivery.error, doing, "", *lease);
  return delivery.position;
}

}  // namespace

namespace inside {

Result<Position> produce(const std::string& bootstrap, const std::string& topic, const std::string& key, const std::string& value,
                         const Control& control) {
  const auto doing = "producing to topic " + topic;
  if (auto there = must_exist(bootstrap, topic, control); !there) return tl::unexpected(there.error());
  auto lease = take_kafka(KafkaUse::produce, bootstrap, control);
  if (!lease) return tl::unexpected(lease.error());
  const KafkaPtr<rd_kafka_topic_s> to(rd_kafka_topic_new((*lease)->get(), topic.c_str(), nullptr));
  if (!to) return kafka_failure(rd_kafka_last_error(), doing, "", **lease);
  Delivery delivery;
  // An empty key is no key; an empty value is an empty text, not a tombstone (its pointer is not null).
  const int refused = rd_kafka_produce(to.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()), value.size(),
                                       key.empty() ? nullptr : key.data(), key.size(), &delivery);
  if (refused != 0) return kafka_failure(rd_kafka_last_error(), doing, "", **lease);
  auto position = wait_for(delivery, *lease, doing, control);
  if (position) give_back(std::move(*lease));
  return position;
}

}  // namespace inside

}  // namespace tidelab::client
