// OpenSSH's client: see the header.
#include "host/system_client.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include <fmt/format.h>

#include "host/quote.hpp"
#include "host/ssh_link.hpp"
#include "host/ssh_turn.hpp"

namespace tidelab::host {
namespace {

using step::Failure;
using step::Why;

// The client leaves the background by itself when it was unused for so long: also after a kill -9 of ours.
constexpr int kIdleSeconds = 300;

process::Fd hold_secret(const std::string& secret) {
  if (secret.empty()) return {};
  process::Fd fd(::memfd_create("secret", MFD_CLOEXEC));
  const auto text = secret + "\n";
  if (fd && ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fd.close();
  return fd;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::string found(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : std::string();
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// How the client asks; it shows no more than that of a path.
std::string question_for(const std::string& path) { return fmt::format("Enter passphrase for key '{}': ", path.substr(0, 100)); }

std::string key_asked_for(const std::string& question) { return found(question, "^Enter passphrase for key '([^\\n]*)': $"); }

// How the client asks for the target's password, as patterns of a shell. A jump host is asked for by a client of its own, which
// has the same askpass program and says whose password it wants; older clients say only "Password:" where the host
// makes up the question, so that is answered where there is no other host.
std::string password_questions(const SshTarget& target) {
  const auto& config = target.config;
  auto host = !config.host_key_alias.empty() ? config.host_key_alias : !config.hostname.empty() ? config.hostname : target.address;
  for (auto& c : host) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto user = [&](std::size_t most) { return target.user.empty() ? std::string("*") : quote(target.user.substr(0, most)); };
  auto out = fmt::format("{}{}|'('{}{}*[Pp]assword*", user(30), quote("@" + host.substr(0, 128) + "'s password: "), user(std::string::npos),
                         quote("@" + host + ") "));
  if (config.proxy_jump.empty() && config.proxy_command.empty()) out += "|[Pp]assword*";
  return out;
}

bool takes_a_password(const std::string& said) {
  const auto methods = found(said, "Permission denied \\(([^)\\n]*)\\)");
  return has(methods, "password") || has(methods, "keyboard-interactive");
}

}  // namespace

SystemClient::SystemClient(SshTarget target) : target_(std::move(target)) {
  char folder[] = "/tmp/tidelab-ssh-XXXXXX";
  if (::mkdtemp(folder)) folder_ = folder;
}

SystemClient::~SystemClient() {
  std::error_code error;
  if (usable()) std::filesystem::remove_all(folder_, error);
}

// It is called with the prompt, which it notes. Whatever else is asked (a host key, a second factor) gets no answer.
void SystemClient::write_askpass() {
  const auto path = folder_ + "/askpass";
  std::ofstream file(path);
  file << fmt::format("#!/bin/sh\nprintf '%s\\n' \"$1\" >>{}/asked\ncase $1 in\n", folder_);
  const auto answer = [&](const std::string& pattern, const Lock& lock) {
    const auto secret = target_.secrets->find(lock);
    auto fd = hold_secret(secret);
    if (!fd) return;
    file << fmt::format("{}) exec cat /proc/{}/fd/{} ;;\n", pattern, ::getpid(), fd.get());
    held_.push_back(std::move(fd));
    given_[lock.name] = secret;
  };
  held_.clear();
  given_.clear();
  auto keys = target_.identities;
  keys.insert(keys.end(), target_.config.identities.begin(), target_.config.identities.end());
  for (const auto& question : read_lines(folder_ + "/asked"))
    if (const auto key = key_asked_for(question); !key.empty()) keys.push_back(key);
  for (const auto& key : keys) answer(quote(question_for(key)), {Lock::Kind::key, key});
  answer("*[Pp]assphrase*", {Lock::Kind::key, {}});
  answer(password_questions(target_), account_lock(target_));
  file << "esac\nexit 1\n";
  file.close();
  ::chmod(path.c_str(), 0700);
}

void SystemClient::ask_by_askpass(Command& command) const {
  command.env = {{"SSH_ASKPASS", folder_ + "/askpass"}, {"SSH_ASKPASS_REQUIRE", "force"}};
}

std::vector<Wish> SystemClient::read_wishes(const std::string& said) const {
  const auto given_for = [&](const std::string& name) {
    const auto found = given_.find(name);
    return found == given_.end() ? std::string() : found->second;
  };
  std::vector<Wish> wishes;
  for (const auto& question : read_lines(folder_ + "/asked")) {
    const Lock lock{Lock::Kind::key, key_asked_for(question)};
    if (!lock.name.empty()) wishes.push_back({lock, given_for(lock.name)});
  }
  const auto account = account_lock(target_);
  if (takes_a_password(said)) wishes.push_back({account, given_for(account.name)});
  return wishes;
}

std::vector<std::string> SystemClient::options() const {
  const auto& t = target_;
  std::vector<std::string> argv{"ssh", "-T", "-x", "-a"};
  const auto set = [&](const std::string& option) { argv.insert(argv.end(), {"-o", option}); };
  if (!t.config_file.empty()) argv.insert(argv.end(), {"-F", t.config_file});
  if (!t.user.empty()) argv.insert(argv.end(), {"-l", t.user});
  if (t.port != 0) argv.insert(argv.end(), {"-p", std::to_string(t.port)});
  for (const auto& each : t.identities) argv.insert(argv.end(), {"-i", each});
  if (!t.identities.empty()) set("IdentitiesOnly=yes");
  if (!t.known_hosts.empty()) set("UserKnownHostsFile=\"" + t.known_hosts + "\"");
  if (!t.known_hosts.empty()) set("GlobalKnownHostsFile=none");
  set(t.accept_new ? "StrictHostKeyChecking=accept-new" : "StrictHostKeyChecking=yes");
  if (!ciphers_.empty()) set("Ciphers=" + ciphers_);
  set("UpdateHostKeys=no");
  set("BatchMode=no");
  set("NumberOfPasswordPrompts=1");
  // Without one it would send an empty one, and hosts count wrong ones.
  if (!given_.contains(account_lock(target_).name)) set("PasswordAuthentication=no"), set("KbdInteractiveAuthentication=no");
  set(fmt::format("ConnectTimeout={}", std::max<long>(1, static_cast<long>(t.connect_within.count() / 1000))));
  for (const char* option :
       {"ServerAliveInterval=4", "ServerAliveCountMax=3", "ClearAllForwardings=yes", "PermitLocalCommand=no", "RemoteCommand=none"})
    set(option);
  return argv;
}

Command SystemClient::make_master() {
  write_askpass();
  std::error_code none;
  std::filesystem::remove(folder_ + "/asked", none);
  auto argv = options();
  argv.insert(argv.end(), {"-o", "LogLevel=ERROR", "-o", fmt::format("ControlPersist={}", kIdleSeconds), "-M", "-S", folder_ + "/c", "-N",
                           "-f", "--", target_.address});
  Command command{std::move(argv), {}, {}, {}, {}};
  ask_by_askpass(command);
  return command;
}

// Without its master a client would quietly connect by itself, without a cap and with no password: it shall fail.
Command SystemClient::make_command(const std::string& line, Way way) const {
  auto argv = options();
  argv.insert(argv.end(), {"-o", "LogLevel=ERROR", "-o", "ControlMaster=no", "-S", folder_ + "/c"});
  for (const char* option : {"ForkAfterAuthentication=no", "StdinNull=no", "SessionType=default"}) argv.insert(argv.end(), {"-o", option});
  if (way == Way::shared) argv.insert(argv.end(), {"-o", "ProxyJump=none", "-o", "ProxyCommand=false"});
  argv.insert(argv.end(), {"--", target_.address, line});
  Command command{std::move(argv), {}, {}, {}, {}};
  ask_by_askpass(command);
  return command;
}

Command SystemClient::make_control(const std::string& what) const {
  auto argv = options();
  argv.insert(argv.end(), {"-S", folder_ + "/c", "-O", what, "--", target_.address});
  return {std::move(argv), {}, {}, {}, {}};
}

Command SystemClient::make_look() const {
  auto argv = options();
  argv.insert(argv.end(), {"-o", "LogLevel=DEBUG1", "-o", "ControlPath=none", "-o", "BatchMode=yes", "--", target_.address, "true"});
  return {std::move(argv), {}, {}, {}, {}};
}

bool says_no_known_key(const std::string& said) { return has(said, "host key is known for") && has(said, "strict checking"); }

Failure explain_refusal(const SshTarget& target, const std::string& said, const std::string& shown) {
  const auto name = render_target(target);
  Failure failure{Why::unreachable, {}, said, {}, {}, {}};
  if (has(said, "REMOTE HOST IDENTIFICATION HAS CHANGED") || has(said, "REVOKED HOST KEY")) {
    const auto print = found(said, "(SHA256:[A-Za-z0-9+/]+)");
    const auto line = found(said, "Offending [^\\n]*key in ([^\\n\\r]*:[0-9]+)");
    failure.what = fmt::format("THE HOST KEY OF {} {}: it shows {}, and {} says otherwise; nothing was sent", name,
                               has(said, "REVOKED") ? "IS REVOKED" : "HAS CHANGED", print.empty() ? "another one" : print,
                               line.empty() ? "known_hosts" : line);
    failure.help = "someone may be in between. If the host was really made anew, check the fingerprint on its console and remove that line";
  } else if (says_no_known_key(said)) {
    const auto key = found(shown, "Server host key: ([^\\n\\r]*)");
    failure.what =
        fmt::format("the host key of {} is not in {}: it shows {}", name, target.known_hosts.empty() ? "known_hosts" : target.known_hosts,
                    key.empty() ? "one that is not known" : key);
    failure.help =
        "compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), then use "
        "--accept-new-host-keys once, or connect once with ssh";
  } else if (has(said, "Permission denied")) {
    failure.what = fmt::format("{} does not let us in: {}", name, last_line(said));
    failure.help =
        target.secrets->find(account_lock(target)).empty()
            ? "name an identity, load the key into an agent, or give its passphrase (--ask-passphrase) or, as the last resort, the "
              "password (--ask-password)"
            : "check the account, its password and the key's passphrase";
  } else if (says_turned_away(said)) {
    failure = make_turned_away(target, said);
  } else {
    failure.what = fmt::format("cannot reach {}: {}", name, said.empty() ? "ssh said nothing" : last_line(said));
  }
  return failure;
}

}  // namespace tidelab::host
