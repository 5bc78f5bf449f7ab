#include "cli/input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "source/diagnostic.hpp"
#include "yaml/document.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto patience = std::chrono::seconds(10);  // for a pipe's first writer
constexpr int pipe_glance_ms = 200;                  // how soon a wish to stop is noticed

/// Closes what it opened; the standard input stays open.
class Input {
public:
  explicit Input(const std::string& target)
      : fd_(target == "-" ? STDIN_FILENO : ::open(target.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~Input() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  int fd() const { return fd_; }

private:
  int fd_;
};

std::string near_file(const std::string& target) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path path(target);
  const auto dir = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator at(dir, error), end; !error && at != end && names.size() < 1000; at.increment(error))
    if (std::error_code gone; at->is_regular_file(gone)) names.push_back(at->path().filename().string());
  const auto near = source::did_you_mean(path.filename().string(), names);
  return near.empty() ? near : (path.parent_path() / near).string();
}

Unreadable not_opened(const std::string& target, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    const auto near = near_file(target);
    return {"there is no such file",
            near.empty() ? "name a topology file, or `-` for the standard input" : fmt::format("did you mean `{}`?", near)};
  }
  if (error == EACCES) return {"the file may not be read by this account", "give it the right to read, for example with `chmod a+r`"};
  return {fmt::format("the file cannot be opened: {}", std::strerror(error)), ""};
}

}  // namespace

std::string name_of_input(const std::string& target) { return target == "-" ? "<stdin>" : target; }

tl::expected<std::string, Unreadable> read_input(const std::string& target, const std::stop_token& stop, std::size_t most) {
  const Input input(target);
  if (input.fd() < 0) return tl::unexpected(not_opened(target, errno));
  struct stat info {};
  if (::fstat(input.fd(), &info) != 0) return tl::unexpected(not_opened(target, errno));
  if (S_ISDIR(info.st_mode)) return tl::unexpected(Unreadable{"this is a directory", "name a topology file in it"});
  const bool named_pipe = S_ISFIFO(info.st_mode) && target != "-";
  const auto deadline = Clock::now() + patience;
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() < most) {
    if (stop.stop_requested()) return tl::unexpected(Unreadable{"interrupted", ""});
    pollfd wait{input.fd(), POLLIN, 0};
    if (::poll(&wait, 1, pipe_glance_ms) == 0) {
      if (!named_pipe || !text.empty() || Clock::now() < deadline) continue;
      return tl::unexpected(Unreadable{fmt::format("nobody writes to this pipe since {} seconds", patience.count()), ""});
    }
    const auto got = ::read(input.fd(), buffer.data(), std::min(buffer.size(), most - text.size()));
    if (got == 0) break;
    if (got > 0)
      text.append(buffer.data(), static_cast<std::size_t>(got));
    else if (errno != EINTR && errno != EAGAIN)
      return tl::unexpected(Unreadable{fmt::format("reading failed: {}", std::strerror(errno)), ""});
  }
  return text;
}

}  // namespace tidelab::cli
