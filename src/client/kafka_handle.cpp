// Settings, log, errors and the pool of librdkafka clients.
#include "client/kafka_handle.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include <fmt/format.h>

#include "client/aside.hpp"
#include "client/tcp.hpp"
#include "step/thread.hpp"

namespace tidelab::client {

using step::fail;
using step::Why;

void FreeKafka::operator()(rd_kafka_s* it) const {
  rd_kafka_destroy_flags(it, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);  // there is no group to leave
}
void FreeKafka::operator()(rd_kafka_topic_s* it) const { rd_kafka_topic_destroy(it); }
void FreeKafka::operator()(rd_kafka_queue_s* it) const { rd_kafka_queue_destroy(it); }
void FreeKafka::operator()(rd_kafka_op_s* it) const { rd_kafka_event_destroy(it); }
void FreeKafka::operator()(rd_kafka_topic_partition_list_s* it) const { rd_kafka_topic_partition_list_destroy(it); }
void FreeKafka::operator()(rd_kafka_message_s* it) const { rd_kafka_message_destroy(it); }
void FreeKafka::operator()(const struct rd_kafka_metadata* it) const {
  if (it != nullptr) rd_kafka_metadata_destroy(it);  // a shared_ptr, other than a unique_ptr, frees nullptr too
}

namespace {

constexpr std::size_t most_log_lines = 12;

using Settings = std::vector<std::pair<const char*, const char*>>;

Settings settings_of(KafkaUse use) {
  Settings all{
      {"client.id", "tidelab"},
      {"socket.nagle.disable", "true"},
      // The default backs off up to 10 s, and would hide a broker that is back from whoever waits for it.
      {"reconnect.backoff.ms", "20"},
      {"reconnect.backoff.max.ms", "250"},
      {"log.connection.close", "true"},
      {"receive.message.max.bytes", "16777216"},  // what one answer of a broker may have; none of a lab's comes near
  };
  const Settings asking{{"allow.auto.create.topics", "false"}, {"fetch.max.bytes", "4194304"}};
  const Settings producing{
      {"acks", "all"},
      {"linger.ms", "0"},
      {"retry.backoff.ms", "50"},
      {"partitioner", "murmur2_random"},  // a key goes where Java's clients would put it
  };
  const Settings tailing{
      {"queued.max.messages.kbytes", "16384"},  // a topic may hold anything
      {"group.id", "tidelab-tail"},             // librdkafka wants one; assign() without commits never uses it
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "true"},  // "at the end" tells that a partition is really being fetched
      {"auto.offset.reset", "error"},    // our offset is gone: the topic was made anew, which must be told
      {"fetch.min.bytes", "1"},
      {"fetch.wait.max.ms", "10"},
      {"fetch.error.backoff.ms", "50"},
      {"topic.metadata.refresh.interval.ms", "1000"},  // how soon a deleted topic is noticed
  };
  const auto add = [&](const Settings& more) { all.insert(all.end(), more.begin(), more.end()); };
  if (use == KafkaUse::produce) add(producing);
  if (use != KafkaUse::produce) add(asking);
  if (use == KafkaUse::tail) add(tailing);
  return all;
}

void on_log(const rd_kafka_t* client, int, const char* facility, const char* text) {
  if (auto* handle = static_cast<KafkaHandle*>(rd_kafka_opaque(client))) handle->add_log(fmt::format("{}: {}", facility, text));
}

void on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  auto& handle = *static_cast<KafkaHandle*>(opaque);
  handle.add_log(fmt::format("{}: {}", rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error)), reason));
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  *static_cast<Delivery*>(message->_private) = {true, message->err, {message->partition, static_cast<long>(message->offset)}};
}

struct Pool {
  std::mutex mutex;
  std::vector<KafkaLease> idle;
};

// Never destroyed: threads aside may give back while the process ends, and ending must not wait for librdkafka.
Pool& pool() {
  static auto& it = *new Pool;
  return it;
}

KafkaLease take_idle(KafkaUse use, const std::string& bootstrap) {
  auto& [mutex, idle] = pool();
  const std::lock_guard lock(mutex);
  const auto found =
      std::find_if(idle.begin(), idle.end(), [&](const KafkaLease& each) { return each->use() == use && each->bootstrap() == bootstrap; });
  if (found == idle.end()) return nullptr;
  auto lease = std::move(*found);
  idle.erase(found);
  return lease;
}

}  // namespace

std::string KafkaHandle::log() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& line : log_) out += (out.empty() ? "" : "\n") + line;
  return out;
}

void KafkaHandle::add_log(std::string line) {
  const std::lock_guard lock(mutex_);
  log_.push_back(std::move(line));
  if (log_.size() > most_log_lines) log_.pop_front();
}

