// Private to the room: which algorithms a connection may use, and which ones a host offers, as far as that can be told
// without libssh2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/ssh_config.hpp"

namespace tidelab::host {

/// Names as RFC 4253 has them, with commas between, the best first.
struct Algorithms {
  std::string kex, host_keys, ciphers, macs;
};

/// What OpenSSH's configuration allows for the host where it says anything, else what OpenSSH's client takes by itself.
Algorithms allowed_algorithms(const SshConfig& config);

/// What of the first list is also in the second, in the order of the first.
std::string common_words(std::string_view list, std::string_view other);

/// What a host would use. Key exchange and host keys are the same in both.
struct Offer {
  Algorithms to_host, from_host;
};

/// From the bytes that a host sent first, which are not encrypted: its identification, then its KEXINIT (RFC 4253, 4.2 and
/// 7.1). nullopt: they are not there whole, or are something else.
std::optional<Offer> read_offer(std::string_view received);

/// The host has said who it is. What is closed before that was not looked at: sshd has too many who are not let in yet.
bool has_identification(std::string_view received);

/// More than that is never needed of what a host sends first: an identification with the lines before it, and one packet.
inline constexpr std::size_t kMostGreeting = 64 << 10;

}  // namespace tidelab::host
