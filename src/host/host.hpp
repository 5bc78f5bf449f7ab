// A place to run commands: this machine, or another one over ssh. Commands are argv vectors; whatever
// quoting a transport needs happens behind this door, in one file (quote.hpp).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/secrets.hpp"
#include "host/ssh_config.hpp"
#include "process/run.hpp"
#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::host {

using process::Input;
using step::Control;
using step::Result;

/// What is kept of each of a command's streams where nobody listens. Nothing that is asked of hosts says as much by far.
inline constexpr std::size_t kMostKept = 8 << 20;

struct Command {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;  ///< added to the login environment
  std::string cwd;                                       ///< empty: where the transport starts
  Input input;
  /// If set, stdout is handed over here as it comes (any chunking), and Output::out stays empty. What a host says may have
  /// no end: whoever listens bounds what he keeps.
  std::function<void(std::string_view)> on_out;
  /// If set, what ends this command goes through here first: only root may end what root runs.
  std::function<Command(const Command&)> as_i_run{};
  /// The same for stderr and Output::err; never called beside on_out.
  std::function<void(std::string_view)> on_err{};
  std::size_t most_kept = kMostKept;  ///< bytes of Output::out, and as many of Output::err; who says more is ended
};

/// A command that ended. `code` is 128 + signal when a signal ended it, as a shell would say.
struct Output {
  int code = 0;
  std::string out;
  std::string err;
  step::Clock::time_point began{};  ///< when it was handed to a connection that stood; epoch: not known
};

/// Counts for `--trace` and for tests: what a run cost over the link.
struct Traffic {
  long commands = 0;
  long connections = 0;
  long bytes_sent = 0;
  /// How often nothing could be done but wait for the host to answer what was said so far: what a link's delay is
  /// multiplied by. Nothing where another program has the connection.
  std::optional<long> round_trips{};
};

/// Thread-safe: any number of threads may call run() at once; a transport caps what it does side by side
/// (ssh: 8 channels over one connection) and queues the rest.
class Host {
public:
  virtual ~Host() = default;

  /// Runs the command to its end. Failure only when it could not be run or watched: Why::unreachable
  /// (link, authentication, host key), Why::timed_out, Why::interrupted, Why::failed (no such program:
  /// code 127 is an Output, not a Failure). At the deadline, on stop, and when it has said more than
  /// Command::most_kept, the command is ended (TERM to its process group, KILL two seconds later; over ssh: the
  /// channel is closed and the remote group is killed). Throws nothing, whatever the host says.
  Result<Output> run(const Command& command, const Control& control);

  /// Connects and is let in, where that is something of its own; else run() does it. Whoever may have to be asked for a
  /// passphrase or a password is asked now, and no deadline of a command runs meanwhile.
  virtual Result<void> open(const Control&) { return {}; }

  /// Nothing will be asked of it any more: it begins to close its connection. The destructor waits until that is done.
  virtual void part() {}

  /// "this machine" or "root@192.168.12.21:22": for people.
  virtual std::string name() const = 0;
  virtual Traffic traffic() const = 0;

protected:
  /// What run() is made of. Both listeners of `command` are set, so that no transport keeps anything of what is said:
  /// Output::out and Output::err stay empty.
  virtual Result<Output> carry_out(const Command& command, const Control& control) = 0;
};

/// Hosts that close their connections all at once, rather than one after the other.
struct Hosts : std::vector<std::unique_ptr<Host>> {
  using std::vector<std::unique_ptr<Host>>::vector;
  Hosts(Hosts&&) = default;
  Hosts& operator=(Hosts&&) = default;
  ~Hosts() {
    for (const auto& each : *this)
      if (each) each->part();
  }
};

/// This machine, as the invoking user.
std::unique_ptr<Host> make_local();

struct SshTarget {
  std::string address;                  ///< name or IP as people say it; IPv6 without brackets, with zone where needed
  int port = 0;                         ///< 0: what OpenSSH's configuration says, else 22
  std::string user;                     ///< empty: what OpenSSH's configuration says, else our own
  std::vector<std::string> identities;  ///< private key files; empty: see `config`, then agent and the usual files of ~/.ssh
  std::string known_hosts;              ///< empty: see `config`, then ~/.ssh/known_hosts
  bool accept_new = false;              ///< an unknown host key is added; a changed one is always refused
  std::chrono::milliseconds connect_within{10'000};
  Secrets* secrets = &no_secrets();  ///< of keys, where no agent has them, and the account's as the last resort
  std::string config_file{};         ///< in place of ~/.ssh/config and the system's ("none": no configuration at all)
  SshConfig config{};                ///< filled by resolve()
};

/// Asks OpenSSH's client, where it is installed, what its configuration says of this host (`ssh -G`). What the target
/// says already stays. Port and user are set afterwards. Failure: the configuration cannot be read.
Result<SshTarget> resolve(SshTarget target, const Control& control);

/// "ops@192.168.12.21", with the port where it is not the usual one: as a person is asked for its password.
std::string account_of(const SshTarget& target);

/// Connects lazily, at the first run(), keeps one connection, and connects again after it broke
/// (a command that was under way then fails with Why::unreachable: it may or may not have run).
std::unique_ptr<Host> make_ssh(SshTarget target);

/// The same by OpenSSH's own client, over one multiplexed connection: whatever that client can do, works. Of the
/// target, `config` is not looked at, since the client reads its configuration itself.
std::unique_ptr<Host> make_system_ssh(SshTarget target);

/// A host that cannot be used, for a reason that is known before anyone asks it.
std::unique_ptr<Host> make_unreachable(std::string name, step::Failure reason);

/// Put before an argv that must run as root, by whoever comes as somebody else.
std::vector<std::string> sudo_words();

/// Runs on `host`, and sees to it that what begins with sudo_words() works there: the command's environment and
/// stdin reach it through sudo, and sudo gets the password where it asks for one. A person who is asked for it takes no
/// time from the command. That sudo refuses is a Failure of Why::unreachable, told before the command has begun.
std::unique_ptr<Host> make_sudo(std::unique_ptr<Host> host, Secrets& secrets, Lock lock);

/// Where we come as root already: takes sudo_words() away.
std::unique_ptr<Host> make_without_sudo(std::unique_ptr<Host> host);

}  // namespace tidelab::host
