#include "process/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

extern char** environ;  // NOLINT: POSIX gives it no header

namespace tidelab::process {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment(const std::vector<std::string>& added) {
  std::vector<std::string> env = added;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry(*each);
    const auto name = entry.substr(0, entry.find('=') + 1);
    bool replaced = false;
    for (const auto& one : added) replaced = replaced || (!name.empty() && one.starts_with(name));
    if (!replaced) env.emplace_back(entry);
  }
  return env;
}

class Actions {
public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void give(int from, int to, int flags) {
    if (from < 0)
      posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", flags, 0);
    else
      posix_spawn_file_actions_adddup2(&actions_, from, to);
  }
  posix_spawn_file_actions_t* get() { return &actions_; }

private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) sigaddset(&usual, each);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

int spawn(const Program& program, pid_t& pid) {
  Actions actions;
  const Attributes attributes;
  // In this order: none of ours is among the first four, as whoever opens them sees to.
  actions.give(program.in, 0, O_RDONLY);
  actions.give(program.out, 1, O_WRONLY);
  actions.give(program.err, 2, O_WRONLY);
  if (program.third >= 0) actions.give(program.third, 3, 0);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), program.third >= 0 ? 4 : 3);
  if (!program.cwd.empty()) posix_spawn_file_actions_addchdir_np(actions.get(), program.cwd.c_str());
  const auto env = environment(program.env);
  const auto& file = program.file.empty() ? program.argv.front() : program.file;
  return ::posix_spawnp(&pid, file.c_str(), actions.get(), attributes.get(), pointers(program.argv).data(), pointers(env).data());
}

}  // namespace tidelab::process
