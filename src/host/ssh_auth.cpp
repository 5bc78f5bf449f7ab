// Who we say we are: the named identities, else the agent, then the usual files. Every attempt is remembered,
// so that a refusal can say what was tried and why it could not work.
#include <libssh2.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "host/key_file.hpp"
#include "host/ssh_link.hpp"

namespace tidelab::host {
namespace {

using step::Failure;
using step::Why;

struct AgentEnd {
  void operator()(LIBSSH2_AGENT* agent) const {
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
  }
};

class Attempt {
public:
  Attempt(Link& link, const SshTarget& target, const Patience& patience) : link_(link), target_(target), patience_(patience) {}

  Result<void> perform();

private:
  bool try_file(const std::string& path);
  bool try_agent();
  bool judge(int rc, const std::string& what, bool rsa);
  bool over() const { return out_of_time_ || link_.closed; }
  tl::unexpected<Failure> refusal() const;

  Link& link_;
  const SshTarget& target_;
  const Patience& patience_;
  std::vector<std::string> tried_;
  bool rsa_refused_ = false, locked_ = false, out_of_time_ = false;
};

bool Attempt::judge(int rc, const std::string& what, bool rsa) {
  if (rc == 0) return true;
  if (rc == Link::kOutOfTime) {
    out_of_time_ = true;
    tried_.push_back(what + ": no answer in time");
    return false;
  }
  const bool refused = rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
  if (rsa && !link_.closed) rsa_refused_ = true;
  tried_.push_back(fmt::format("{}: {}", what, refused ? "refused by the host" : link_.last_error()));
  return false;
}

bool Attempt::try_file(const std::string& path) {
  const auto key = read_key_file(path);
  if (!key.readable || !key.is_key || key.encrypted) {
    locked_ = locked_ || key.encrypted;
    tried_.push_back(fmt::format("{}: {}", path,
                                 !key.readable ? "cannot be read"
                                 : !key.is_key ? "is not a private key"
                                               : "is protected by a passphrase, which only an agent can hold"));
    return false;
  }
  const auto size = static_cast<unsigned>(target_.user.size());
  // The public half is derived from the private one, so no .pub file is needed.
  const int rc = link_.finish(patience_, [&] {
    return libssh2_userauth_publickey_fromfile_ex(link_.session(), target_.user.c_str(), size, nullptr, path.c_str(), "");
  });
  return judge(rc, path, key.rsa);
}

bool Attempt::try_agent() {
  if (!std::getenv("SSH_AUTH_SOCK")) {
    tried_.push_back("ssh-agent: none (SSH_AUTH_SOCK is not set)");
    return false;
  }
  const std::unique_ptr<LIBSSH2_AGENT, AgentEnd> agent(libssh2_agent_init(link_.session()));
  if (!agent || libssh2_agent_connect(agent.get()) != 0 || libssh2_agent_list_identities(agent.get()) != 0) {
    tried_.push_back("ssh-agent: does not answer");
    return false;
  }
  libssh2_agent_publickey* key = nullptr;
  int count = 0;
  for (libssh2_agent_publickey* before = nullptr; libssh2_agent_get_identity(agent.get(), &key, before) == 0 && !over();
       before = key, ++count) {
    const int rc = link_.finish(patience_, [&] { return libssh2_agent_userauth(agent.get(), target_.user.c_str(), key); });
    const bool rsa = key->blob_len > 11 && std::memcmp(key->blob + 4, "ssh-rsa", 7) == 0;
    if (judge(rc, fmt::format("ssh-agent key '{}'", key->comment ? key->comment : ""), rsa)) return true;
  }
  if (count == 0) tried_.push_back("ssh-agent: holds no keys");
  return false;
}

tl::unexpected<Failure> Attempt::refusal() const {
  Failure failure{Why::unreachable, {}, {}, {}, {}, {}};
  failure.what = fmt::format("{} let us in with none of these: {}", render_target(target_), fmt::join(tried_, "; "));
  if (out_of_time_)
    failure.what = fmt::format("{} did not answer the authentication in time: {}", render_target(target_), fmt::join(tried_, "; "));
  failure.evidence = fmt::format("{}", fmt::join(tried_, "\n"));
  if (rsa_refused_)
    failure.help = fmt::format(
        "libssh2 {} signs with RSA keys by SHA-1 only (rsa-sha2 came with 1.11), which hosts since OpenSSH 8.8 refuse: use an "
        "ed25519 or ecdsa key (ssh-keygen -t ed25519, ssh-copy-id)",
        libssh2_version(0));
  else if (locked_)
    failure.help = "load the key into an agent (eval $(ssh-agent); ssh-add FILE), or name one without a passphrase";
  else
    failure.help = fmt::format("put the public key into ~{}/.ssh/authorized_keys of the host, or name another identity", target_.user);
  return tl::unexpected<Failure>(std::move(failure));
}

Result<void> Attempt::perform() {
  for (const auto& path : target_.identities) {
    if (over()) return refusal();
    if (try_file(path)) return {};
  }
  // A named key that is locked may well be in the agent; beyond that, named keys mean just these.
  if (!over() && (target_.identities.empty() || locked_) && try_agent()) return {};
  if (!target_.identities.empty()) return refusal();
  for (const char* name : {"id_ed25519", "id_ecdsa"}) {
    if (over()) return refusal();
    if (try_file(home_file(name))) return {};
  }
  return refusal();
}

}  // namespace

Result<void> authenticate(Link& link, const SshTarget& target, const Patience& patience) {
  return Attempt(link, target, patience).perform();
}

}  // namespace tidelab::host
