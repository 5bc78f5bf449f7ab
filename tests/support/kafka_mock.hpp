// librdkafka's mock cluster, for as long as it is held.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <string>
#include <utility>

namespace tidelab::tests {

/// Brokers on loopback; they know no admin request (describe, create, alter, delete).
class KafkaMock {
public:
  explicit KafkaMock(int brokers = 1) {
    char complaint[256];
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, nullptr);
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, complaint, sizeof complaint);
    cluster_ = rd_kafka_mock_cluster_new(client_, brokers);
  }
  ~KafkaMock() {
    if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  KafkaMock(const KafkaMock&) = delete;
  KafkaMock& operator=(const KafkaMock&) = delete;

  std::string bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  rd_kafka_mock_cluster_t* cluster() const { return cluster_; }
  void topic(const char* name, int partitions) { rd_kafka_mock_topic_create(cluster_, name, partitions, 1); }
  void vanish() { rd_kafka_mock_cluster_destroy(std::exchange(cluster_, nullptr)); }

private:
  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace tidelab::tests
