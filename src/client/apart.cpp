// What kafka.hpp and sql.hpp offer, asked of workers: see worker.hpp.
#include <fmt/format.h>

#include "client/aside.hpp"
#include "client/kafka.hpp"
#include "client/sql.hpp"
#include "client/worker.hpp"

namespace tidelab::client {

using nlohmann::json;
using step::Clock;
using step::fail;
using step::Why;

namespace {

using Words = json;

// A worker's answer that is not as we ask for it.
tl::unexpected<step::Failure> odd(const std::string& doing) {
  return fail(Why::refused, fmt::format("{}: its client gave no answer", doing));
}

Result<json> ask_once(const std::string& peer, const std::string& op, Words words, const Control& control, const std::string& doing) {
  auto worker = take_worker(peer);
  if (!worker) return tl::unexpected(worker.error());
  auto answer = (*worker)->ask(op, std::move(words), control, doing);
  give_back(std::move(*worker));
  return answer;
}

Result<json> ask_kafka(const std::string& bootstrap, const std::string& op, Words words, const Control& control, const std::string& doing) {
  words["bootstrap"] = bootstrap;
  return ask_once("kafka at " + bootstrap, op, std::move(words), control, doing);
}

Result<void> done(const Result<json>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Clock::time_point moment(const json& value) { return Clock::time_point(std::chrono::nanoseconds(value.get<long long>())); }

/// An answer, read; whatever of it is not there or of another kind makes it odd.
template <class T, class Read>
Result<T> read(const Result<json>& answer, const std::string& doing, Read reader) {
  if (!answer) return tl::unexpected(answer.error());
  try {
    return reader(*answer);
  } catch (const json::exception&) {
    return odd(doing);
  }
}

}  // namespace

Result<std::optional<TopicState>> describe_topic(const std::string& bootstrap, const std::string& topic, const Control& control) {
  const auto doing = "describing topic " + topic;
  return read<std::optional<TopicState>>(ask_kafka(bootstrap, "describe_topic", {{"topic", topic}}, control, doing), doing,
                                         [](const json& v) -> std::optional<TopicState> {
                                           if (v.is_null()) return std::nullopt;
                                           return TopicState{v.at("partitions").get<int>(), v.at("replication_factor").get<int>(),
                                                             v.at("configs").get<std::map<std::string, std::string>>()};
                                         });
}

Result<void> create_topic(const std::string& bootstrap, const std::string& topic, int partitions, int replication_factor,
                          const std::map<std::string, std::string>& configs, const Control& control) {
  return done(ask_kafka(bootstrap, "create_topic",
                        {{"topic", topic}, {"partitions", partitions}, {"replication_factor", replication_factor}, {"configs", configs}},
                        control, "creating topic " + topic));
}

Result<void> alter_topic(const std::string& bootstrap, const std::string& topic, const std::map<std::string, std::string>& configs,
                         const Control& control) {
  return done(
      ask_kafka(bootstrap, "alter_topic", {{"topic", topic}, {"configs", configs}}, control, "setting the configs of topic " + topic));
}

Result<void> add_partitions(const std::string& bootstrap, const std::string& topic, int total, const Control& control) {
  return done(ask_kafka(bootstrap, "add_partitions", {{"topic", topic}, {"total", total}}, control,
                        fmt::format("giving topic {} {} partitions", topic, total)));
}

Result<void> delete_topic(const std::string& bootstrap, const std::string& topic, const Control& control) {
  return done(ask_kafka(bootstrap, "delete_topic", {{"topic", topic}}, control, "removing topic " + topic));
}

Result<ClusterState> describe_cluster(const std::string& bootstrap, const Control& control) {
  const auto doing = "describing the cluster of " + bootstrap;
  return read<ClusterState>(ask_kafka(bootstrap, "describe_cluster", json::object(), control, doing), doing, [](const json& v) {
    ClusterState out;
    out.controller = v.at("controller").get<int>();
    for (const auto& each : v.at("brokers"))
      out.brokers.push_back({each.at("id").get<int>(), each.at("host").get<std::string>(), each.at("port").get<int>()});
    out.partitions = v.at("partitions").get<int>();
    out.under_replicated = v.at("under_replicated").get<int>();
    out.leaderless = v.at("leaderless").get<std::vector<std::string>>();
    out.replicas = v.at("replicas").get<std::map<std::string, int>>();
    return out;
  });
}

Result<std::vector<std::string>> list_topics(const std::string& bootstrap, const Control& control) {
  const auto doing = "listing the topics of " + bootstrap;
  return read<std::vector<std::string>>(ask_kafka(bootstrap, "list_topics", json::object(), control, doing), doing,
                                        [](const json& v) { return v.get<std::vector<std::string>>(); });
}

Result<Position> produce(const std::string& bootstrap, const std::string& topic, const std::string& key, const std::string& value,
                         const Control& control) {
  const auto doing = "producing to topic " + topic;
  return read<Position>(ask_kafka(bootstrap, "produce", {{"topic", topic}, {"key", key}, {"value", value}}, control, doing), doing,
                        [](const json& v) {
                          return Position{v.at("partition").get<int>(), v.at("offset").get<long>()};
                        });
}

namespace {

class TailApart : public Tail {
public:
  TailApart(std::unique_ptr<Worker> worker, std::string topic, std::stop_token stop)
      : worker_(std::move(worker)), topic_(std::move(topic)), stop_(std::move(stop)) {}

