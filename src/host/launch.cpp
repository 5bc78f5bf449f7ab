// From a command to a running child: everything that allocates happens before the fork, everything between
// fork and exec is async-signal-safe.
#include "host/launch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "host/remote_shell.hpp"

extern char** environ;

namespace tidelab::host {
namespace {

using step::Why;

// A descriptor below 3 would be overwritten by the child's dup2.
process::Fd above_stdio(int fd) {
  if (fd < 0 || fd > 2) return process::Fd(fd);
  const process::Fd low(fd);
  return process::Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

// A text is handed over as an anonymous file: no second stream to feed, no SIGPIPE when it is not read.
Result<process::Fd> open_input(const Input& input) {
  const auto held = input.lead + (input.file.empty() ? input.text : std::string());
  if (held.empty()) {
    const char* path = input.file.empty() ? "/dev/null" : input.file.c_str();
    process::Fd fd = above_stdio(::open(path, O_RDONLY | O_CLOEXEC));
    if (!fd) return step::fail(Why::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    return fd;
  }
  process::Fd fd = above_stdio(::memfd_create("stdin", MFD_CLOEXEC));
  for (std::size_t done = 0; fd && done < held.size();) {
    const auto n = ::write(fd.get(), held.data() + done, held.size() - done);
    if (n < 0) return step::fail(Why::failed, fmt::format("cannot hold the input: {}", std::strerror(errno)));
    done += static_cast<std::size_t>(n);
  }
  if (!fd || ::lseek(fd.get(), 0, SEEK_SET) != 0)
    return step::fail(Why::failed, fmt::format("cannot hold the input: {}", std::strerror(errno)));
  return fd;
}

std::vector<std::string> make_environment(const Command& command) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : command.env) replaced = replaced || text.starts_with(name + "=");
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : command.env) all.push_back(name + "=" + value);
  return all;
}

// As a shell looks it up, with the PATH that the command will have. A name that is nowhere stays as it is:
// the exec then says ENOENT.
std::string find_program(const std::string& name, const std::vector<std::string>& environment, const std::string& cwd) {
  if (name.find('/') != std::string::npos) return name;
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& entry : environment)
    if (entry.starts_with("PATH=")) path = entry.substr(5);
  std::string unusable;
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find(':', at), path.size());
    auto candidate = end == at ? "./" + name : path.substr(at, end - at) + "/" + name;
    const auto seen = candidate.starts_with('/') || cwd.empty() ? candidate : cwd + "/" + candidate;
    if (::access(seen.c_str(), X_OK) == 0) return candidate;
    if (unusable.empty() && ::access(seen.c_str(), F_OK) == 0) unusable = candidate;
    at = end + 1;
  }
  return unusable.empty() ? "/nonexistent/" + name : unusable;
}

// ---- In the child. Only async-signal-safe calls.

[[noreturn]] void give_up(int fd, int code) {
  const Problem problem{code, errno};
  [[maybe_unused]] const auto n = ::write(fd, &problem, sizeof problem);
  ::_exit(code);
}

// A session of its own has no controlling terminal: behind the terminal's own group a child would be stopped as soon as it
// touched /dev/tty. It is the leader of its group, too. `begun` says so by a byte.
[[noreturn]] void become(const Launch& launch, int begun) {
  ::setsid();
  [[maybe_unused]] const auto n = ::write(begun, "", 1);
  for (int sig = 1; sig < NSIG; ++sig) ::signal(sig, SIG_DFL);
  ::dup2(launch.in.get(), 0);
  ::dup2(launch.out.get(), 1);
  ::dup2(launch.err.get(), 2);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (!launch.cwd.empty() && ::chdir(launch.cwd.c_str()) != 0) give_up(launch.problem.get(), kNoDirectory);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(launch.path.c_str(), launch.argv.data(), launch.envp.data());
  give_up(launch.problem.get(), errno == ENOENT || errno == ENOTDIR ? 127 : 126);
}

}  // namespace

bool open_pipe(process::Fd& read_end, process::Fd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end = above_stdio(ends[0]);
  write_end = above_stdio(ends[1]);
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  return read_end && write_end;
}

Result<Launch> make_launch(const Command& command) {
  Launch launch;
  auto in = open_input(command.input);
  if (!in) return tl::unexpected(in.error());
  launch.in = std::move(*in);
  launch.environment = make_environment(command);
  for (auto& entry : launch.environment) launch.envp.push_back(entry.data());
  // A text before a file: one stream of the two is made by a shell, so that the file need not be held.
  if (!command.input.lead.empty() && !command.input.file.empty())
    launch.words = {"sh", "-c", "f=$1; shift; { cat; cat <\"$f\"; } | exec \"$@\"", "sh", command.input.file};
  launch.words.insert(launch.words.end(), command.argv.begin(), command.argv.end());
  for (auto& word : launch.words) launch.argv.push_back(word.data());
  launch.envp.push_back(nullptr);
  launch.argv.push_back(nullptr);
  launch.path = find_program(launch.words.front(), launch.environment, command.cwd);
  launch.cwd = command.cwd;
  return launch;
}

// All signals wait until the child has reset them: a handler of ours must not run in it. Only the child can begin its session,
// so it is waited for: whoever ends the group must find it.
pid_t fork_quietly(const Launch& launch) {
  process::Fd heard, begun;
  if (!open_pipe(heard, begun)) return -1;
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) become(launch, begun.get());
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  begun.close();
  pollfd wait{heard.get(), POLLIN, 0};  // readable, or closed by its end
  while (pid > 0 && ::poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
  errno = error;
  return pid;
}

}  // namespace tidelab::host
