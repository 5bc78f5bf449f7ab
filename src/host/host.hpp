// A place to run commands: this machine, or another one over ssh. Commands are argv vectors; whatever
// quoting a transport needs happens behind this door, in one file (quote.hpp).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::host {

using step::Control;
using step::Result;

/// What the command reads on stdin: nothing, a text, or a file of this machine (streamed, never held whole).
struct Input {
  std::string text;
  std::string file;  ///< wins over `text` when not empty
};

struct Command {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;  ///< added to the login environment
  std::string cwd;                                       ///< empty: where the transport starts
  Input input;
  /// If set, stdout is handed over here as it comes (any chunking), and Output::out stays empty.
  std::function<void(std::string_view)> on_out;
};

/// A command that ended. `code` is 128 + signal when a signal ended it, as a shell would say.
struct Output {
  int code = 0;
  std::string out;
  std::string err;
};

/// Counts for `--trace` and for tests: what a run cost over the link.
struct Traffic {
  long commands = 0;
  long connections = 0;
  long bytes_sent = 0;
};

/// Thread-safe: any number of threads may call run() at once; a transport caps what it does side by side
/// (ssh: 8 channels over one connection) and queues the rest.
class Host {
public:
  virtual ~Host() = default;

  /// Runs the command to its end. Failure only when it could not be run or watched: Why::unreachable
  /// (link, authentication, host key), Why::timed_out, Why::interrupted, Why::failed (no such program:
  /// code 127 is an Output, not a Failure). At the deadline or on stop the command is ended (TERM to its
  /// process group, KILL two seconds later; over ssh: the channel is closed and the remote group is killed).
  virtual Result<Output> run(const Command& command, const Control& control) = 0;

  /// "this machine" or "root@192.168.12.21:22": for people.
  virtual std::string name() const = 0;
  virtual Traffic traffic() const = 0;
};

/// This machine, as the invoking user.
std::unique_ptr<Host> make_local();

struct SshTarget {
  std::string address;  ///< name or IP; IPv6 without brackets
  int port = 22;
  std::string user;
  std::vector<std::string> identities;  ///< private key files; empty: agent, then the usual files of ~/.ssh
  std::string known_hosts;              ///< empty: ~/.ssh/known_hosts
  bool accept_new = false;              ///< an unknown host key is added; a changed one is always refused
  std::chrono::milliseconds connect_within{10'000};
};

/// Connects lazily, at the first run(), keeps one connection, and connects again after it broke
/// (a command that was under way then fails with Why::unreachable: it may or may not have run).
std::unique_ptr<Host> make_ssh(SshTarget target);

}  // namespace tidelab::host
