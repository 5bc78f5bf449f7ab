// Handshake, and who is there: the host key's verification.
#include <libssh2.h>

#include <fmt/format.h>

#include "host/known_hosts.hpp"
#include "host/ssh_link.hpp"
#include "host/ssh_turn.hpp"

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

Result<void> tell_handshake(Link& link, const SshTarget& target, const Algorithms& taken, int rc) {
  const auto* jump = link.jump();
  const auto over = jump ? fmt::format(" by way of {}", jump->way()) : std::string();
  const auto said = jump ? jump->said() : std::string();
  if (auto failure = explain_disagreement(link, target, taken)) return tl::unexpected(std::move(*failure));
  if (link.turned_away()) return tl::unexpected(make_turned_away(target, said));
  if (rc == Link::kOutOfTime)
    return refuse(fmt::format("{} accepts connections, but did not finish the ssh handshake in time{}", render_target(target), over), {},
                  said);
  if (jump && (link.closed || rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_BANNER_RECV))
    return refuse(fmt::format("cannot reach {}{}: {}", render_target(target), over, said.empty() ? "the jump ended" : said),
                  "the jump is made by OpenSSH's client: try `ssh HOST true` by hand", said);
  return refuse(fmt::format("the ssh handshake with {}{} failed: {}", render_target(target), over, link.last_error()), {}, said);
}

}  // namespace

Result<void> greet(Link& link, const SshTarget& target, const Patience& patience) {
  const auto known = read_known(target);
  if (!known) return tl::unexpected(known.error());
  const auto taken = restrict_algorithms(link, target, known->keys);
  if (!taken) return tl::unexpected(taken.error());
  const int rc = link.finish(patience, [&] { return libssh2_session_handshake(link.session(), link.fd()); });
  if (rc != 0) return tell_handshake(link, target, *taken, rc);
  link.end_greeting();
  return verify(link, target, *known);
}

}  // namespace tidelab::host
