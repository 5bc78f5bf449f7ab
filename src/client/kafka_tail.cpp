// What arrives in a topic from now on: no group, no commits, and as little delay of our own as there can be.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "client/aside.hpp"
#include "client/inside.hpp"
#include "client/kafka_handle.hpp"
#include "step/thread.hpp"

namespace tidelab::client {

using step::Clock;
using step::fail;
using step::Why;

namespace {

using std::chrono::milliseconds;
using Partitions = KafkaPtr<rd_kafka_topic_partition_list_t>;
using Message = KafkaPtr<rd_kafka_message_t>;

constexpr milliseconds tail_slice{100};
constexpr std::size_t most_at_once = 1000;
// A broker that restarts takes its time; only one that stays away is gone.
constexpr milliseconds patience_with_down{2000}, patience_with_silent{20'000};
constexpr milliseconds watch_every{500};
// With three brokers on a busy machine what the controller decided took one of them over two seconds.
constexpr milliseconds patience_with_new{5000};

// Who refuses is down; who is silent may be slow, or on a busy machine.
milliseconds patience_with(const step::Failure& failure) {
  return failure.why == Why::timed_out ? patience_with_silent : patience_with_down;
}

std::string text_of(const void* data, std::size_t size) { return data == nullptr ? "" : std::string(static_cast<const char*>(data), size); }

class KafkaTail : public Tail {
public:
  KafkaTail(KafkaLease lease, std::string topic, std::stop_token stop)
      : lease_(std::move(lease)), topic_(std::move(topic)), stop_(std::move(stop)) {}
  ~KafkaTail() override { rd_kafka_assign(lease_->get(), nullptr); }

  Result<void> attach(const rd_kafka_topic_partition_list_t& partitions, const Control& control);
  Result<std::vector<Record>> poll(milliseconds wait) override;

private:
  Result<void> take(const rd_kafka_message_t& message);
  Result<void> gather(milliseconds wait);
  Result<void> told();
  void tell(step::Failure failure);
  void watch(const std::stop_token& ending);

  KafkaLease lease_;
  std::string topic_;
  std::stop_token stop_;
  std::set<int> unattached_;
  std::vector<Record> records_;
  std::mutex mutex_;
  std::optional<step::Failure> seen_;  // by the watcher
  step::Thread watcher_;               // the last member: it ends before what it uses
};

// Takes what is there within `wait`, and then everything that can be had without waiting.
Result<void> KafkaTail::gather(milliseconds wait) {
  Message message(rd_kafka_consumer_poll(lease_->get(), static_cast<int>(wait.count())));
  while (message) {
    if (auto taken = take(*message); !taken) return taken;
    if (records_.size() >= most_at_once) break;
    message.reset(rd_kafka_consumer_poll(lease_->get(), 0));
  }
  return told();
}

Result<void> KafkaTail::take(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF || message.err == RD_KAFKA_RESP_ERR_NO_ERROR) unattached_.erase(message.partition);
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return {};
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return kafka_failure(message.err, "tailing topic " + topic_, text_of(message.payload, message.len), *lease_);
  }
  records_.push_back({message.partition, static_cast<long>(message.offset), text_of(message.key, message.key_len),
                      text_of(message.payload, message.len), Clock::now()});
  return {};
}

// librdkafka 2.0.2 says "all brokers down" once, and of a deleted topic nothing at all (seen with its mock cluster:
// the partition is moved to no broker and waits there). Either would be endless silence, so somebody else looks,
// with a client of its own: the poll must not be held up by it.
void KafkaTail::watch(const std::stop_token& ending) {
  auto well = Clock::now();
  while (step::pause(Control{Clock::time_point::max(), ending}, watch_every)) {
    const Control control{Clock::now() + patience_with_down, ending};
    auto lease = take_kafka(KafkaUse::ask, lease_->bootstrap(), control);
    const auto metadata = lease ? ask_metadata(*lease, topic_, control) : tl::unexpected(lease.error());
    if (metadata) give_back(std::move(*lease));
    if (metadata && *metadata) {
      well = Clock::now();
    } else if (metadata) {
      return tell({Why::refused, fmt::format("tailing topic {}: the topic is gone", topic_), lease_->log()});
    } else if (Clock::now() - well > patience_with(metadata.error()) && !ending.stop_requested()) {
      return tell({Why::refused, fmt::format("tailing topic {}: {}", topic_, metadata.error().what), lease_->log()});
    }
  }
}

void KafkaTail::tell(step::Failure failure) {
  const std::lock_guard lock(mutex_);
  seen_ = std::move(failure);
}

Result<void> KafkaTail::told() {
  const std::lock_guard lock(mutex_);
  if (seen_) return tl::unexpected(*seen_);
  return {};
}

Result<void> KafkaTail::attach(const rd_kafka_topic_partition_list_t& partitions, const Control& control) {
  const auto doing = "attaching to topic " + topic_;
  watcher_ = step::Thread([this](const std::stop_token& ending) { watch(ending); }, [this](step::Failure why) { tell(std::move(why)); });
  for (int i = 0; i < partitions.cnt; ++i) unattached_.insert(partitions.elems[i].partition);
  rd_kafka_poll_set_consumer(lease_->get());
  if (const auto error = rd_kafka_assign(lease_->get(), &partitions)) return kafka_failure(error, doing, "", *lease_);
  // Every partition says that we are at its end (or gives a record): only then is it really being fetched.
  while (!unattached_.empty()) {
    if (control.stopped() || control.expired()) return ended(control, doing, lease_->log());
    if (auto gathered = gather(std::min(tail_slice, control.left() + milliseconds(1))); !gathered) return gathered;
  }
  return {};
}

Result<std::vector<Record>> KafkaTail::poll(milliseconds wait) {
  const auto until = Clock::now() + std::min<milliseconds>(wait, std::chrono::hours(24));
  for (;;) {
    if (stop_.stop_requested()) return fail(Why::interrupted, fmt::format("tailing topic {} was interrupted", topic_));
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    // Records that came while we attached, or before a failure, are handed out first.
    if (records_.empty()) {
      if (auto gathered = gather(std::clamp(left, milliseconds(0), tail_slice)); !gathered && records_.empty()) {
        return tl::unexpected(gathered.error());
      }
    }
    if (!records_.empty() || Clock::now() >= until) return std::exchange(records_, {});
  }
}

// Who leads a partition is looked up when a question is begun, and one to a broker that is gone would wait for all of its time: so
// it is asked in pieces, until somebody leads who answers.
constexpr milliseconds patience_with_leader{2000};

bool may_be_led_by_another(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT ||
         error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
}

rd_kafka_resp_err_t ask_end(const KafkaHandle& handle, const std::string& topic, int partition, int64_t& end, const Control& control) {
  for (;;) {
    int64_t low = 0;
    const auto piece = std::min<int>(milliseconds_left(control), static_cast<int>(patience_with_leader.count()));
    const auto error = rd_kafka_query_watermark_offsets(handle.get(), topic.c_str(), partition, &low, &end, piece);
    if (!may_be_led_by_another(error) || !step::pause(control, milliseconds(100))) return error;
  }
}

Result<Partitions> ask_ends(const KafkaHandle& handle, const std::string& topic, int count, Clock::time_point deadline) {
  Partitions partitions(rd_kafka_topic_partition_list_new(count));
  for (int i = 0; i < count; ++i) {
    int64_t high = 0;
    const auto error = ask_end(handle, topic, i, high, {deadline, {}, {}});
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return kafka_failure(error, fmt::format("asking for the end of partition {} of topic {}", i, topic), "", handle);
    }
    rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), i)->offset = high;
  }
  return partitions;
}

