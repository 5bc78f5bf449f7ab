// A worker: reads what it is asked from descriptor 3, asks the service by a library, and answers.
#include "client/worker_main.hpp"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <map>
#include <new>

#include <fmt/format.h>

#include "client/inside.hpp"
#include "client/worker.hpp"
#include "step/thread.hpp"

namespace tidelab::client {
namespace {

using nlohmann::json;
using step::Clock;
using step::Result;
using step::Why;

constexpr int socket_fd = 3;
// A service of a lab has a few brokers and rows; what a library takes for more is ended by the kernel.
constexpr rlim_t most_memory = 512 << 20, most_said = 64 << 10, most_open = 512;
constexpr std::size_t stack_of_a_thread = 512 << 10;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_bounded = false;  // sanitizers map terabytes
#else
constexpr bool memory_is_bounded = true;
#endif

void limit(__rlimit_resource_t what, rlim_t most) {
  const rlimit both{most, most};
  ::setrlimit(what, &both);
}

void bound_ourselves() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  if (memory_is_bounded) limit(RLIMIT_DATA, most_memory);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, most_said);  // descriptor 2 is a file in memory
  limit(RLIMIT_NOFILE, most_open);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_of_a_thread);
  if (memory_is_bounded) ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

// Whoever asks is gone: so are we, whatever a library is doing.
void end_with_the_other_side() {
  step::Thread(
      [] {
        pollfd wait{socket_fd, POLLRDHUP, 0};
        while (::poll(&wait, 1, -1) < 0) {
        }
        ::_exit(0);
      },
      step::nobody_is_told)
      .detach();
}

std::string text(const json& words, const char* key) { return words.at(key).get<std::string>(); }
std::map<std::string, std::string> texts(const json& words, const char* key) {
  return words.at(key).get<std::map<std::string, std::string>>();
}
long long moment(Clock::time_point at) { return std::chrono::nanoseconds(at.time_since_epoch()).count(); }

json of(const std::optional<TopicState>& state) {
  if (!state) return nullptr;
  return {{"partitions", state->partitions}, {"replication_factor", state->replication_factor}, {"configs", state->configs}};
}
json of(const ClusterState& state) {
  auto brokers = json::array();
  for (const auto& each : state.brokers) brokers.push_back({{"id", each.id}, {"host", each.host}, {"port", each.port}});
  return {{"controller", state.controller}, {"brokers", brokers},
          {"partitions", state.partitions}, {"under_replicated", state.under_replicated},
          {"leaderless", state.leaderless}, {"replicas", state.replicas}};
}
json of(const std::vector<Record>& records) {
  auto out = json::array();
  for (const auto& each : records)
    out.push_back({{"partition", each.partition},
                   {"offset", each.offset},
                   {"key", each.key},
                   {"value", each.value},
                   {"arrived", moment(each.arrived)}});
  return out;
}

template <class T>
Result<json> told(const Result<T>& result) {
  if (!result) return tl::unexpected(result.error());
  if constexpr (std::is_void_v<T>)
    return json();
  else
    return json(of(*result));
}

// What is open between two questions.
struct Open {
  std::unique_ptr<Tail> tail;
  std::unique_ptr<SqlSession> session;
};

using Operation = std::function<Result<json>(Open&, const json&, const Control&)>;

const std::map<std::string, Operation>& operations() {
  static const std::map<std::string, Operation> all{
      {"describe_topic",
       [](Open&, const json& w, const Control& c) { return told(inside::describe_topic(text(w, "bootstrap"), text(w, "topic"), c)); }},
      {"create_topic",
       [](Open&, const json& w, const Control& c) {
         return told(inside::create_topic(text(w, "bootstrap"), text(w, "topic"), w.at("partitions").get<int>(),
                                          w.at("replication_factor").get<int>(), texts(w, "configs"), c));
       }},
      {"alter_topic",
       [](Open&, const json& w, const Control& c) {
         return told(inside::alter_topic(text(w, "bootstrap"), text(w, "topic"), texts(w, "configs"), c));
       }},
      {"add_partitions",
       [](Open&, const json& w, const Control& c) {
         return told(inside::add_partitions(text(w, "bootstrap"), text(w, "topic"), w.at("total").get<int>(), c));
       }},
      {"delete_topic",
       [](Open&, const json& w, const Control& c) { return told(inside::delete_topic(text(w, "bootstrap"), text(w, "topic"), c)); }},
      {"describe_cluster", [](Open&, const json& w, const Control& c) { return told(inside::describe_cluster(text(w, "bootstrap"), c)); }},
      {"list_topics",
       [](Open&, const json& w, const Control& c) -> Result<json> {
         auto names = inside::list_topics(text(w, "bootstrap"), c);
         if (!names) return tl::unexpected(names.error());
         return json(*names);
       }},
      {"produce",
       [](Open&, const json& w, const Control& c) -> Result<json> {
         const auto at = inside::produce(text(w, "bootstrap"), text(w, "topic"), text(w, "key"), text(w, "value"), c);
         if (!at) return tl::unexpected(at.error());
         return json{{"partition", at->partition}, {"offset", at->offset}};
       }},
      {"open_tail",
       [](Open& open, const json& w, const Control& c) -> Result<json> {
         auto tail = inside::open_tail(text(w, "bootstrap"), text(w, "topic"), c);
         if (!tail) return tl::unexpected(tail.error());
         open.tail = std::move(*tail);
         return json();
       }},
      {"poll_tail", [](Open& open, const json& w,
                       const Control&) { return told(open.tail->poll(std::chrono::milliseconds(w.at("wait_ms").get<long>()))); }},
      {"open_sql",
       [](Open& open, const json& w, const Control& c) -> Result<json> {
         auto session =
             inside::open_sql({text(w, "host"), w.at("port").get<int>(), text(w, "user"), text(w, "password"), text(w, "database")}, c);
         if (!session) return tl::unexpected(session.error());
         open.session = std::move(*session);
         return json();
       }},
      {"run_sql",
       [](Open& open, const json& w, const Control& c) -> Result<json> {
         const auto answer = open.session->run(w.at("statements").get<std::vector<std::string>>(), c);
         if (!answer) return tl::unexpected(answer.error());
         return json{{"json", answer->json}, {"returned", moment(answer->returned)}};
       }},
  };
  return all;
}

Result<json> carry_out(Open& open, const json& words) try {
  Control control;
  control.deadline = Clock::now() + std::chrono::milliseconds(words.at("left_ms").get<long long>());
  return operations().at(text(words, "op"))(open, words, control);
} catch (const std::bad_alloc&) {
  return step::fail(Why::refused, fmt::format("what came from there takes more than {} MiB", most_memory >> 20));
} catch (const std::exception& error) {
  return step::fail(Why::failed, fmt::format("a client's worker failed: {}", error.what()));
}

}  // namespace

void become_worker_if_asked(int argc, char** argv) {
  struct stat about {};
  if (argc != 2 || std::strcmp(argv[1], worker_word) != 0 || ::fstat(socket_fd, &about) != 0 || !S_ISSOCK(about.st_mode)) return;
  bound_ourselves();
  end_with_the_other_side();
  Open open;
  json words;
  while (receive_frame(socket_fd, words)) {
    const auto answer = carry_out(open, words);
    if (!send_frame(socket_fd, answer ? json{{"value", *answer}} : json{{"failure", of_failure(answer.error())}})) break;
  }
  ::_exit(0);
}

}  // namespace tidelab::client

extern "C" void tidelab_become_worker_if_asked(int argc, char** argv) { tidelab::client::become_worker_if_asked(argc, argv); }
