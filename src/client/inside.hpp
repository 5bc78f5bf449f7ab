// Private to this room: what kafka.hpp and sql.hpp offer, in this very process. Only a worker calls these.
#pragma once

#include "client/kafka.hpp"
#include "client/sql.hpp"

namespace tidelab::client::inside {

Result<std::optional<TopicState>> describe_topic(const std::string& bootstrap, const std::string& topic, const Control& control);
Result<void> create_topic(const std::string& bootstrap, const std::string& topic, int partitions, int replication_factor,
                          const std::map<std::string, std::string>& configs, const Control& control);
Result<void> alter_topic(const std::string& bootstrap, const std::string& topic, const std::map<std::string, std::string>& configs,
                         const Control& control);
Result<void> add_partitions(const std::string& bootstrap, const std::string& topic, int total, const Control& control);
Result<void> delete_topic(const std::string& bootstrap, const std::string& topic, const Control& control);
Result<ClusterState> describe_cluster(const std::string& bootstrap, const Control& control);
Result<std::vector<std::string>> list_topics(const std::string& bootstrap, const Control& control);
Result<Position> produce(const std::string& bootstrap, const std::string& topic, const std::string& key, const std::string& value,
                         const Control& control);
Result<std::unique_ptr<Tail>> open_tail(const std::string& bootstrap, const std::string& topic, const Control& control);
Result<std::unique_ptr<SqlSession>> open_sql(const SqlTarget& target, const Control& control);

}  // namespace tidelab::client::inside
