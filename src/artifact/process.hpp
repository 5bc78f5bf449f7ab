// Private to the room: runs one program in a session of its own, without a terminal, to its end or the control's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::artifact {

struct Command {
  std::vector<std::string> argv;  ///< argv[0] is looked up on PATH unless it has a slash
  std::vector<std::string> env;   ///< "NAME=value", in addition to our own
  std::string cwd;
  bool merged = false;                                ///< stdout is read as stderr is: for clients that complain on stdout
  std::function<void(const std::string&)> on_line{};  ///< each line of stderr; may be empty
};

struct Ended {
  int code = 0;      ///< exit code, or 128 + signal
  std::string out;   ///< stdout, at most 1 MB
  std::string tail;  ///< the last lines of stderr
};

/// Whatever the exit code was. The failure is `unreachable` when the program could not be started, else
/// `interrupted` or `timed_out`. Nothing of the process group lives on afterwards.
step::Result<Ended> run(const Command& command, const step::Control& control);

}  // namespace tidelab::artifact
