// Texts from wherever a person points at: a file, `-`, a pipe. Bounded, and never stuck without a word.
#pragma once

#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "yaml/document.hpp"

namespace tidelab::cli {

/// Why a text could not be read, and what to do about it.
struct Unreadable {
  std::string what;
  std::string help;
};

/// The name that diagnostics print for an input: `-` is `<stdin>`.
std::string name_of_input(const std::string& target);

/// More than a topology may be, so that it is its reader who says that it is too much.
inline constexpr std::size_t most_of_a_topology = yaml::Limits{}.bytes + 1;

/// All of it, or its first `most` bytes: who asks for one byte more than is taken sees that there is too much. A pipe that
/// nobody writes to is given up after a while; a wish to stop ends the wait.
tl::expected<std::string, Unreadable> read_input(const std::string& target, const std::stop_token& stop,
                                                 std::size_t most = most_of_a_topology);

}  // namespace tidelab::cli
