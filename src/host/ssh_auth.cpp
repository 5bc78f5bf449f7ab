// Who we say we are: the named identities, else the agent, then the usual files, and a password last. Every
// attempt is remembered, so that a refusal can say what was tried and why it could not work, and which secret was missing.
#include <libssh2.h>
#include <openssl/evp.h>

#include <algorithm>
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

// libssh2's signing callback; *abstract is the KeyFile. The signature is freed by libssh2.
int sign_by_seed(LIBSSH2_SESSION*, unsigned char** signature, std::size_t* size, const unsigned char* data, std::size_t data_size,
                 void** abstract) {
  const auto& seed = static_cast<const KeyFile*>(*abstract)->seed;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), seed.size()),
      &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  *size = 64;
  *signature = static_cast<unsigned char*>(std::malloc(*size));
  const bool good = key && context && *signature && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestSign(context.get(), *signature, size, data, data_size) == 1;
  if (good) return 0;
  std::free(*signature);
  *signature = nullptr;
  return -1;
}

// In place of a signature: that one is asked for says that the host would take this key.
int note_and_refuse(LIBSSH2_SESSION*, unsigned char**, std::size_t*, const unsigned char*, std::size_t, void** abstract) {
  *static_cast<bool*>(*abstract) = true;
  return -1;
}

// Each prompt that hides what is typed asks for the password; others (a name, say) are left empty.
void answer_prompts(const char*, int, const char*, int, int count, const LIBSSH2_USERAUTH_KBDINT_PROMPT* prompts,
                    LIBSSH2_USERAUTH_KBDINT_RESPONSE* responses, void** abstract) {
  const auto* password = static_cast<Link*>(*abstract)->password;
  for (int i = 0; i < count; ++i) {
    if (!password || prompts[i].echo) continue;
    responses[i].text = ::strdup(password->c_str());  // libssh2 frees it
    responses[i].length = static_cast<unsigned>(password->size());
  }
}

class Attempt {
public:
  Attempt(Link& link, const SshTarget& target, const Patience& patience, std::vector<Wish>& wishes)
      : link_(link),
        target_(target),
        patience_(patience),
        wishes_(wishes),
        user_(target.user.c_str()),
        user_size_(static_cast<unsigned>(target.user.size())) {}

  Result<void> perform();

private:
  bool try_keys();
  bool try_file(const std::string& path);
  void look_at_locked();
  bool try_agent(bool only_locked);
  bool try_agent_keys(LIBSSH2_AGENT* agent, bool only_locked);
  bool try_password();
  bool judge(int rc, const std::string& what, bool rsa);
  bool over() const { return out_of_time_ || link_.closed; }
  std::string help() const;
  tl::unexpected<Failure> refusal() const;

  Link& link_;
  const SshTarget& target_;
  const Patience& patience_;
  std::vector<Wish>& wishes_;
  const char* user_;
  unsigned user_size_;
  std::vector<std::string> tried_;
  std::vector<KeyFile> locked_keys_;  // that we cannot open
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
  const Lock lock{Lock::Kind::key, path};
  const auto passphrase = key.encrypted ? target_.secrets->find(lock) : std::string();
  if (key.encrypted && passphrase.empty()) {
    locked_keys_.push_back(key);
    return false;
  }
  if (!key.readable || !key.is_key) {
    tried_.push_back(key.readable ? path + ": is not a private key" : "cannot be read: " + key.problem);
    return false;
  }
  // The public half is derived from the private one, so no .pub file is needed.
  void* abstract = const_cast<KeyFile*>(&key);
  const int rc = link_.finish(patience_, [&] {
    if (!key.seed.empty())
      return libssh2_userauth_publickey(link_.session(), user_, reinterpret_cast<const unsigned char*>(key.public_key.data()),
                                        key.public_key.size(), &sign_by_seed, &abstract);
    return libssh2_userauth_publickey_fromfile_ex(link_.session(), user_, user_size_, nullptr, path.c_str(), passphrase.c_str());
  });
  const bool opened = rc == 0 || rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
  if (!key.encrypted || opened || rc == Link::kOutOfTime || link_.closed) return judge(rc, path, key.rsa);
  tried_.push_back(fmt::format("{}: the passphrase does not open it ({})", path, link_.last_error()));
  wishes_.push_back({lock, passphrase});
  locked_ = true;
  return false;
}

// Last of all, so that nobody is asked who need not be: would the host take them? Their public halves can be offered without
// the passphrase, where the file tells them.
void Attempt::look_at_locked() {
  for (const auto& key : locked_keys_) {
    if (over()) return;
    bool taken = key.public_key.empty();
    void* abstract = &taken;
    if (!taken) {
      const int rc = link_.finish(patience_, [&] {
        return libssh2_userauth_publickey(link_.session(), user_, reinterpret_cast<const unsigned char*>(key.public_key.data()),
                                          key.public_key.size(), &note_and_refuse, &abstract);
      });
      if (!taken) judge(rc, key.path, key.rsa);
    }
    if (!taken) continue;
    locked_ = true;
    tried_.push_back(key.path + ": is protected by a passphrase");
    wishes_.push_back({{Lock::Kind::key, key.path}});
  }
}

bool Attempt::try_agent(bool only_locked) {
  const auto& path = target_.config.agent;
  if (path == "none") {
    tried_.emplace_back("ssh-agent: none (the configuration says so)");
    return false;
  }
  if (path.empty() && !std::getenv("SSH_AUTH_SOCK")) {
    tried_.emplace_back("ssh-agent: none (SSH_AUTH_SOCK is not set)");
    return false;
  }
  const std::unique_ptr<LIBSSH2_AGENT, AgentEnd> agent(libssh2_agent_init(link_.session()));
  if (agent && !path.empty()) libssh2_agent_set_identity_path(agent.get(), path.c_str());
  if (!agent || libssh2_agent_connect(agent.get()) != 0 || libssh2_agent_list_identities(agent.get()) != 0) {
    tried_.emplace_back("ssh-agent: does not answer");
    return false;
  }
  return try_agent_keys(agent.get(), only_locked);
}

