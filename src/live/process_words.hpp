// Private to this room: what the agent says of a service's process, in words. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "step/answer.hpp"
#include "step/failure.hpp"

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

/// What a host said of a service, when it has the form of the word `process`: an object whose members are truths, whole numbers
/// and short texts, each under its name. Else a failure that says which one is not; hosts and accounts on them may say anything.
step::Result<std::string> read_process(std::string_view said, const std::string& service, const std::string& host);

/// `answer`: that of the word `process`.
ProcessWords describe_process(const ProcessOf& of, const step::Answer& answer);

}  // namespace tidelab::live
