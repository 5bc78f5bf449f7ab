// Texts from wherever a person points at: a file, `-`, a pipe. Bounded, and never stuck without a word.
#pragma once

#include <stop_token>
#include <string>

#include <tl/expected.hpp>

namespace tidelab::cli {

/// Why a text could not be read, and what to do about it.
struct Unreadable {
  std::string what;
  std::string help;
};

/// The name that diagnostics print for an input: `-` is `<stdin>`.
std::string name_of_input(const std::string& target);

/// All of it; of a text larger than a topology may be, so much that the reader refuses it as too large. A pipe that
/// nobody writes to is given up after a while; a wish to stop ends the wait.
tl::expected<std::string, Unreadable> read_input(const std::string& target, const std::stop_token& stop);

}  // namespace tidelab::cli
