// sudo around a host, so that what begins with sudo_words() runs as root and finds its environment and stdin.
//
// sudo drops the environment (env_reset) and reads its password, if it wants one, from the same stdin that belongs
// to the command. So the command goes through a small sh that sudo starts: it exports the variables, and takes
// stdin line by line until a mark has come. Whether sudo has read the password before (as its policy and its cache
// decide) or left it lying there, what follows the mark is the command's own, byte for byte.
#include <algorithm>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "host/host.hpp"
#include "host/quote.hpp"
#include "host/remote_shell.hpp"

namespace tidelab::host {
namespace {

using step::Clock;
using step::Failure;
using step::Why;

class Sudo final : public Host {
public:
  Sudo(std::unique_ptr<Host> host, Secrets& secrets, Lock lock)
      : host_(std::move(host)), secrets_(secrets), lock_(std::move(lock)), password_(secrets_.find(lock_)) {}

  std::string name() const override { return host_->name(); }
  Result<void> open(const Control& control) override { return host_->open(control); }
  Traffic traffic() const override { return host_->traffic(); }
  void part() override { host_->part(); }

private:
  Result<Output> carry_out(const Command& command, const Control& control) override;
  Result<std::string> prove(Control& control, const std::string& wanted);
  Result<void> try_password(const Control& control, bool& wrong);
  Command wrap(const Command& command, const std::string& mark, const std::string& password) const;
  Failure refused(const std::string& said, bool with_password) const;

  std::unique_ptr<Host> host_;
  Secrets& secrets_;
  const Lock lock_;
  std::mutex mutex_;
  std::string password_;  // guarded by it, as what follows
  bool proven_ = false;
};

/// What comes behind a mark is the command's own, and handed on; of what comes before, kNoiseKept is kept, and
/// kMostNoise put up with.
class BehindMark {
public:
  BehindMark(const std::string& mark, const std::function<void(std::string_view)>& to, const Control& control)
      : line_(mark + "\n"), to_(to), enough_(control) {}

