// A topic, looked at and made true.
#include <fmt/format.h>

#include "client/kafka.hpp"
#include "live/world.hpp"

namespace tidelab::live {

using namespace step;

namespace {

int number(const Text& text, int otherwise) { return text.empty() ? otherwise : std::atoi(text.value.c_str()); }

std::map<std::string, std::string> configs_of(const Topic& topic) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : topic.configs) out[key.value] = value.value;
  return out;
}

// What cannot be made true in place.
std::optional<Failure> beyond_mending(const Topic& topic, const client::TopicState& state) {
  constexpr auto help = "remove the topic, or change the topology";
  if (!topic.replication_factor.empty() && state.replication_factor != number(topic.replication_factor, 0))
    return Failure{Why::failed,
                   fmt::format("topic {} has another replication factor, which cannot be changed in place", topic.name.value),
                   {},
                   "replication factor " + topic.replication_factor.value,
                   std::to_string(state.replication_factor),
                   help};
  if (const int partitions = number(topic.partitions, state.partitions); state.partitions > partitions)
    return Failure{Why::failed,
                   fmt::format("topic {} has more partitions than asked for, and they cannot be taken away", topic.name.value),
                   {},
                   std::to_string(partitions),
                   std::to_string(state.partitions),
                   help};
  return std::nullopt;
}

// What differs and can be changed in place is changed; true when something was.
Result<bool> mend(const Topic& topic, const client::TopicState& state, const Control& control) {
  if (auto never = beyond_mending(topic, state)) return tl::unexpected(std::move(*never));
  bool acted = false;
  const auto partitions = number(topic.partitions, state.partitions);
  if (state.partitions < partitions) {
    if (auto done = client::add_partitions(topic.bootstrap.value, topic.name.value, partitions, control); !done)
      return tl::unexpected(done.error());
    acted = true;
  }
  std::map<std::string, std::string> other;
  for (const auto& [key, value] : configs_of(topic)) {
    const auto found = state.configs.find(key);
    if (found == state.configs.end() || found->second != value) other[key] = value;
  }
  if (!other.empty()) {
    if (auto done = client::alter_topic(topic.bootstrap.value, topic.name.value, other, control); !done)
      return tl::unexpected(done.error());
    acted = true;
  }
  return acted;
}

std::string render_state(const std::optional<client::TopicState>& state) {
  if (!state) return R"({"exists":false,"partitions":0,"replication_factor":0,"configs":{}})";
  std::string configs;
  for (const auto& [key, value] : state->configs)
    configs += fmt::format("{}{}:{}", configs.empty() ? "" : ",", json_string(key), json_string(value));
  return fmt::format("{{\"exists\":true,\"partitions\":{},\"replication_factor\":{},\"configs\":{{{}}}}}", state->partitions,
                     state->replication_factor, configs);
}

}  // namespace

Result<Asked> ask_topic(const Topic& topic, const Control& control) {
  const auto state = client::describe_topic(topic.bootstrap.value, topic.name.value, control);
  if (!state) return tl::unexpected(state.error());
  Match expect;
  const auto want = [&](std::string pointer, const std::string& value) {
    expect.push_back({{std::move(pointer), {}}, Op::equals, {value, {}}});
  };
  want("/exists", topic.state.value == "absent" ? "false" : "true");
  if (!topic.partitions.empty()) want("/partitions", topic.partitions.value);
  if (!topic.replication_factor.empty()) want("/replication_factor", topic.replication_factor.value);
  for (const auto& [key, value] : topic.configs) want("/configs/" + key.value, value.value);
  auto asked = answered(render_state(*state));
  if (const auto wrong = mismatch(asked.answer, expect)) {
    Failure failure{Why::differs,
                    fmt::format("topic {} differs from the topology: {}", topic.name.value, wrong->actual),
                    {},
                    wrong->expected,
                    wrong->actual,
                    {}};
    if (*state)
      if (const auto never = beyond_mending(topic, **state)) failure.help = never->help;
    return tl::unexpected(std::move(failure));
  }
  return asked;
}

