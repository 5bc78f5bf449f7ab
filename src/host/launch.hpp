// Private to the room: what a child process is given, all of it made before the fork, and the fork itself.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "host/host.hpp"
#include "process/wake.hpp"

namespace tidelab::host {

struct Launch {
  std::vector<std::string> words, environment;
  std::vector<char*> argv, envp;  ///< point into `words` and `environment`
  std::string path, cwd;
  process::Fd in, out, err, problem;
};

/// What the child could not do, as it tells over the pipe `problem`.
struct Problem {
  int code = 0;  ///< 125, 126 or 127
  int error = 0;
};

/// Both ends above stdio and closed on exec; reading does not block.
bool open_pipe(process::Fd& read_end, process::Fd& write_end);

/// All but the three output pipes.
Result<Launch> make_launch(const Command& command);

/// The child's pid, leader of a session and a group of its own, so that it has no terminal; -1 with errno.
pid_t fork_quietly(const Launch& launch);

}  // namespace tidelab::host
