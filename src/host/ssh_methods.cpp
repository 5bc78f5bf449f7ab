// Which algorithms libssh2 may agree on with a host, and why there was none: see algorithms.hpp for the lists.
#include <libssh2.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "host/ssh_link.hpp"

namespace tidelab::host {
namespace {

using step::Failure;
using step::Why;
using List = std::string Algorithms::*;

struct Kind {
  const char* option;  // as OpenSSH's configuration calls it
  const char* what;
  List list;
  std::array<int, 2> methods;  // to the host and from it; the same twice where libssh2 knows one for both
};

constexpr std::array<Kind, 4> kKinds{
    {{"HostKeyAlgorithms", "host keys", &Algorithms::host_keys, {LIBSSH2_METHOD_HOSTKEY, LIBSSH2_METHOD_HOSTKEY}},
     {"KexAlgorithms", "the key exchange", &Algorithms::kex, {LIBSSH2_METHOD_KEX, LIBSSH2_METHOD_KEX}},
     {"Ciphers", "ciphers", &Algorithms::ciphers, {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC}},
     {"MACs", "checksums (MACs)", &Algorithms::macs, {LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC}}}};

// As much of a host's list as a person reads.
constexpr std::size_t kMostShown = 400;

std::string supported_methods(const Link& link, int method) {
  const char** names = nullptr;
  const int count = libssh2_session_supported_algs(link.session(), method, &names);
  std::string out;
  for (int i = 0; i < count; ++i) out += (out.empty() ? "" : ",") + std::string(names[i]);
  if (count > 0) libssh2_free(link.session(), names);
  return out;
}

// Only names that libssh2 knows: leaving out the others itself, it moves the list over itself with memcpy (1.10).
bool prefer(const Link& link, const Kind& kind, std::string& list) {
  list = common_words(list, supported_methods(link, kind.methods[0]));
  if (list.empty()) return false;
  const auto set = [&](int method) { return libssh2_session_method_pref(link.session(), method, list.c_str()) == 0; };
  return std::all_of(kind.methods.begin(), kind.methods.end(), set);
}

std::string shown(const std::string& list) { return list.size() <= kMostShown ? list : list.substr(0, kMostShown) + "…"; }

/// What two sides cannot agree on.
struct Gap {
  const Kind& kind;
  std::string offered, taken;
  std::string possible;  // of what is offered, what libssh2 could do if it were allowed
};

std::vector<Gap> find_gaps(const Link& link, const Offer& offer, const Algorithms& taken) {
  std::vector<Gap> gaps;
  for (const auto& kind : kKinds) {
    for (const auto* way : {&offer.to_host, &offer.from_host}) {
      const auto& offered = way->*kind.list;
      if (!common_words(taken.*kind.list, offered).empty()) continue;
      gaps.push_back({kind, offered, taken.*kind.list, common_words(offered, supported_methods(link, kind.methods[0]))});
      break;  // the other way says the same
    }
  }
  return gaps;
}

std::string place_to_widen(const SshTarget& target) {
  if (target.config_file.empty()) return "~/.ssh/config";
  return target.config_file == "none" ? "a file for --ssh-config" : target.config_file;
}

std::string help_for(const SshTarget& target, const std::vector<Gap>& gaps) {
  const auto other =
      fmt::format("let OpenSSH's client make the connection: `ssh_type: system` under `global`{}",
                  gaps.front().kind.list == &Algorithms::host_keys ? "; or make an ed25519 or ecdsa host key there (ssh-keygen -A)" : "");
  if (std::any_of(gaps.begin(), gaps.end(), [](const Gap& gap) { return gap.possible.empty(); })) return other;
  std::string lines;
  for (const auto& gap : gaps) lines += fmt::format(" `{} +{}`", gap.kind.option, gap.possible.substr(0, gap.possible.find(',')));
  return fmt::format(
      "update the ssh of that host, since what it offers is weak or old. Until then it can be allowed for this host alone in {}: below "
      "`Host {}`, the line{}{} (docs/ssh.md)",
      place_to_widen(target), target.address, gaps.size() == 1 ? "" : "s", lines);
}

}  // namespace

bool signs_rsa_by_sha2(const Link& link) { return !common_words("rsa-sha2-256", supported_methods(link, LIBSSH2_METHOD_HOSTKEY)).empty(); }

Result<Algorithms> restrict_algorithms(const Link& link, const SshTarget& target, const std::vector<KnownKey>& known) {
  auto taken = allowed_algorithms(target.config);
  taken.host_keys = render_preference(known, taken.host_keys);
  auto beyond = target.config.beyond;
  for (const auto& kind : kKinds)
    if (!prefer(link, kind, taken.*kind.list)) beyond.emplace_back(kind.option);
  if (beyond.empty()) return taken;
  return tl::unexpected<Failure>({Why::unreachable,
                                  fmt::format("OpenSSH's configuration sets {} for {}, which libssh2 {} cannot do",
                                              fmt::join(beyond, " and "), render_target(target), libssh2_version(0)),
                                  {},
                                  {},
                                  {},
                                  "let OpenSSH's client make the connection: `ssh_type: system` under `global`"});
}

std::optional<Failure> explain_disagreement(const Link& link, const SshTarget& target, const Algorithms& taken) {
  const auto offer = read_offer(link.greeting());
  if (!offer) return std::nullopt;
  const auto gaps = find_gaps(link, *offer, taken);
  if (gaps.empty()) return std::nullopt;
  std::vector<std::string> told;
  for (const auto& gap : gaps)
    told.push_back(fmt::format("for {} it offers {}, and taken here are {}", gap.kind.what,
                               gap.offered.empty() ? "none" : shown(gap.offered), gap.taken));
  return Failure{Why::unreachable,
                 fmt::format("{} and we have no algorithm in common: {} (libssh2 {})", render_target(target), fmt::join(told, "; "),
                             libssh2_version(0)),
                 {},
                 {},
                 {},
                 help_for(target, gaps)};
}

}  // namespace tidelab::host