Result<std::shared_ptr<KafkaHandle>> KafkaHandle::open(KafkaUse use, const std::string& bootstrap) {
  const std::shared_ptr<KafkaHandle> handle(new KafkaHandle(use, bootstrap),
                                            [](KafkaHandle* it) { step::Thread([it] { delete it; }, step::nobody_is_told).detach(); });
  auto* conf = rd_kafka_conf_new();
  char complaint[512] = "";
  auto settings = settings_of(use);
  settings.emplace_back("bootstrap.servers", bootstrap.c_str());
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, complaint, sizeof complaint) == RD_KAFKA_CONF_OK) continue;
    rd_kafka_conf_destroy(conf);
    return fail(Why::failed, fmt::format("librdkafka does not take {}={}: {}", name, value, complaint));
  }
  rd_kafka_conf_set_opaque(conf, handle.get());
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_error_cb(conf, on_error);
  if (use == KafkaUse::produce) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  const auto type = use == KafkaUse::produce ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
  handle->client_.reset(rd_kafka_new(type, conf, complaint, sizeof complaint));
  if (handle->client_) return handle;
  rd_kafka_conf_destroy(conf);  // a client that was made owns it, one that was not does not
  return fail(Why::failed, fmt::format("no kafka client for {}: {}", bootstrap, complaint));
}

Result<void> reach(const std::string& bootstrap, const Control& control) {
  Result<void> last = fail(Why::failed, fmt::format("\"{}\" names no bootstrap address", bootstrap));
  auto left = std::count(bootstrap.begin(), bootstrap.end(), ',') + 1;
  for (std::size_t at = 0; at < bootstrap.size(); --left) {
    const auto end = std::min(bootstrap.find(',', at), bootstrap.size());
    auto share = control;  // so that one silent address leaves time for the others
    share.deadline = std::min(control.deadline, step::Clock::now() + control.left() / left);
    const auto answer = tcp(bootstrap.substr(at, end - at), "", share);
    if (answer || control.stopped()) return answer.map([](const auto&) {});
    last = tl::unexpected(answer.error());
    at = end + 1;
  }
  return last;
}

Result<KafkaLease> take_kafka(KafkaUse use, const std::string& bootstrap, const Control& control) {
  if (auto there = reach(bootstrap, control); !there) return tl::unexpected(there.error());
  if (auto idle = take_idle(use, bootstrap)) return idle;
  return KafkaHandle::open(use, bootstrap);
}

void give_back(KafkaLease lease) {
  auto& [mutex, idle] = pool();
  const std::lock_guard lock(mutex);
  idle.push_back(std::move(lease));
}

tl::unexpected<step::Failure> kafka_failure(int error, const std::string& doing, const std::string& detail, const KafkaHandle& handle) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  const bool late = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE ||
                    code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT || code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT;
  const bool ours = code == RD_KAFKA_RESP_ERR__INVALID_ARG || code == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
  const auto why = late ? Why::timed_out : ours ? Why::failed : Why::refused;
  const auto text = detail.empty() ? std::string(rd_kafka_err2str(code)) : detail;
  return fail(why, fmt::format("{}: {} says {}: {}", doing, code < 0 ? "the client" : "the broker", rd_kafka_err2name(code), text),
              handle.log());
}

int milliseconds_left(const Control& control) {
  const auto left = std::clamp<std::chrono::milliseconds>(control.left(), std::chrono::milliseconds(1), std::chrono::hours(1));
  return static_cast<int>(left.count());
}

namespace {

Result<KafkaMetadata> ask_blocking(const KafkaHandle& handle, const std::string& topic, const std::string& doing, int timeout_ms) {
  const KafkaPtr<rd_kafka_topic_s> asked(rd_kafka_topic_new(handle.get(), topic.c_str(), nullptr));
  if (!asked) return kafka_failure(rd_kafka_last_error(), doing, "", handle);
  const struct rd_kafka_metadata* raw = nullptr;
  const auto error = rd_kafka_metadata(handle.get(), 0, asked.get(), &raw, timeout_ms);
  KafkaMetadata metadata(raw, FreeKafka{});
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_failure(error, doing, "", handle);
  if (metadata->topic_cnt != 1) return kafka_failure(RD_KAFKA_RESP_ERR__BAD_MSG, doing, "", handle);
  const auto& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return nullptr;
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_failure(found.err, doing, "", handle);
  return metadata;
}

}  // namespace

Result<KafkaMetadata> ask_metadata(const KafkaLease& handle, const std::string& topic, const Control& control) {
  const auto doing = "describing topic " + topic;
  auto metadata = wait_aside<KafkaMetadata>(
      control, doing, [=, timeout = milliseconds_left(control)] { return ask_blocking(*handle, topic, doing, timeout); });
  // librdkafka's clock runs out at about the same time as ours, and it then speaks of a transport failure.
  if (!metadata && (control.stopped() || control.expired())) return ended(control, doing, handle->log());
  return metadata;
}

}  // namespace tidelab::client
