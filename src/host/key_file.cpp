// Looks into a private key file: PEM in its three kinds, and OpenSSH's own format, whose outer part
// ("openssh-key-v1", cipher, kdf, options, count, public key) is never encrypted.
// Of the inner part only what is needed to sign with an ed25519 key is read: OpenSSL takes most of a millisecond to find
// out that OpenSSH's format is none of its own, which libssh2 lets it do for every host.
#include "host/key_file.hpp"

#include <sstream>
#include <string_view>

#include "disk/read_text.hpp"
#include "host/known_hosts.hpp"

namespace tidelab::host {
namespace {

// The largest keys have some ten kilobytes.
constexpr std::size_t most_of_a_key = 1 << 20;

// The next length-prefixed string of an ssh blob; empty at its end.
std::string_view take_string(std::string_view& blob) {
  if (blob.size() < 4) return {};
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(blob[static_cast<std::size_t>(i)]);
  blob.remove_prefix(4);
  const auto text = blob.substr(0, size);
  blob.remove_prefix(text.size());
  return text;
}

// The inner part: two equal numbers, kind, public half, and 64 bytes that begin with the seed.
std::string read_seed(std::string_view blob) {
  if (blob.size() < 8 || blob.substr(0, 4) != blob.substr(4, 4)) return {};
  blob.remove_prefix(8);
  if (take_string(blob) != "ssh-ed25519" || take_string(blob).size() != 32) return {};
  const auto both = take_string(blob);
  return both.size() == 64 ? std::string(both.substr(0, 32)) : std::string();
}

void read_openssh(std::string_view text, KeyFile& key) {
  static constexpr std::string_view magic("openssh-key-v1\0", 15);
  std::string joined;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("-----")) joined += line.substr(0, line.find_last_not_of(" \r") + 1);
  const auto bytes = unbase64(joined);
  std::string_view blob = bytes;
  if (!blob.starts_with(magic)) return;
  blob.remove_prefix(magic.size());
  key.is_key = true;
  key.encrypted = take_string(blob) != "none";
  take_string(blob);  // kdf
  take_string(blob);  // its options
  if (blob.size() < 4) return;
  blob.remove_prefix(4);  // number of keys
  auto public_key = take_string(blob);
  key.public_key = public_key;
  key.rsa = take_string(public_key) == "ssh-rsa";
  if (!key.encrypted) key.seed = read_seed(take_string(blob));
}

// "ssh-rsa AAAA… comment", beside an old key file that does not hold its public half in the open.
void read_public_half(KeyFile& key) {
  const auto line = disk::read_text(key.path + ".pub", most_of_a_key);
  if (!line) return;  // it need not be there
  std::istringstream words(*line);
  std::string type, text;
  if (words >> type >> text) key.public_key = unbase64(text);
}

}  // namespace

KeyFile read_key_file(const std::string& path) {
  KeyFile key;
  key.path = path;
  const auto content = disk::read_text(path, most_of_a_key);
  if (!content) {
    key.problem = content.error().what;
    return key;
  }
  key.readable = true;
  const auto& text = *content;
  if (text.find("-----BEGIN OPENSSH PRIVATE KEY-----") != std::string::npos) {
    read_openssh(text, key);
    return key;
  }
  key.is_key = text.find("PRIVATE KEY-----") != std::string::npos;
  key.rsa = text.find("BEGIN RSA PRIVATE KEY") != std::string::npos;
  key.encrypted = text.find("Proc-Type: 4,ENCRYPTED") != std::string::npos || text.find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos;
  read_public_half(key);
  return key;
}

}  // namespace tidelab::host
