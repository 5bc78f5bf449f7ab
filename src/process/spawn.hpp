// Starts a program in a session of its own, without a terminal, and with no descriptor of ours but those that it is given.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tidelab::process {

struct Program {
  std::vector<std::string> argv;    ///< argv[0] is looked up on PATH unless `file` is set, or it has a slash
  std::string file{};               ///< what is executed, where that is not argv[0]
  std::vector<std::string> env{};   ///< "NAME=value", in addition to our own, or in place of it
  std::string cwd{};                ///< empty: ours
  int in = -1, out = -1, err = -1;  ///< its standard streams; -1: /dev/null
  int third = -1;                   ///< what it has as descriptor 3; -1: none
};

/// Zero and its pid, which leads a group of its own; or the error number of whatever kept it from starting. What we block or ignore
/// of signals (SIGINT, SIGPIPE) it does not inherit.
int spawn(const Program& program, pid_t& pid);

}  // namespace tidelab::process
