// sudo around a host, so that what begins with sudo_words() runs as root and finds its environment and stdin.
//
// sudo drops the environment (env_reset) and reads its password, if it wants one, from the same stdin that belongs
// to the command. So the command goes through a small sh that sudo starts: it exports the variables, and takes
// stdin line by line until a mark has come. Whether sudo has read the password before (as its policy and its cache
// decide) or left it lying there, what follows the mark is the command's own, byte for byte.
#include <mutex>

#include <fmt/format.h>

#include "host/host.hpp"
#include "host/quote.hpp"
#include "host/remote_shell.hpp"

namespace tidelab::host {
namespace {

using step::Failure;
using step::Why;

class Sudo final : public Host {
public:
  Sudo(std::unique_ptr<Host> host, std::string password) : host_(std::move(host)), password_(std::move(password)) {}

  Result<Output> run(const Command& command, const Control& control) override;
  std::string name() const override { return host_->name(); }
  Traffic traffic() const override { return host_->traffic(); }

private:
  Result<void> prove(const Control& control);
  Command wrap(const Command& command, const std::string& mark) const;
  tl::unexpected<Failure> refused(const std::string& said) const;

  std::unique_ptr<Host> host_;
  std::string password_;
  std::mutex mutex_;
  bool proven_ = false;
};

bool begins_with_sudo(const Command& command) {
  const auto words = sudo_words();
  return command.argv.size() > words.size() && std::equal(words.begin(), words.end(), command.argv.begin());
}

tl::unexpected<Failure> Sudo::refused(const std::string& said) const {
  auto first = said.substr(0, said.find('\n'));
  Failure failure{Why::unreachable, fmt::format("sudo does not let us become root on {}: {}", name(), first), said, {}, {}, {}};
  failure.help = password_.empty() ? "give the password with --ask-sudo-password or --sudo-password-fd, or allow it without one in sudoers "
                                     "(NOPASSWD), or log in as root"
                                   : "check the password and that the account may use sudo (sudo -l on the host)";
  return tl::unexpected<Failure>(std::move(failure));
}

// One attempt only, before anything depends on it: a wrong password is counted by many hosts.
Result<void> Sudo::prove(const Control& control) {
  const std::lock_guard lock(mutex_);
  if (proven_ || password_.empty()) return {};
  Command command{{"env", "LC_ALL=C", "sudo", "-S", "-p", "", "-v"}, {}, {}, {password_ + "\n", {}}, {}};
  const auto output = host_->run(command, control);
  if (!output) return tl::unexpected(output.error());
  if (output->code != 0) return refused(output->code == 127 ? "there is no sudo" : output->err);
  proven_ = true;
  return {};
}

Command Sudo::wrap(const Command& command, const std::string& mark) const {
  std::string script = fmt::format("while IFS= read -r l; do [ \"$l\" = {0} ] && break; done; printf '%s\\n' {0} >&2; ", mark);
  // sudo leaves a copy of the whole command line in SUDO_COMMAND, where variables given to `env` would outlive it.
  script += "unset LC_ALL SUDO_COMMAND; " + render_surroundings(command) + "exec \"$@\"";
  Command wrapped = command;
  wrapped.argv = {"env", "LC_ALL=C", "sudo"};
  if (password_.empty())
    wrapped.argv.emplace_back("-n");
  else
    wrapped.argv.insert(wrapped.argv.end(), {"-S", "-p", ""});
  wrapped.argv.insert(wrapped.argv.end(), {"--", "sh", "-c", script, "sh"});
  const auto from = begins_with_sudo(command) ? static_cast<long>(sudo_words().size()) : 0;
  wrapped.argv.insert(wrapped.argv.end(), command.argv.begin() + from, command.argv.end());
  wrapped.env.clear();
  wrapped.cwd.clear();  // root may enter where we may not
  wrapped.as_i_run = [this](const Command& ender) { return wrap(ender, make_mark()); };
  wrapped.input.lead = (password_.empty() ? std::string() : password_ + "\n") + mark + "\n" + command.input.lead;
  return wrapped;
}

Result<Output> Sudo::run(const Command& command, const Control& control) {
  if (!begins_with_sudo(command)) return host_->run(command, control);
  for (const auto& [variable, value] : command.env)
    if (!is_variable_name(variable)) return step::fail(Why::failed, fmt::format("'{}' is not a name that a shell can export", variable));
  if (auto may = prove(control); !may) return tl::unexpected(may.error());
  const auto mark = make_mark();
  auto output = host_->run(wrap(command, mark), control);
  if (!output) {
    auto& evidence = output.error().evidence;
    if (evidence.starts_with(mark)) evidence.erase(0, mark.size() + 1);
    return output;
  }
  // The mark is the first thing that is said by what sudo started. A lecture of sudo's may come before.
  const auto at = output->err.find(mark + "\n");
  if (at == std::string::npos) return refused(output->code == 127 ? "there is no sudo" : output->err);
  output->err.erase(0, at + mark.size() + 1);
  return output;
}

class WithoutSudo final : public Host {
public:
  explicit WithoutSudo(std::unique_ptr<Host> host) : host_(std::move(host)) {}

  Result<Output> run(const Command& command, const Control& control) override {
    if (!begins_with_sudo(command)) return host_->run(command, control);
    auto plain = command;
    plain.argv.erase(plain.argv.begin(), plain.argv.begin() + static_cast<long>(sudo_words().size()));
    return host_->run(plain, control);
  }
  std::string name() const override { return host_->name(); }
  Traffic traffic() const override { return host_->traffic(); }

private:
  std::unique_ptr<Host> host_;
};

}  // namespace

std::unique_ptr<Host> make_without_sudo(std::unique_ptr<Host> host) { return std::make_unique<WithoutSudo>(std::move(host)); }

std::vector<std::string> sudo_words() { return {"sudo", "-n"}; }

std::unique_ptr<Host> make_sudo(std::unique_ptr<Host> host, std::string password) {
  return std::make_unique<Sudo>(std::move(host), std::move(password));
}

}  // namespace tidelab::host
