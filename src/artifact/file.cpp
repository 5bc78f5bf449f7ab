// A file on this machine, copied into the cache: a path that the user may change at any time is no archive that a whole
// run can rely on, and a hard link would change with it. Where the file system shares blocks, the copy costs none.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "artifact/sources.hpp"

namespace tidelab::artifact {

namespace {

struct Closer {
  int fd;
  ~Closer() {
    if (fd >= 0) ::close(fd);
  }
};

constexpr size_t piece = 8 << 20;  // the stop is looked at between pieces

/// copy_file_range, or read and write where that is not offered between these two file systems.
ssize_t copy_piece(int from, int to, std::vector<char>& buffer) {
  const auto done = ::copy_file_range(from, nullptr, to, nullptr, piece, 0);
  if (done >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)) return done;
  buffer.resize(piece);
  const auto got = ::read(from, buffer.data(), buffer.size());
  for (ssize_t written = 0; written < got;) {
    const auto wrote = ::write(to, buffer.data() + written, static_cast<size_t>(got - written));
    if (wrote < 0 && errno != EINTR) return -1;
    if (wrote > 0) written += wrote;
  }
  return got;
}

}  // namespace

Got<Fetched> fetch_file(const Attempt& attempt) {
  const auto& path = attempt.source.path;
  const auto checksum = read_checksum(attempt.source.checksum);
  if (!checksum && !attempt.source.checksum.empty())
    return refuse(Why::failed, fmt::format("\"{}\" is no sha256 or sha512 digest", attempt.source.checksum));
  const Closer from{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};  // a pipe would be waited for
  struct stat info {};
  if (from.fd < 0 || ::fstat(from.fd, &info) != 0) return pass_on(os_failure("cannot read " + path, errno));
  if (!S_ISREG(info.st_mode)) return refuse(Why::failed, path + " is no file");
  const auto copy = attempt.work_dir + "/file";
  const Closer to{::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  if (to.fd < 0) return refuse_write(copy, errno);
  std::vector<char> buffer;
  for (;;) {
    if (attempt.control.stopped() || attempt.control.expired()) return end_search(ended(attempt.control, "copying " + path));
    const auto done = copy_piece(from.fd, to.fd, buffer);
    if (done < 0 && is_no_room(errno)) {
      if (::ftruncate(to.fd, 0) != 0) ::unlink(copy.c_str());  // so that the free bytes are told without ours
      return end_search(no_room(attempt.entry_dir, attempt.wanted.file_name));
    }
    if (done < 0 && errno != EINTR) return pass_on(os_failure("cannot copy " + path, errno));
    if (done == 0) break;
  }
  if (::fsync(to.fd) != 0) return refuse_write(copy, errno);
  if (!checksum) return Fetched{copy, {}};
  if (auto right = verify(copy, *checksum, attempt.subject(), attempt.control); !right) return tl::unexpected<Refusal>(right.error());
  return Fetched{copy, checksum->text()};
}

}  // namespace tidelab::artifact