  Result<std::vector<Record>> poll(std::chrono::milliseconds wait) override {
    const auto doing = "reading topic " + topic_;
    const Control control{Clock::now() + wait + patience, stop_, {}};
    return read<std::vector<Record>>(worker_->ask("poll_tail", {{"wait_ms", wait.count()}}, control, doing), doing, [](const json& v) {
      std::vector<Record> out;
      for (const auto& each : v)
        out.push_back({each.at("partition").get<int>(), each.at("offset").get<long>(), each.at("key").get<std::string>(),
                       each.at("value").get<std::string>(), moment(each.at("arrived"))});
      return out;
    });
  }

private:
  static constexpr auto patience = std::chrono::seconds(10);  // for a machine that is busy

  std::unique_ptr<Worker> worker_;
  std::string topic_;
  std::stop_token stop_;
};

class SessionApart : public SqlSession {
public:
  SessionApart(SqlTarget target, std::unique_ptr<Worker> worker) : target_(std::move(target)), worker_(std::move(worker)) {}

  Result<SqlAnswer> run(const std::vector<std::string>& statements, const Control& control) override {
    if (!worker_->alive())
      return fail(Why::refused, fmt::format("the sql connection to {}:{} was given up before", target_.host, target_.port));
    return read<SqlAnswer>(worker_->ask("run_sql", {{"statements", statements}}, control, "the sql statement"), "the sql statement",
                           [](const json& v) {
                             return SqlAnswer{v.at("json").get<std::string>(), moment(v.at("returned"))};
                           });
  }

private:
  SqlTarget target_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace

Result<std::unique_ptr<Tail>> open_tail(const std::string& bootstrap, const std::string& topic, const Control& control) {
  auto worker = Worker::start("kafka at " + bootstrap);
  if (!worker) return tl::unexpected(worker.error());
  const auto opened = (*worker)->ask("open_tail", {{"bootstrap", bootstrap}, {"topic", topic}}, control, "reading topic " + topic);
  if (!opened) return tl::unexpected(opened.error());
  return std::make_unique<TailApart>(std::move(*worker), topic, control.stop);
}

Result<std::unique_ptr<SqlSession>> open_sql(const SqlTarget& target, const Control& control) {
  auto worker = Worker::start(fmt::format("sql at {}:{}", target.host, target.port));
  if (!worker) return tl::unexpected(worker.error());
  const Words words{
      {"host", target.host}, {"port", target.port}, {"user", target.user}, {"password", target.password}, {"database", target.database}};
  const auto opened = (*worker)->ask("open_sql", words, control, fmt::format("the sql connection to {}:{}", target.host, target.port));
  if (!opened) return tl::unexpected(opened.error());
  return std::make_unique<SessionApart>(target, std::move(*worker));
}

}  // namespace tidelab::client
