// A program of this machine, watched to its end.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "process/spawn.hpp"
#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::process {

/// What a program reads on stdin: nothing, a text, or a file of this machine (streamed, never held whole).
struct Input {
  std::string text;
  std::string file;    ///< wins over `text` when not empty
  std::string lead{};  ///< comes before either
};

/// Who hears what the child says, as it comes.
struct Ears {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err{};  ///< if not set, `out` hears stderr, too, as the child wrote it
  std::function<bool()> may_end{};              ///< if set: at the deadline or the stop it is waited for, for as long as `to_kill` at most
  std::function<bool()> over{};                 ///< if set and true: all was heard, the child need not end by itself
};

/// How it ends: at the deadline or the stop, TERM goes to its group, and KILL after a while.
struct Ending {
  std::chrono::milliseconds to_kill{2000};
  bool whole_group = false;  ///< once the child has ended by itself, what it left behind in its group is killed
};

struct Ended {
  int code = 0;                         ///< 128 + signal when a signal ended it
  std::optional<step::Why> by{};        ///< ended by us: timed_out or interrupted
  std::optional<NotStarted> problem{};  ///< it could not be started; `code` is that of the problem
  long taken = 0;                       ///< bytes of its stdin that it read
};

/// `program` without its streams. Failure only when there can be no child at all.
step::Result<Ended> run(Program program, const Input& input, const step::Control& control, const Ears& ears, const Ending& ending = {});

}  // namespace tidelab::process
