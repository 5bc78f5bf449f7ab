// A file on this machine, copied into the cache: a path that the user may change at any time is no archive that a whole
// run can rely on, and a hard link would change with it. Where the file system shares blocks, the copy costs none.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "artifact/sources.hpp"
#include "disk/read_text.hpp"

namespace tidelab::artifact {

namespace {

struct Closer {
  int fd;
  ~Closer() {
    if (fd >= 0) ::close(fd);
  }
};

constexpr size_t longest_digest_file = 1 << 20;
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

/// What a file's digest must be: as given, or as stands beside it.
struct Beside {
  std::optional<Checksum> checksum;
  std::string by = unverified;
};

Got<Beside> digest_of(const Attempt& attempt, const std::string& path) {
  const auto& given = attempt.source.checksum;
  if (!given.empty()) {
    if (auto checksum = read_checksum(given)) return Beside{checksum, checksum->algorithm + " given with it"};
    return refuse(Why::failed, fmt::format("\"{}\" is no sha256 or sha512 digest", given));
  }
  for (const char* ending : {".sha512", ".sha256", ".sha256.txt"}) {
    const auto text = disk::read_text(path + ending, longest_digest_file);
    if (!text && text.error().kind == disk::Kind::missing) continue;
    auto found = text ? read_checksum_file(*text, std::filesystem::path(path).filename().string()) : std::nullopt;
    if (found) return Beside{found, found->algorithm + " beside it"};
    return end_search({Why::failed, fmt::format("{}{} is no digest of it", path, ending), text ? text->substr(0, 400) : text.error().what});
  }
  return Beside{};
}

}  // namespace

std::string path_in_use(const Source& source) {
  for (const auto& path : source.paths)
    if (::access(path.c_str(), F_OK) == 0) return path;
  return source.paths.empty() ? std::string() : source.paths.front();
}

Got<Fetched> fetch_file(const Attempt& attempt) {
  const auto path = path_in_use(attempt.source);
  const auto beside = digest_of(attempt, path);
  if (!beside) return tl::unexpected<Refusal>(beside.error());
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
  Fetched fetched{copy, {}, beside->by, path, {}, {}};
  if (!beside->checksum) return fetched;
  if (auto right = verify(copy, *beside->checksum, attempt.subject(), path, attempt.control); !right)
    return tl::unexpected<Refusal>(right.error());
  fetched.verified = beside->checksum->text();
  if (beside->checksum->algorithm == "sha256") fetched.sha256 = beside->checksum->hex;
  return fetched;
}

}  // namespace tidelab::artifact
