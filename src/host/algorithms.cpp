// Algorithms: see the header.
#include "host/algorithms.hpp"

#include <algorithm>
#include <array>

namespace tidelab::host {
namespace {

// What OpenSSH 10.0's client offers where nothing is configured; libssh2 has a part of it. No SHA-1 but in hmac-sha1, no CBC, no MD5.
constexpr std::string_view kKex =
    "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,"
    "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
    "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256";
constexpr std::string_view kHostKeys = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
constexpr std::string_view kCiphers =
    "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr";
constexpr std::string_view kMacs =
    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
    "hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1";

constexpr std::string_view kIdentification = "SSH-";
constexpr unsigned char kKexinit = 20;
constexpr std::size_t kLengthBytes = 4, kCookieBytes = 16;

std::string or_else(const std::string& said, std::string_view usual) { return said.empty() ? std::string(usual) : said; }

// Where the packets begin: behind the line of the identification, before which a host may say others. npos: not there.
std::size_t end_of_identification(std::string_view received) {
  for (std::size_t at = 0; at < received.size();) {
    const auto end = received.find('\n', at);
    if (end == std::string_view::npos) break;
    if (received.substr(at).starts_with(kIdentification)) return end + 1;
    at = end + 1;
  }
  return std::string_view::npos;
}

/// Takes parts off the front of some bytes, and remembers when they were too short.
class Bytes {
public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  bool good() const { return good_; }
  std::string_view take(std::size_t size) {
    good_ = good_ && size <= left_.size();
    if (!good_) return {};
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::size_t number(std::size_t size) {
    std::size_t out = 0;
    for (const char c : take(size)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
  // Names are printable and without blanks; with anything else in it, it is none of a host that means us well.
  std::string names() {
    const auto list = take(number(kLengthBytes));
    good_ = good_ && std::all_of(list.begin(), list.end(), [](char c) { return c > ' ' && c <= '~'; });
    return std::string(list);
  }

private:
  std::string_view left_;
  bool good_ = true;
};

}  // namespace

Algorithms allowed_algorithms(const SshConfig& config) {
  return {or_else(config.kex, kKex), or_else(config.host_key_algorithms, kHostKeys), or_else(config.ciphers, kCiphers),
          or_else(config.macs, kMacs)};
}

std::string common_words(std::string_view list, std::string_view other) {
  std::string kept;
  const auto all = "," + std::string(other) + ",";
  for (std::size_t at = 0, end = 0; at < list.size(); at = end + 1) {
    end = std::min(list.find(',', at), list.size());
    const auto word = "," + std::string(list.substr(at, end - at));
    if (word.size() > 1 && all.find(word + ",") != std::string::npos) kept += kept.empty() ? word.substr(1) : word;
  }
  return kept;
}

std::optional<Offer> read_offer(std::string_view received) {
  const auto begin = end_of_identification(received);
  if (begin == std::string_view::npos) return std::nullopt;
  Bytes outer(received.substr(begin));
  Bytes packet(outer.take(outer.number(kLengthBytes)));
  packet.take(1);  // how much padding there is at its end
  if (packet.number(1) != kKexinit) return std::nullopt;
  packet.take(kCookieBytes);
  Offer offer;
  auto &to = offer.to_host, &from = offer.from_host;
  for (auto* each : {&to.kex, &to.host_keys, &to.ciphers, &from.ciphers, &to.macs, &from.macs}) *each = packet.names();
  from.kex = to.kex, from.host_keys = to.host_keys;
  return outer.good() && packet.good() ? std::optional(std::move(offer)) : std::nullopt;
}

bool has_identification(std::string_view received) { return end_of_identification(received) != std::string_view::npos; }

}  // namespace tidelab::host
