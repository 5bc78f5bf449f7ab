// What a command looks like on the far side of an ssh channel, and how its two streams are read back.
//
// sshd hands one line to the login shell, which it starts as the leader of a session and process group of
// its own. Our line makes this shell say its pid first, on both streams, then run the program in a
// subshell, then say the exit code, again on both streams:
//
//   m() { printf MARK… ; }; m : PID ; ( cd … ; export … ; exec argv ) ; m = CODE
//
// Why marks instead of the channel's own exit-status and EOF:
//  - the pid is the process group that has to be ended at a deadline;
//  - a daemon left behind with our stdout keeps the channel open for ever (no EOF), and libssh2 1.10 cannot
//    tell "exit status 0" from "no exit status yet"; each stream's closing mark comes after all that the
//    command itself wrote there, so it is exact and needs no grace period;
//  - whatever ~/.bashrc prints comes before the first mark and can be told from output.
// `exec` keeps shell builtins out of the way: `echo` is the program, as it is on this machine.
//
// Shells that are not POSIX (fish, csh) find the function at the line's start to be no syntax of theirs, and
// refuse the whole line before any of it runs. What was refused so is sent again in the one form that all
// shells read alike (render_for_any_shell), which hands it to the host's sh.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/host.hpp"

namespace tidelab::host {

/// Of a channel or session, at a connection with no other one, before that is taken for an answer; 3 s.
inline constexpr int kRefusals = 60;

/// What can be said before anything is started on `host`: no time, a stop, a name that is none, no such input.
Result<void> check_runnable(const Command& command, const Control& control, const std::string& host);

/// A text that no program prints by chance.
std::string make_mark();

std::string render_remote(const Command& command, const std::string& mark);

/// Its part for directory and environment: "cd … || exit 125; export …; ".
std::string render_surroundings(const Command& command);

/// The same line for a login shell of any kind: `exec sh -c '…' WORD`, where no character has a meaning to any of
/// them. Longer, and one `sh` and `tr` dearer.
std::string render_for_any_shell(const std::string& line);

/// The login shell ended without beginning the command, in either form of the line.
tl::unexpected<step::Failure> make_no_shell(int code, std::string said);

/// The login shell printed more than MarkedStream keeps patience with, and had not begun the command.
tl::unexpected<step::Failure> make_flood(std::string said);

/// Ends a process group: TERM, then KILL two seconds later; it returns when the group is gone.
std::vector<std::string> make_group_kill(long pid);
/// What it says is nobody's.
Command make_ender(const Command& ended, long pid);

/// True for names that a shell can export.
bool is_variable_name(std::string_view name);

/// Of what a login shell prints before the command begins: kept, and put up with. A long banner has a few kilobytes.
inline constexpr std::size_t kNoiseKept = 64 << 10;
inline constexpr std::size_t kMostNoise = 1 << 20;

/// One stream of a marked command, cut free of its marks. It holds no more than kNoiseKept and the length of a mark,
/// whatever it is fed.
class MarkedStream {
public:
  explicit MarkedStream(std::string mark) : mark_(std::move(mark)) {}

  /// The command's own bytes among `bytes` and what was held back before.
  std::string feed(std::string_view bytes);

  bool begun() const { return pid_ != 0; }
  long pid() const { return pid_; }
  std::optional<int> code() const { return code_; }  ///< set once everything has been read
  /// Printed by the shell before the command began: its first kNoiseKept bytes.
  const std::string& noise() const { return noise_; }
  bool flooded() const { return noise_so_far_ > kMostNoise; }
  /// What was held back as a possible mark, when the stream ended without one.
  std::string take_rest();

private:
  void emit(std::string& clean, std::string_view bytes);

  std::string mark_, held_, noise_;
  std::size_t noise_so_far_ = 0;
  long pid_ = 0;
  std::optional<int> code_;
};

}  // namespace tidelab::host
