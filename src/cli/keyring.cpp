#include "cli/keyring.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>

#include <fmt/format.h>

#include "cli/options.hpp"
#include "cli/secret.hpp"

namespace tidelab::cli {

namespace {

using Kind = host::Lock::Kind;
using namespace std::chrono_literals;

// Hosts close connections that are not let in after two minutes; whoever answers later than that has gone.
constexpr auto kPatience = 120s;
constexpr int kTries = 3;
constexpr int most_of_a_list = 100'000;  // hosts

struct Words {
  const char* what;  // "password of ops@r21"
  const char* one;   // of all
  const char* option;
};

Words words_of(Kind kind) {
  switch (kind) {
    case Kind::key: return {"passphrase", "passphrase of the key", "passphrase"};
    case Kind::account: return {"password", "ssh password", "password"};
    case Kind::sudo: break;
  }
  return {"sudo password", "sudo password", "sudo-password"};
}

// `errno` is that of the reading; it was 0 before.
void tell_unreadable(Kind kind, int fd) {
  std::cerr << fmt::format("tidelab: no {} can be read from file descriptor {}: {}\n", words_of(kind).one, fd,
                           errno ? std::strerror(errno) : "it is empty");
}

std::string render(const host::Lock& lock) { return fmt::format("{} of {}", words_of(lock.kind).what, lock.name); }

}  // namespace

std::optional<int> Keyring::read(std::stop_token stop) {
  stop_ = std::move(stop);
  for (const auto kind : {Kind::key, Kind::account, Kind::sudo}) {
    const auto& from = from_[kind];
    if (!(from.list_fd >= 0 ? read_list(kind, from.list_fd) : read_one(kind, from)))
      return stop_.stop_requested() ? exit_interrupted : exit_usage;
  }
  return std::nullopt;
}

bool Keyring::read_one(Kind kind, const SecretFrom& from) {
  if (!from.ask && from.fd < 0) return true;
  const std::string what = words_of(kind).one;
  errno = 0;
  auto line = from.fd >= 0 ? read_line(from.fd) : std::nullopt;
  if (from.fd >= 0 && !line) tell_unreadable(kind, from.fd);
  if (from.fd < 0) {
    const auto answer = ask_terminal(what, kPatience, stop_);
    if (answer.came == Answer::Came::no_terminal)
      std::cerr << fmt::format("tidelab: there is no terminal to ask for the {}; give it by a file descriptor\n", what);
    if (answer.came == Answer::Came::late) std::cerr << fmt::format("tidelab: nobody gave the {}\n", what);
    if (answer.came == Answer::Came::line || answer.came == Answer::Came::nothing) line = answer.line;
  }
  if (line && line->empty()) std::cerr << fmt::format("tidelab: the {} is empty\n", what);
  if (!line || line->empty()) return false;
  for_all_[kind] = *line;
  return true;
}

bool Keyring::read_list(Kind kind, int fd) {
  int number = 0;
  errno = 0;
  for (auto line = read_line(fd); line && !line->empty(); line = read_line(fd)) {
    if (++number > most_of_a_list) {
      std::cerr << fmt::format("tidelab: file descriptor {} gives more than {} lines\n", fd, most_of_a_list);
      return false;
    }
    const auto gap = line->find(' ');
    if (gap == std::string::npos || gap == 0 || gap + 1 == line->size()) {
      std::cerr << fmt::format("tidelab: line {} from file descriptor {} is not `HOST PASSWORD`\n", number, fd);
      return false;
    }
    of_host_[kind][line->substr(0, gap)] = line->substr(gap + 1);
  }
  const bool whole = number > 0 && errno != EMSGSIZE;
  if (!whole) tell_unreadable(kind, fd);
  return whole;
}

std::string Keyring::find(const host::Lock& lock) {
  const std::lock_guard guard(mutex_);
  if (const auto asked = asked_.find({lock.kind, lock.name}); asked != asked_.end() && !asked->second.secret.empty())
    return asked->second.secret;
  const auto& list = of_host_[lock.kind];
  for (const auto& name : {lock.name, lock.host, std::string("*")})
    if (const auto found = list.find(name); found != list.end()) return found->second;
  return for_all_[lock.kind];
}

tl::expected<void, std::string> Keyring::ask(const host::Lock& lock, const std::string& refused) {
  const std::lock_guard one(terminal_);
  if (const auto known = find(lock); !known.empty() && known != refused) return {};
  const auto& from = from_[lock.kind];
  if (from.list_fd >= 0 && refused.empty())
    return tl::unexpected(fmt::format("--{}s-fd gave no line for {}", words_of(lock.kind).option, lock.host));
  if (from.fd >= 0 || from.list_fd >= 0) return tl::unexpected(std::string());  // whoever gives it so is not there
  {
    const std::lock_guard guard(mutex_);
    const auto& asked = asked_[{lock.kind, lock.name}];
    if (asked.declined) return tl::unexpected(fmt::format("the {} was not given", render(lock)));
    if (asked.times == kTries) return tl::unexpected(fmt::format("{} times it was another one", kTries));
  }
  return prompt(lock, !refused.empty());
}

tl::expected<void, std::string> Keyring::prompt(const host::Lock& lock, bool again) {
  const auto what = render(lock);
  const auto answer = ask_terminal(again ? "that does not open it; " + what : what, kPatience, stop_);
  const std::lock_guard guard(mutex_);
  auto& asked = asked_[{lock.kind, lock.name}];
  if (answer.came == Answer::Came::line && !answer.line.empty()) {
    asked.secret = answer.line;
    ++asked.times;
    return {};
  }
  asked.declined = true;
  switch (answer.came) {
    case Answer::Came::no_terminal: return tl::unexpected(fmt::format("there is no terminal to ask for the {}", what));
    case Answer::Came::late: return tl::unexpected(fmt::format("nobody gave the {} within {} s", what, kPatience.count()));
    case Answer::Came::stopped: return tl::unexpected(fmt::format("the stop came before the {}", what));
    default: return tl::unexpected(fmt::format("the {} was not given", what));
  }
}

}  // namespace tidelab::cli
