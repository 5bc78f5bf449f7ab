// Handshake, and who is there: the algorithms that may be used, and the host key's verification.
#include <libssh2.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "host/known_hosts.hpp"
#include "host/ssh_link.hpp"

namespace tidelab::host {
namespace {

using step::Failure;
using step::Why;

struct ShownKey {
  std::string type, blob;
};

ShownKey shown_key(LIBSSH2_SESSION* session) {
  std::size_t size = 0;
  int type = 0;
  const char* key = libssh2_session_hostkey(session, &size, &type);
  ShownKey shown;
  if (!key || size < 4) return shown;
  shown.blob.assign(key, size);
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(key[3]));  // names are shorter than 256
  shown.type = shown.blob.substr(4, length);
  return shown;
}

tl::unexpected<Failure> refuse(std::string what, std::string help, std::string evidence = {}) {
  return tl::unexpected<Failure>(Failure{Why::unreachable, std::move(what), std::move(evidence), {}, {}, std::move(help)});
}

struct Known {
  std::string name;                // as the files have it
  std::vector<std::string> files;  // the first is where new keys go
  std::vector<KnownKey> keys;
};

Result<Known> read_known(const SshTarget& target) {
  Known known;
  const auto& alias = target.config.host_key_alias;
  known.name = alias.empty() ? known_name(address_of(target), target.port) : alias;
  if (!target.known_hosts.empty())
    known.files = {target.known_hosts};
  else if (!target.config.known_hosts.empty())
    known.files = target.config.known_hosts;
  else
    known.files = {home_file("known_hosts"), "/etc/ssh/ssh_known_hosts"};
  for (const auto& path : known.files) {
    auto keys = read_known_file(path, known.name);
    if (!keys) return tl::unexpected(keys.error());
    known.keys.insert(known.keys.end(), keys->begin(), keys->end());
  }
  return known;
}

Result<void> refuse_unknown(const SshTarget& target, const Known& known, const ShownKey& shown) {
  std::string why;
  for (const auto& key : known.keys) {
    if (key.authority)
      why = fmt::format(" ({}:{} trusts a certificate authority for it, which libssh2 cannot verify)", key.file, key.line);
    else if (why.empty())
      why =
          fmt::format(" ({}:{} holds a key of a kind that libssh2 {} cannot verify: {})", key.file, key.line, libssh2_version(0), key.type);
  }
  auto help = fmt::format(
      "compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), then use "
      "--accept-new-host-keys once, or connect once with ssh{}",
      why.empty() ? "" : "; or let OpenSSH's client do it with `ssh_type: system`");
  return refuse(fmt::format("the host key of {} is not in {}{}: it shows {} {}", render_target(target), known.files.front(), why,
                            shown.type, fingerprint(shown.blob)),
                std::move(help));
}

Result<void> verify(const Link& link, const SshTarget& target, const Known& known) {
  const auto shown = shown_key(link.session());
  const auto key = base64(shown.blob);
  const auto verdict = judge(known.keys, shown.type, key);
  switch (verdict.verdict) {
    case Verdict::known: return {};
    case Verdict::changed:
    case Verdict::revoked:
      return refuse(
          fmt::format("THE HOST KEY OF {} {}: it shows {} {}, and {}:{} says otherwise; nothing was sent", render_target(target),
                      verdict.verdict == Verdict::changed ? "HAS CHANGED" : "IS REVOKED", shown.type, fingerprint(shown.blob), verdict.file,
                      verdict.line),
          fmt::format("someone may be in between. If the host was really made anew, check the fingerprint on its console and run: "
                      "ssh-keygen -f {} -R '{}'",
                      verdict.file, known.name));
    case Verdict::unknown: break;
  }
  if (!target.accept_new) return refuse_unknown(target, known, shown);
  return append_known(known.files.front(), fmt::format("{} {} {}", known.name, shown.type, key));
}

// What of a list with commas is also in the other one, in the order of the first.
std::string common_words(const std::string& list, const std::string& other) {
  std::string kept;
  const auto all = "," + other + ",";
  for (std::size_t at = 0, end = 0; at < list.size(); at = end + 1) {
    end = std::min(list.find(',', at), list.size());
    const auto word = "," + list.substr(at, end - at);
    if (word.size() > 1 && all.find(word + ",") != std::string::npos) kept += kept.empty() ? word.substr(1) : word;
  }
  return kept;
}

std::string supported_methods(const Link& link, int method) {
  const char** names = nullptr;
  const int count = libssh2_session_supported_algs(link.session(), method, &names);
  std::string out;
  for (int i = 0; i < count; ++i) out += (out.empty() ? "" : ",") + std::string(names[i]);
  if (count > 0) libssh2_free(link.session(), names);
  return out;
}

// The known kinds first, of those that the configuration allows.
std::string host_key_preference(const SshTarget& target, const Known& known) {
  const auto order = render_preference(known.keys);
  const auto& allowed = target.config.host_key_algorithms;
  return allowed.empty() ? order : common_words(order, allowed);
}

// Only names that libssh2 knows: leaving out the others itself, it moves the list over itself with memcpy (1.10).
bool prefer(const Link& link, int method, const std::string& list) {
  const auto known = common_words(list, supported_methods(link, method));
  return !known.empty() && libssh2_session_method_pref(link.session(), method, known.c_str()) == 0;
}

// What OpenSSH's configuration restricts stays restricted.
Result<void> restrict(const Link& link, const SshTarget& target, const Known& known) {
  struct Row {
    const char* option;
    std::string list;
    std::array<int, 2> methods;  // to the host and from it; the same twice where libssh2 knows one for both
  };
  const auto& config = target.config;
  const std::array<Row, 4> rows{
      {{"HostKeyAlgorithms", host_key_preference(target, known), {LIBSSH2_METHOD_HOSTKEY, LIBSSH2_METHOD_HOSTKEY}},
       {"KexAlgorithms", config.kex, {LIBSSH2_METHOD_KEX, LIBSSH2_METHOD_KEX}},
       {"Ciphers", config.ciphers, {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC}},
       {"MACs", config.macs, {LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC}}}};
  auto beyond = config.beyond;
  for (const auto& row : rows) {
    const bool named = row.methods[0] == LIBSSH2_METHOD_HOSTKEY || !row.list.empty();
    const bool once = row.methods[0] == row.methods[1];
    if (named && !(prefer(link, row.methods[0], row.list) && (once || prefer(link, row.methods[1], row.list))))
      beyond.emplace_back(row.option);
  }
  if (beyond.empty()) return {};
  return refuse(fmt::format("OpenSSH's configuration sets {} for {}, which libssh2 {} cannot do", fmt::join(beyond, " and "),
                            render_target(target), libssh2_version(0)),
                "let OpenSSH's client make the connection: `ssh_type: system` under `global`");
}

Result<void> tell_handshake(Link& link, const SshTarget& target, int rc) {
  const auto* jump = link.jump();
  const auto over = jump ? fmt::format(" by way of {}", jump->way()) : std::string();
  const auto said = jump ? jump->said() : std::string();
  if (rc == Link::kOutOfTime)
    return refuse(fmt::format("{} accepts connections, but did not finish the ssh handshake in time{}", render_target(target), over), {},
                  said);
  if (jump && (link.closed || rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_BANNER_RECV))
    return refuse(fmt::format("cannot reach {}{}: {}", render_target(target), over, said.empty() ? "the jump ended" : said),
                  "the jump is made by OpenSSH's client: try `ssh HOST true` by hand", said);
  const bool kex = rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE || rc == LIBSSH2_ERROR_METHOD_NONE;
  if (!kex) return refuse(fmt::format("the ssh handshake with {}{} failed: {}", render_target(target), over, link.last_error()), {}, said);
  const auto rsa = signs_rsa_by_sha2(link) ? "" : " (RSA only by SHA-1, which hosts since OpenSSH 8.8 refuse)";
  return refuse(
      fmt::format("{} and libssh2 {} have no algorithm in common: {}", render_target(target), libssh2_version(0), link.last_error()),
      fmt::format("libssh2 {} verifies ed25519 and ecdsa host keys{} and encrypts by aes-ctr: let OpenSSH's client do it with "
                  "`ssh_type: system` under `global`, or make such a host key there (ssh-keygen -A)",
                  libssh2_version(0), rsa));
}

}  // namespace

bool signs_rsa_by_sha2(const Link& link) { return !common_words("rsa-sha2-256", supported_methods(link, LIBSSH2_METHOD_HOSTKEY)).empty(); }

Result<void> greet(Link& link, const SshTarget& target, const Patience& patience) {
  const auto found = read_known(target);
  if (!found) return tl::unexpected(found.error());
  const auto& known = *found;
  if (auto possible = restrict(link, target, known); !possible) return possible;
  const int rc = link.finish(patience, [&] { return libssh2_session_handshake(link.session(), link.fd()); });
  return rc == 0 ? verify(link, target, known) : tell_handshake(link, target, rc);
}

}  // namespace tidelab::host