Result<std::unique_ptr<Tail>> try_to_open(const std::string& bootstrap, const std::string& topic, const Control& control) {
  auto made = KafkaHandle::open(KafkaUse::tail, bootstrap);  // a tail's client is its own, and never pooled
  if (!made) return tl::unexpected(made.error());
  const auto lease = *made;
  const auto metadata = ask_metadata(lease, topic, control);
  if (!metadata) return tl::unexpected(metadata.error());
  if (!*metadata) return fail(Why::refused, fmt::format("there is no topic {} at {}", topic, bootstrap));
  const int count = (*metadata)->topics[0].partition_cnt;

  const auto doing = "asking for the ends of topic " + topic;
  using Shared = std::shared_ptr<rd_kafka_topic_partition_list_t>;
  const auto ends = wait_aside<Shared>(control, doing, [=, deadline = control.deadline]() -> Result<Shared> {
    return ask_ends(*lease, topic, count, deadline).map([](Partitions partitions) { return Shared(std::move(partitions)); });
  });
  if (!ends && (control.stopped() || control.expired())) return ended(control, doing, lease->log());
  if (!ends) return tl::unexpected(ends.error());

  auto tail = std::make_unique<KafkaTail>(lease, topic, control.stop);
  if (auto attached = tail->attach(**ends, control); !attached) return tl::unexpected(attached.error());
  return tail;
}

}  // namespace

namespace inside {

// Of a topic that was just made one broker says that it is not there and the next that it leads nothing, until what the
// controller decided has reached them all: a refusal counts when it stays one.
Result<std::unique_ptr<Tail>> open_tail(const std::string& bootstrap, const std::string& topic, const Control& control) {
  if (auto there = reach(bootstrap, control); !there) return tl::unexpected(there.error());
  const auto until = Clock::now() + patience_with_new;
  for (;;) {
    auto tail = try_to_open(bootstrap, topic, control);
    const bool refused = !tail && tail.error().why == Why::refused;
    if (!refused || Clock::now() >= until || !step::pause(control, milliseconds(50))) return tail;
  }
}

}  // namespace inside

}  // namespace tidelab::client
