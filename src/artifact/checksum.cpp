// Digests as projects publish them, in four ways, and whether a file has the one that it should.
#include <set>
#include <vector>

#include <fmt/format.h>

#include "artifact/sources.hpp"

namespace tidelab::artifact {

namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// The text as one lower-case digest; empty when anything but hex digits and blanks is in it.
std::string joined_hex(std::string_view text) {
  std::string hex;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r') continue;
    if (!is_hex(c)) return {};
    hex += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return hex;
}

std::optional<Checksum> by_length(std::string hex) {
  if (hex.size() == 64) return Checksum{"sha256", std::move(hex)};
  if (hex.size() == 128) return Checksum{"sha512", std::move(hex)};
  return std::nullopt;
}

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

/// One claim of a checksum file; the digest may still grow by the lines that follow.
struct Listed {
  std::string name;
  std::string hex;
};

/// `HEX`, `HEX  name`, `HEX *name`.
bool read_coreutils(std::string_view line, Listed& entry) {
  const auto blank = line.find_first_of(" \t");
  const auto hex = joined_hex(line.substr(0, blank));
  if (!by_length(hex)) return false;
  auto name = blank == line.npos ? std::string_view{} : trim(line.substr(blank));
  if (!name.empty() && name.front() == '*') name.remove_prefix(1);
  entry = {std::string(base_name(name)), hex};
  return true;
}

/// `SHA512 (name) = HEX`.
bool read_bsd(std::string_view line, Listed& entry) {
  const auto open = line.find(" (");
  const auto close = line.rfind(") = ");
  if (open == line.npos || close == line.npos || close < open) return false;
  const auto hex = joined_hex(line.substr(close + 4));
  if (hex.empty()) return false;
  entry = {std::string(base_name(line.substr(open + 2, close - open - 2))), hex};
  return true;
}

/// `name: AB12 CD34`, `name: SHA512 = AB12 CD34`, or `name:` with all digits on the lines below.
bool read_gpg(std::string_view line, Listed& entry) {
  const auto colon = line.find(':');
  if (colon == line.npos) return false;
  auto rest = trim(line.substr(colon + 1));
  if (const auto equals = rest.find('='); equals != rest.npos) rest = trim(rest.substr(equals + 1));
  const auto hex = joined_hex(rest);
  if (hex.empty() && !rest.empty()) return false;
  entry = {std::string(base_name(trim(line.substr(0, colon)))), hex};
  return true;
}

std::vector<Listed> read_entries(std::string_view text) {
  std::vector<Listed> entries;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = trim(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    Listed entry;
    if (read_coreutils(line, entry) || read_bsd(line, entry) || read_gpg(line, entry)) {
      entries.push_back(std::move(entry));
    } else if (const auto more = joined_hex(line); !more.empty()) {
      // A line of hex groups continues the entry above; without one it is a bare digest in groups.
      if (entries.empty()) entries.emplace_back();
      entries.back().hex += more;
    }
  }
  return entries;
}

}  // namespace

std::optional<Checksum> read_checksum(std::string_view text) {
  text = trim(text);
  const auto colon = text.find(':');
  auto found = by_length(joined_hex(colon == text.npos ? text : text.substr(colon + 1)));
  if (found && colon != text.npos && text.substr(0, colon) != found->algorithm) return std::nullopt;
  return found;
}

std::optional<Checksum> read_checksum_file(std::string_view text, std::string_view file_name) {
  std::optional<Checksum> named;
  std::optional<Checksum> any;
  std::set<std::string> names;
  for (const auto& entry : read_entries(text)) {
    auto checksum = by_length(entry.hex);
    if (!checksum) continue;  // MD5 and SHA-1 beside the others
    names.insert(entry.name);
    auto& slot = entry.name == file_name ? named : any;
    if (!slot || slot->hex.size() < checksum->hex.size()) slot = std::move(checksum);
  }
  if (named) return named;
  return names.size() == 1 ? any : std::nullopt;
}

std::optional<Checksum> read_sha1(std::string_view text) {
  constexpr std::size_t digits = 40;
  text = trim(text);
  auto hex = joined_hex(text.substr(0, text.find_first_of(" \t\r\n")));
  return hex.size() == digits ? std::optional(Checksum{"sha1", std::move(hex)}) : std::nullopt;
}

Got<void> compare(const Checksum& expected, const std::string& actual_hex, const std::string& subject, const std::string& from) {
  if (actual_hex == expected.hex) return {};
  Failure failure{Why::failed, fmt::format("{}: wrong checksum", subject)};
  failure.expected = expected.text();
  failure.actual = expected.algorithm + ":" + actual_hex;
  failure.evidence = fmt::format("expected {}\nactual   {}\nfrom     {}", failure.expected, failure.actual, from);
  failure.help = "somebody changed the archive or the digest: find out which before you go on";
  return end_search(std::move(failure));
}

Got<void> verify(const std::string& path, const Checksum& checksum, const std::string& subject, const std::string& from,
                 const Control& control) {
  const auto actual = digest_file(path, checksum.algorithm, control);
  if (!actual) return pass_on(actual.error());
  return compare(checksum, *actual, subject, from);
}

}  // namespace tidelab::artifact