Result<std::string> cluster_state(const Brokers& word, const Control& control) {
  const auto state = client::describe_cluster(word.bootstrap.value, control);
  if (!state) return tl::unexpected(state.error());
  std::string brokers, leaderless, replicas;
  for (const auto& each : state->brokers)
    brokers +=
        fmt::format("{}{{\"id\":{},\"host\":{},\"port\":{}}}", brokers.empty() ? "" : ",", each.id, json_string(each.host), each.port);
  for (const auto& each : state->leaderless) leaderless += (leaderless.empty() ? "" : ",") + json_string(each);
  for (const auto& [id, count] : state->replicas) replicas += fmt::format("{}\"{}\":{}", replicas.empty() ? "" : ",", id, count);
  return fmt::format(
      R"({{"controller":{},"brokers":[{}],"partitions":{},"leaderless":{},"under_replicated":{},"offline":[{}],"replicas":{{{}}}}})",
      state->controller, brokers, state->partitions, state->leaderless.size(), state->under_replicated, leaderless, replicas);
}

// What was seen last of a topic that did not become as asked: the reason, not only that time is over.
std::string not_yet(const Topic& topic, bool is_there, bool acted, const std::optional<Failure>& refusal) {
  const auto what = fmt::format("topic {} did not become as asked in time: it is {}", topic.name.value, is_there ? "there" : "not there");
  if (refusal) return fmt::format("{}, and making it was refused: {}", what, refusal->what);
  return acted ? what + ", though the broker accepted the change" : what;
}

// `name-*`, to be removed: all of them.
Result<run::Done> remove_topics(const Topic& topic, const Control& control) {
  const auto prefix = topic.name.value.substr(0, topic.name.value.size() - 1);
  const auto names = client::list_topics(topic.bootstrap.value, control);
  if (!names) return tl::unexpected(names.error());
  int removed = 0;
  for (const auto& name : *names) {
    if (!name.starts_with(prefix)) continue;
    if (auto gone = client::delete_topic(topic.bootstrap.value, name, control); !gone) return tl::unexpected(gone.error());
    ++removed;
  }
  return run::Done{removed > 0, removed > 0 ? fmt::format("{} removed", removed) : "", {}};
}

Result<run::Done> ensure_topic(const Topic& topic, const Control& control) {
  if (topic.state.value == "absent" && topic.name.value.size() > 1 && topic.name.value.ends_with('*')) return remove_topics(topic, control);
  const bool absent = topic.state.value == "absent";
  bool acted = false;
  std::optional<Failure> refusal;
  Clock::time_point patience;
  while (true) {
    const auto state = client::describe_topic(topic.bootstrap.value, topic.name.value, control);
    if (!state) return tl::unexpected(state.error());
    if (absent && !*state) return run::Done{acted, acted ? "removed" : "was not there", {}};
    if (absent && !acted) {
      if (auto done = client::delete_topic(topic.bootstrap.value, topic.name.value, control); !done) return tl::unexpected(done.error());
      acted = true;
    } else if (!absent && !*state && !acted) {
      auto done = client::create_topic(topic.bootstrap.value, topic.name.value, number(topic.partitions, 1),
                                       number(topic.replication_factor, 1), configs_of(topic), control);
      // A broker that has just started may not know its topics yet, and then refuses to make what is there: the
      // refusal counts only if the topic does not show up.
      if (!done) refusal = done.error(), patience = Clock::now() + std::chrono::seconds(15);
      acted = true;
    } else if (refusal && !*state && Clock::now() > patience) {
      return tl::unexpected(*refusal);
    } else if (!absent && *state) {
      auto mended = mend(topic, **state, control);
      if (!mended) return tl::unexpected(mended.error());
      if (!*mended) return run::Done{acted, acted ? "created" : "", {}};
      acted = true;
    }
    // What the broker answered is true soon, not at once: metadata spreads after the controller decided.
    if (!step::pause(control, std::chrono::milliseconds(50)))
      return step::fail(control.stopped() ? Why::interrupted : Why::timed_out, not_yet(topic, state->has_value(), acted, refusal));
  }
}

}  // namespace tidelab::live