  void operator()(std::string_view bytes) {
    if (found_) return to_(bytes);
    so_far_ += bytes.size();
    before_ += bytes.substr(0, kNoiseKept - before_.size());
    held_ += bytes;
    const auto at = held_.find(line_);
    if (at == std::string::npos) {
      held_.erase(0, held_.size() - std::min(held_.size(), line_.size() - 1));
      if (flooded()) enough_.now();
      return;
    }
    found_ = true;
    const auto own = std::exchange(held_, {}).substr(at + line_.size());
    before_.clear();
    if (!own.empty()) to_(own);
  }
  bool found() const { return found_; }
  bool flooded() const { return !found_ && so_far_ > kMostNoise; }
  const std::string& before() const { return before_; }
  /// The given one, which ends, too, when too much has come.
  const Control& control() const { return enough_.control(); }

private:
  const std::string line_;
  const std::function<void(std::string_view)>& to_;
  step::Enough enough_;
  std::string before_, held_;
  std::size_t so_far_ = 0;
  bool found_ = false;
};

void forgive(Control& control, Clock::duration spent) {
  if (control.deadline < Clock::time_point::max() - spent) control.deadline += spent;
}

bool begins_with_sudo(const Command& command) {
  const auto words = sudo_words();
  return command.argv.size() > words.size() && std::equal(words.begin(), words.end(), command.argv.begin());
}

Failure Sudo::refused(const std::string& said, bool with_password) const {
  auto first = said.substr(0, said.find('\n'));
  Failure failure{Why::unreachable, fmt::format("sudo refused root access on {}: {}", name(), first), said, {}, {}, {}};
  failure.help = with_password ? "check the password and that the account may use sudo (sudo -l on the host)"
                               : "give the password with --ask-sudo-password or --sudo-password-fd, or allow it without one in sudoers "
                                 "(NOPASSWD), or log in as root";
  return failure;
}

// One attempt only, before anything depends on it: a wrong password is counted by many hosts.
Result<void> Sudo::try_password(const Control& control, bool& wrong) {
  Command command{{"env", "LC_ALL=C", "sudo", "-S", "-p", "", "-v"}, {}, {}, {password_ + "\n", {}}, {}};
  const auto output = host_->run(command, control);
  if (!output) return tl::unexpected(output.error());
  wrong = output->err.find("incorrect") != std::string::npos;
  if (output->code != 0) return tl::unexpected(refused(output->code == 127 ? "there is no sudo" : output->err, true));
  return {};
}

// The password that sudo has taken; empty as long as it is not known to want one. All commands of the host wait here while a
// person is asked, which none of them has to answer for.
Result<std::string> Sudo::prove(Control& control, const std::string& wanted) {
  const auto from = Clock::now();
  const std::lock_guard lock(mutex_);
  forgive(control, Clock::now() - from);
  while (!proven_) {
    Failure why = refused(wanted, false);
    if (password_.empty()) password_ = secrets_.find(lock_);
    if (password_.empty() && wanted.empty()) return std::string();
    if (!password_.empty()) {
      bool wrong = false;
      const auto taken = try_password(control, wrong);
      proven_ = taken.has_value();
      if (proven_) break;
      why = taken.error();
      if (!wrong) return tl::unexpected(why);
    }
    const auto asked = Clock::now();
    const bool granted = grant(secrets_, {{lock_, password_}}, why);
    forgive(control, Clock::now() - asked);
    if (!granted) return tl::unexpected(why);
    password_ = secrets_.find(lock_);
  }
  return password_;
}

Command Sudo::wrap(const Command& command, const std::string& mark, const std::string& password) const {
  std::string script = fmt::format("while IFS= read -r l; do [ \"$l\" = {0} ] && break; done; printf '%s\\n' {0} >&2; ", mark);
  // sudo leaves a copy of the whole command line in SUDO_COMMAND, where variables given to `env` would outlive it.
  script += "unset LC_ALL SUDO_COMMAND; " + render_surroundings(command) + "exec \"$@\"";
  Command wrapped = command;
  wrapped.argv = {"env", "LC_ALL=C", "sudo"};
  if (password.empty())
    wrapped.argv.emplace_back("-n");
  else
    wrapped.argv.insert(wrapped.argv.end(), {"-S", "-p", ""});
  wrapped.argv.insert(wrapped.argv.end(), {"--", "sh", "-c", script, "sh"});
  const auto from = begins_with_sudo(command) ? static_cast<long>(sudo_words().size()) : 0;
  wrapped.argv.insert(wrapped.argv.end(), command.argv.begin() + from, command.argv.end());
  wrapped.env.clear();
  wrapped.cwd.clear();  // root may enter where we may not
  wrapped.as_i_run = [this, password](const Command& ender) { return wrap(ender, make_mark(), password); };
  wrapped.input.lead = (password.empty() ? std::string() : password + "\n") + mark + "\n" + command.input.lead;
  return wrapped;
}

Result<Output> Sudo::carry_out(const Command& command, const Control& given) {
  if (!begins_with_sudo(command)) return host_->run(command, given);
  for (const auto& [variable, value] : command.env)
    if (!is_variable_name(variable)) return step::fail(Why::failed, fmt::format("'{}' is not a name that a shell can export", variable));
  auto control = given;
  for (std::string wanted;;) {
    const auto password = prove(control, wanted);
    if (!password) return tl::unexpected(password.error());
    const auto mark = make_mark();
    auto wrapped = wrap(command, mark, *password);
    // The mark is the first thing that is said by what sudo started. A lecture of sudo's may come before.
    BehindMark behind(mark, command.on_err, control);
    wrapped.on_err = [&behind](std::string_view bytes) { behind(bytes); };
    auto output = host_->run(wrapped, behind.control());
    if (behind.flooded()) return make_flood(behind.before());
    if (!output && !behind.before().empty()) output.error().evidence = last_words(behind.before());
    if (!output || behind.found()) return output;
    // Without it nothing has begun.
    const auto& said = behind.before();
    const bool wants = password->empty() && wanted.empty() && said.find("is required") != std::string::npos;
    if (!wants) return tl::unexpected(refused(output->code == 127 ? "there is no sudo" : said, !password->empty()));
    wanted = said;
  }
}

class WithoutSudo final : public Host {
public:
  explicit WithoutSudo(std::unique_ptr<Host> host) : host_(std::move(host)) {}

  std::string name() const override { return host_->name(); }
  Traffic traffic() const override { return host_->traffic(); }
  void part() override { host_->part(); }

private:
  Result<Output> carry_out(const Command& command, const Control& control) override {
    if (!begins_with_sudo(command)) return host_->run(command, control);
    auto plain = command;
    plain.argv.erase(plain.argv.begin(), plain.argv.begin() + static_cast<long>(sudo_words().size()));
    return host_->run(plain, control);
  }

  std::unique_ptr<Host> host_;
};

}  // namespace

std::unique_ptr<Host> make_without_sudo(std::unique_ptr<Host> host) { return std::make_unique<WithoutSudo>(std::move(host)); }

std::vector<std::string> sudo_words() { return {"sudo", "-n"}; }

std::unique_ptr<Host> make_sudo(std::unique_ptr<Host> host, Secrets& secrets, Lock lock) {
  return std::make_unique<Sudo>(std::move(host), secrets, std::move(lock));
}

}  // namespace tidelab::host
