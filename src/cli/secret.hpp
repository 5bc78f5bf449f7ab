// A line that nobody else shall see: from the terminal without echo, or from a file descriptor.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace tidelab::cli {

/// The next line and no byte more: what follows may be meant for somebody else. None at the end, or when it cannot be read
/// (errno).
std::optional<std::string> read_line(int fd);

/// Whether there is a terminal that this process may read from now: it has one, and is not in the background.
bool has_terminal();

struct Answer {
  enum class Came { line, nothing, late, stopped, no_terminal };
  Came came = Came::nothing;
  std::string line{};
};

/// Held while somebody is asked on the terminal: nobody else reads from it or draws on it meanwhile.
std::mutex& terminal_turn();

/// Prompts on the terminal, whatever stdin and stdout are.
Answer ask_terminal(const std::string& prompt, std::chrono::seconds within, const std::stop_token& stop);

}  // namespace tidelab::cli
