// Starts a program in a session of its own, without a terminal, and with no descriptor of ours but those that it is given.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "process/fd.hpp"

namespace tidelab::process {

struct Program {
  std::vector<std::string> argv;    ///< argv[0] is looked up on the PATH that it will have, unless `file` is set, or it has a slash
  std::string file{};               ///< what is executed, where that is not argv[0]
  std::vector<std::string> env{};   ///< "NAME=value", in addition to our own, or in place of it
  std::string cwd{};                ///< empty: ours
  int in = -1, out = -1, err = -1;  ///< its standard streams; -1: /dev/null
  int third = -1;                   ///< what it has as descriptor 3; -1: none
};

/// As env(1) has it: the directory to start in cannot be entered.
inline constexpr int no_directory = 125;

/// Why there is no such child.
struct NotStarted {
  int code = 0;   ///< as a shell would say: `no_directory`, 126 (it cannot be run), 127 (it is not there); 0: there can be no child at all
  int error = 0;  ///< the error number
};

/// Its pid, which leads a session and a group of its own by then. What we block or ignore of signals (SIGINT, SIGPIPE) it does
/// not inherit. What it is given is above_standard().
tl::expected<pid_t, NotStarted> spawn(const Program& program);

/// The same, but none of the standard streams, nor what spawn() gives as third: a child is given them one by one, and what we
/// print must not go into it where a stream of ours is closed.
Fd above_standard(Fd fd);

/// Both ends above the standard streams, and closed on exec; reading does not block.
bool open_pipe(Fd& read_end, Fd& write_end);

}  // namespace tidelab::process
