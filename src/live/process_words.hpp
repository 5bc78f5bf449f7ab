// Private to this room: what the agent says of a service's process, in words. Pure.
#pragma once

#include <optional>
#include <string>

namespace tidelab::live {

struct ProcessWords {
  std::string state;          ///< as run::Evidence has it; empty: it runs, which explains nothing
  std::string text;           ///< for people, with what to do on a second line
  std::optional<long> ended;  ///< how many seconds ago its last process ended, where that matters and is known
};

/// Whose process it is, for sentences and commands.
struct ProcessOf {
  std::string component;  ///< "Kafka broker 127.0.0.1:9092"
  std::string host, lab, node;
};

/// `answer`: the JSON of the word `process`.
ProcessWords describe_process(const ProcessOf& of, const std::string& answer);

}  // namespace tidelab::live
