// Any bytes at all as what a host prints: the agent's lines, a preflight's facts, the ends of logs, the state of a process,
// and the first bytes of an ssh connection. Each is read or passed over, and what is made of it stays within its bounds.
#include <cstdint>
#include <string>

#include "host/algorithms.hpp"
#include "library.hpp"
#include "live/agent_answers.hpp"
#include "live/process_words.hpp"
#include "preflight/facts.hpp"

namespace {

using namespace tidelab;
using fuzz::require;

constexpr std::size_t steps = 3, most_lines = 15;

void read_facts(const std::string& said) {
  const auto facts = preflight::read_facts(said);
  for (const auto& dir : facts.dirs) require(dir.free_bytes >= 0 && dir.total_bytes >= 0, "there is no less than no room");
  for (const auto& holder : facts.holders) require(!holder.address.empty(), "a socket has an address");
  for (const auto clock : {facts.clock_begin, facts.clock_end}) (void)(2 * clock.value_or(preflight::Micros(0)));
}

void read_steps(const std::string& said) {
  require(live::read_looks(said, steps).size() == steps, "each look has an answer");
  const host::Output output{1, said, said};
  for (std::size_t n = 0; n < steps; ++n) {
    const auto result = live::read_results(output, steps)[n].value_or(live::nothing_said(output, n));
    require(result || !result.error().what.empty(), "a failure says something");
  }
}

void read_logs(const std::string& said) {
  const auto logs = live::read_logs(said, "mark", {"/a", "/b"});
  require(logs.ends.size() <= 2 && logs.ends.size() == logs.unread.size(), "of each file once");
  const auto since = logs.now - std::chrono::seconds(10);
  require(!live::clock_text(since, logs.offset).empty(), "a time has a text");
  const plan::LogLook look{{}, "matters", {"ours"}, "OutOfMemory"};
  for (const auto& log : logs.ends)
    for (const auto from : {std::optional<live::HostTime>(), std::optional(since)})
      require(live::choose_lines(log, look, from, most_lines).lines.size() <= most_lines, "no more lines than there is room for");
}

void read_process(const std::string& said) {
  const auto words = live::describe_process({"Server", "host", "lab", "node"}, step::Answer::parse(said));
  require(!words.text.empty(), "a process has words");
  if (words.ended) (void)(live::HostTime::zero() - std::chrono::seconds(*words.ended));
}

void read_greeting(const std::string& said) {
  const auto offer = host::read_offer(said);
  require(!offer || host::has_identification(said), "who offers something has said who it is");
  if (!offer) return;
  for (const auto* list : {&offer->to_host.kex, &offer->to_host.ciphers, &offer->from_host.macs})
    require(host::common_words(*list, *list).size() <= list->size(), "no list is longer than it was");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string said(reinterpret_cast<const char*>(data), size);
  read_facts(said);
  read_steps(said);
  read_logs(said);
  read_process(said);
  read_greeting(said);
  return 0;
}
