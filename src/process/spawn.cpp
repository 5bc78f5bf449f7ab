#include "process/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
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

bool is_file(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
}

// As a shell looks it up, with the PATH that the program will have. A name that is nowhere is looked for where nothing is:
// the exec then says ENOENT.
std::string find_program(const std::string& name, const std::vector<std::string>& env, const std::string& cwd) {
  if (name.find('/') != std::string::npos) return name;
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  const auto given = std::find_if(env.begin(), env.end(), [](const auto& entry) { return entry.starts_with("PATH="); });
  if (given != env.end()) path = given->substr(5);
  std::string unusable;
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find(':', at), path.size());
    auto candidate = end == at ? "./" + name : path.substr(at, end - at) + "/" + name;
    const auto seen = candidate.starts_with('/') || cwd.empty() ? candidate : cwd + "/" + candidate;
    if (is_file(seen) && ::access(seen.c_str(), X_OK) == 0) return candidate;
    if (unusable.empty() && is_file(seen)) unusable = candidate;
    at = end + 1;
  }
  return unusable.empty() ? "/nonexistent/" + name : unusable;
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
    sigset_t none, all;
    sigemptyset(&none);
    std::memset(&all, 0xff, sizeof all);  // sigfillset() leaves out two that are the C library's, and they would be ignored
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

tl::expected<pid_t, NotStarted> spawn(const Program& program) {
  const auto not_started = [](int code, int error) { return tl::unexpected(NotStarted{code, error}); };
  // The directory is opened here, so that what is wrong with it can be told from what is wrong with the program.
  const Fd cwd(program.cwd.empty() ? -1 : ::open(program.cwd.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!program.cwd.empty() && (!cwd || ::faccessat(cwd.get(), ".", X_OK, AT_EACCESS) != 0)) return not_started(no_directory, errno);
  const auto env = environment(program.env);
  const auto file = program.file.empty() ? find_program(program.argv.front(), env, program.cwd) : program.file;
  Actions actions;
  const Attributes attributes;
  if (cwd) posix_spawn_file_actions_addfchdir_np(actions.get(), cwd.get());
  // In this order: none of ours is among the first four, as whoever opens them sees to.
  actions.give(program.in, 0, O_RDONLY);
  actions.give(program.out, 1, O_WRONLY);
  actions.give(program.err, 2, O_WRONLY);
  if (program.third >= 0) actions.give(program.third, 3, 0);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), program.third >= 0 ? 4 : 3);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, file.c_str(), actions.get(), attributes.get(), pointers(program.argv).data(), pointers(env).data());
  if (error == 0) return pid;
  if (error == EAGAIN || error == ENOMEM) return not_started(0, error);
  return not_started(error == ENOENT || error == ENOTDIR ? 127 : 126, error);
}

Fd above_standard(Fd fd) {
  if (fd.get() < 0 || fd.get() > 3) return fd;
  return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 4));
}

bool open_pipe(Fd& read_end, Fd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end = above_standard(Fd(ends[0]));
  write_end = above_standard(Fd(ends[1]));
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  return read_end && write_end;
}

}  // namespace tidelab::process