bool Attempt::try_agent_keys(LIBSSH2_AGENT* agent, bool only_locked) {
  libssh2_agent_publickey* key = nullptr;
  int count = 0;
  for (libssh2_agent_publickey* before = nullptr; libssh2_agent_get_identity(agent, &key, before) == 0 && !over(); before = key) {
    const std::string blob(reinterpret_cast<const char*>(key->blob), key->blob_len);
    const auto wanted = [&](const KeyFile& locked) { return locked.public_key.empty() || locked.public_key == blob; };
    if (only_locked && std::none_of(locked_keys_.begin(), locked_keys_.end(), wanted)) continue;
    ++count;
    const int rc = link_.finish(patience_, [&] { return libssh2_agent_userauth(agent, user_, key); });
    const bool rsa = blob.compare(4, 7, "ssh-rsa") == 0;
    if (judge(rc, fmt::format("ssh-agent key '{}'", key->comment ? key->comment : ""), rsa)) return true;
  }
  if (count == 0) tried_.emplace_back(only_locked ? "ssh-agent: does not hold that key" : "ssh-agent: holds no keys");
  return false;
}

bool Attempt::try_password() {
  const char* offered = nullptr;
  const int asked = link_.finish(patience_, [&] {
    offered = libssh2_userauth_list(link_.session(), user_, user_size_);
    return offered || libssh2_userauth_authenticated(link_.session()) ? 0 : libssh2_session_last_errno(link_.session());
  });
  if (asked == 0 && !offered) return true;  // this host asks for nothing
  if (asked != 0) return judge(asked, "password", false);
  const std::string methods = std::string(",") + offered + ",";
  const bool plain = methods.find(",password,") != std::string::npos, prompts = methods.find(",keyboard-interactive,") != std::string::npos;
  const auto lock = account_lock(target_);
  const auto password = target_.secrets->find(lock);
  if (plain || prompts) wishes_.push_back({lock, password});
  if (password.empty()) return false;
  link_.password = &password;
  bool in = false;
  if (plain)
    in = judge(link_.finish(patience_,
                            [&] {
                              return libssh2_userauth_password_ex(link_.session(), user_, user_size_, password.c_str(),
                                                                  static_cast<unsigned>(password.size()), nullptr);
                            }),
               "password", false);
  if (!in && !over() && prompts)
    in = judge(link_.finish(patience_,
                            [&] { return libssh2_userauth_keyboard_interactive_ex(link_.session(), user_, user_size_, &answer_prompts); }),
               "password (keyboard-interactive)", false);
  link_.password = nullptr;
  if (!plain && !prompts) tried_.push_back(fmt::format("password: the host takes none, only {}", offered));
  return in;
}

std::string Attempt::help() const {
  if (rsa_refused_ && !signs_rsa_by_sha2(link_))
    return fmt::format(
        "libssh2 {} signs with RSA keys by SHA-1 only, which hosts since OpenSSH 8.8 refuse: use an ed25519 or ecdsa key (ssh-keygen -t "
        "ed25519, ssh-copy-id), or OpenSSH's client with `ssh_type: system` under `global`",
        libssh2_version(0));
  if (locked_)
    return "load the key into an agent (eval $(ssh-agent); ssh-add FILE), or give its passphrase: --ask-passphrase or --passphrase-fd";
  if (!target_.secrets->find(account_lock(target_)).empty())
    return "check the account and its password; root may often log in by key only (PermitRootLogin)";
  return fmt::format(
      "put the public key into ~{}/.ssh/authorized_keys of the host, name another identity, or as the last resort --ask-password; where "
      "the key is there, the host may refuse the account itself (expired, or /etc/nologin)",
      target_.user);
}

tl::unexpected<Failure> Attempt::refusal() const {
  Failure failure{Why::unreachable, {}, {}, {}, {}, help()};
  failure.what = fmt::format("{} accepted none of these: {}", render_target(target_), fmt::join(tried_, "; "));
  if (out_of_time_)
    failure.what = fmt::format("{} did not answer the authentication in time: {}", render_target(target_), fmt::join(tried_, "; "));
  failure.evidence = fmt::format("{}", fmt::join(tried_, "\n"));
  return tl::unexpected<Failure>(std::move(failure));
}

// Keys named on the command line mean just these, and so do those of a configuration that says IdentitiesOnly; a named
// key that is locked may well be in the agent.
bool Attempt::try_keys() {
  const bool told = !target_.identities.empty();
  const auto& files = told ? target_.identities : target_.config.identities;
  const bool only = told || target_.config.identities_only;
  if (!only && try_agent(false)) return true;
  for (const auto& path : files)
    if (over() || try_file(path)) return !over();
  if (files.empty()) {
    for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
      const auto path = home_file(name);
      std::error_code error;
      if (name == std::string_view("id_rsa") && !std::filesystem::exists(path, error)) continue;
      if (over() || try_file(path)) return !over();
    }
  }
  return !over() && only && !locked_keys_.empty() && try_agent(true);
}

Result<void> Attempt::perform() {
  if (try_keys()) return {};
  look_at_locked();
  if (!over() && try_password()) return {};
  return refusal();
}

}  // namespace

Result<void> authenticate(Link& link, const SshTarget& target, const Patience& patience, std::vector<Wish>& wishes) {
  return Attempt(link, target, patience, wishes).perform();
}

}  // namespace tidelab::host
