// What OpenSSH's client would do for a host, as far as the built-in ssh does the same. The client itself is asked
// (`ssh -G HOST`), so that Host, Match, Include and the rest mean here what they mean there.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::host {

/// Empty fields: the configuration does not say, and the usual applies.
struct SshConfig {
  std::string hostname, user;
  int port = 0;
  std::vector<std::string> identities;
  bool identities_only = false;  ///< of the agent's keys, only those that are also named as files
  std::vector<std::string> known_hosts;
  std::string host_key_alias;
  std::string agent;           ///< socket; "none": no agent
  std::string proxy_command;   ///< for a shell, tokens expanded
  std::string proxy_jump;      ///< "user@host:port,…", the one nearest to us first
  std::string address_family;  ///< "inet" or "inet6"
  std::string ciphers, macs, kex, host_key_algorithms;
  std::chrono::milliseconds connect_within{0};
  std::vector<std::string> beyond;  ///< options that are set and cannot be honoured without OpenSSH's client
};

/// `text` is what `ssh -G` printed for the host, `defaults` what it prints without any configuration file: an option is
/// configured where they differ.
SshConfig read_ssh_config(std::string_view text, std::string_view defaults);

/// False when no configuration file says anything that could matter here. Most machines have none, and then no process
/// need be started for each host. `file` as in `ssh -F`; empty: the user's and the system's. An error when what is named is no
/// file, or a larger one than any configuration: OpenSSH's client would wait for it, or read it without end. So it is when
/// `file` could be written by other accounts, since a configuration runs commands; the client itself looks at ~/.ssh/config.
step::Result<bool> ssh_config_may_matter(const std::string& file);

/// `defaults` as above; empty when OpenSSH's client is not installed. Asked once in a process.
std::string ask_ssh_defaults(const step::Control& control);

/// The ciphers of `defaults`, AES-GCM before all others, for a processor that has instructions for AES (`cpuinfo`: text of
/// /proc/cpuinfo); empty where that changes nothing. OpenSSH puts chacha20-poly1305 first, which costs both sides about
/// twice the CPU there: docs/performance.md.
std::string ciphers_for(std::string_view cpuinfo, std::string_view defaults);

}  // namespace tidelab::host
