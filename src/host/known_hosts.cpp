// known_hosts: see the header.
#include "host/known_hosts.hpp"

#include <fcntl.h>
#include <fnmatch.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <strings.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "disk/read_text.hpp"
#include "process/wake.hpp"

namespace tidelab::host {
namespace {

// Some 40,000 hosts with a few keys each. Hosts read it side by side.
constexpr std::size_t most_of_known_hosts = 16 << 20;

// What libssh2 (1.10 and newer) can negotiate; names that it does not know are dropped by it.
constexpr std::array<std::string_view, 4> kUsable{"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"};

bool usable(std::string_view type) { return std::find(kUsable.begin(), kUsable.end(), type) != kUsable.end(); }

bool of_host(const KnownKey& key) { return !key.revoked && !key.authority; }

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  for (std::size_t at = text.find_first_not_of(separators); at != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(separators, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(separators, end);
  }
  return parts;
}

// "|1|salt|hash": HMAC-SHA1 of the name under the salt.
bool fits_hashed(const std::string& pattern, std::string_view name) {
  const auto parts = split(pattern, "|");
  if (parts.size() != 3 || parts[0] != "1") return false;
  const auto salt = unbase64(parts[1]);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha1(), salt.data(), static_cast<int>(salt.size()), bytes_of(name), name.size(), digest, &size);
  return unbase64(parts[2]) == std::string_view(reinterpret_cast<const char*>(digest), size);
}

// Brackets of [host]:port are literal here, but a character class to fnmatch.
std::string literal_brackets(std::string_view pattern) {
  std::string escaped;
  for (const char c : pattern) {
    if (c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

bool fits_plain(std::string_view pattern, const std::string& name) {
  if (pattern.find_first_of("*?") == std::string_view::npos)
    return pattern.size() == name.size() && ::strncasecmp(pattern.data(), name.data(), name.size()) == 0;
  return ::fnmatch(literal_brackets(pattern).c_str(), name.c_str(), FNM_CASEFOLD) == 0;
}

// What stands before the next of `separators`; that is taken off `text`, with all separators around it.
std::string_view take_word(std::string_view& text, std::string_view separators) {
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  const auto word = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(word.size());
  return word;
}

bool fits(std::string_view names, const std::string& name) {
  if (names.starts_with('|')) return fits_hashed(std::string(names), name);
  bool found = false;
  for (auto pattern = take_word(names, ","); !pattern.empty(); pattern = take_word(names, ",")) {
    const bool negated = pattern.starts_with('!');
    if (!fits_plain(pattern.substr(negated ? 1 : 0), name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  text.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes), static_cast<int>(bytes.size()))));
  return text;
}

std::string unbase64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), bytes_of(text), static_cast<int>(text.size()));
  if (size < 0) return {};
  const auto padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  bytes.resize(static_cast<std::size_t>(size) - std::min<std::size_t>(padding, static_cast<std::size_t>(size)));
  return bytes;
}

std::string fingerprint(std::string_view blob) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(bytes_of(blob), blob.size(), digest);
  auto text = base64(std::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
  text.erase(text.find_last_not_of('=') + 1);
  return "SHA256:" + text;
}

std::string known_name(std::string_view address, int port) {
  return port == 22 ? std::string(address) : fmt::format("[{}]:{}", address, port);
}

// Each host reads the file, and most lines are about others: words are not copied before the name fits.
std::vector<KnownKey> read_known_keys(std::string_view text, std::string_view name) {
  static constexpr std::string_view blanks = " \t\r";
  const std::string wanted(name);
  std::vector<KnownKey> keys;
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    auto names = take_word(line, blanks);
    const bool revoked = names == "@revoked";
    const bool authority = names == "@cert-authority";
    if (revoked || authority) names = take_word(line, blanks);
    if (names.empty() || names.starts_with('#') || names.starts_with('@') || !fits(names, wanted)) continue;
    const auto type = take_word(line, blanks);
    const auto key = take_word(line, blanks);
    if (!key.empty()) keys.push_back({number, revoked, std::string(type), std::string(key), authority});
  }
  return keys;
}

step::Result<std::vector<KnownKey>> read_known_file(const std::string& path, std::string_view name) {
  const auto text = disk::read_text(path, most_of_known_hosts);
  if (!text && text.error().kind == disk::Kind::missing) return std::vector<KnownKey>();
  if (!text)
    return tl::unexpected(step::Failure{step::Why::unreachable,
                                        fmt::format("the known host keys cannot be read: {}", text.error().what),
                                        {},
                                        {},
                                        {},
                                        "name a file of host keys that this account can read (`--known-hosts`, or UserKnownHostsFile)"});
  auto keys = read_known_keys(*text, name);
  for (auto& key : keys) key.file = path;
  return keys;
}

Judgement judge(const std::vector<KnownKey>& known, std::string_view type, std::string_view key) {
  const auto first = [&](auto fits, Verdict verdict) -> std::optional<Judgement> {
    const auto found = std::find_if(known.begin(), known.end(), fits);
    if (found == known.end()) return std::nullopt;
    return Judgement{verdict, found->line, found->file};
  };
  // A revoked authority speaks of certificates; a revoked key is never good, whatever else stands there.
  if (auto is = first([&](const KnownKey& k) { return k.revoked && k.key == key; }, Verdict::revoked)) return *is;
  if (auto is = first([&](const KnownKey& k) { return of_host(k) && k.key == key; }, Verdict::known)) return *is;
  if (auto is = first([&](const KnownKey& k) { return of_host(k) && k.type == type; }, Verdict::changed)) return *is;
  // Those were asked for first (render_preference). If the host shows something else, it has lost them.
  if (auto is = first([&](const KnownKey& k) { return of_host(k) && usable(k.type); }, Verdict::changed)) return *is;
  return {};
}

std::string render_preference(const std::vector<KnownKey>& known, std::string_view allowed) {
  auto names = split(allowed, ",");
  // Of a certificate only OpenSSH's client knows what it is worth.
  names.erase(std::remove_if(names.begin(), names.end(), [](const auto& name) { return name.find("-cert-") != std::string::npos; }),
              names.end());
  const auto is_known = [&](const std::string& name) {
    const std::string type = name.starts_with("rsa-sha2-") ? "ssh-rsa" : name;  // the same keys, signing by another hash
    return std::any_of(known.begin(), known.end(), [&](const KnownKey& key) { return of_host(key) && key.type == type; });
  };
  std::stable_partition(names.begin(), names.end(), is_known);
  return fmt::format("{}", fmt::join(names, ","));
}

step::Result<void> append_known(const std::string& path, const std::string& line) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, error))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  const process::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return step::fail(step::Why::failed, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  ::flock(file.get(), LOCK_EX);  // many hosts are met at once, and each appends to the same file
  std::string text = line + "\n";
  char last = '\n';
  const auto size = ::lseek(file.get(), 0, SEEK_END);
  if (size > 0 && ::pread(file.get(), &last, 1, size - 1) == 1 && last != '\n') text.insert(0, "\n");
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return step::fail(step::Why::failed, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  return {};
}

}  // namespace tidelab::host
