#include "disk/read_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "process/fd.hpp"

namespace tidelab::disk {

namespace {

constexpr std::size_t block = 64 << 10;
constexpr auto null_device = std::make_pair(1U, 3U);  // /dev/null on Linux

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

tl::unexpected<Trouble> odd(const std::string& path, const std::string& why) {
  return tl::unexpected<Trouble>(Trouble{Kind::odd, fmt::format("{} {}", path, why)});
}

}  // namespace

tl::unexpected<Trouble> refused(const std::string& path, int error) {
  const auto kind = error == ENOENT ? Kind::missing : error == EACCES || error == EPERM ? Kind::closed : Kind::failed;
  return tl::unexpected<Trouble>(Trouble{kind, fmt::format("{}: {}", path, std::strerror(error)), {}, error});
}

Outcome<std::string> read_open_text(int fd, const std::string& path, std::size_t most) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return refused(path, errno);
  if (S_ISCHR(info.st_mode) && std::make_pair(major(info.st_rdev), minor(info.st_rdev)) == null_device) return std::string();
  if (!S_ISREG(info.st_mode)) return odd(path, fmt::format("is {}, not a file", kind_of(info.st_mode)));
  std::string text;
  while (text.size() <= most) {
    const auto had = text.size();
    text.resize(had + std::min(block, most + 1 - had));
    const auto got = ::read(fd, text.data() + had, text.size() - had);
    const int error = errno;
    text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
    if (got < 0 && error != EINTR) return refused(path, error);
    if (text.size() > most) break;
  }
  return odd(path, fmt::format("is larger than {} KiB, which is the most that is read of such a file", most >> 10));
}

Outcome<std::string> read_text(const std::string& path, std::size_t most) {
  // Without waiting: a pipe would be opened when somebody writes to it.
  const process::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file && errno == ENXIO) return odd(path, "is a socket, not a file");
  if (!file) return refused(path, errno);
  return read_open_text(file.get(), path, most);
}

}  // namespace tidelab::disk
