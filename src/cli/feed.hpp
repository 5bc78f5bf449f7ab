// What is piped into us, for commands on several hosts at once.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

namespace tidelab::cli {

/// Each of the readers gets all that our standard input holds, in the same order and no faster than the slowest of them takes
/// it, so that no more than a block of it is held. Nothing is read before somebody can take it, and nothing behind `leave`.
class Feed {
public:
  Feed(std::size_t readers, const std::stop_token& stop);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// What a command reads from, as host::Input::file.
  std::string path(std::size_t reader) const;
  /// Its command has ended.
  void leave(std::size_t reader);

private:
  struct Pipes;
  std::unique_ptr<Pipes> pipes_;
};

/// Whether our standard input is for the commands: anything that is no terminal; a terminal for one command alone, and only
/// while we are in its foreground.
bool has_input_for(std::size_t readers);

}  // namespace tidelab::cli
