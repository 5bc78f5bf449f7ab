// What an alter must keep (private to this room, apart so that it can be tested without a broker).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace tidelab::client {

/// `own`: set on this topic, rather than a default of the broker or of Kafka.
struct TopicConfig {
  std::string name;
  std::string value;
  bool own = false;
};

/// What a full (not incremental) alter must send so that only `wanted` changes.
std::map<std::string, std::string> merge_configs(const std::vector<TopicConfig>& current, const std::map<std::string, std::string>& wanted);

}  // namespace tidelab::client
