// The cache on disk: names, records, locks, and what the operating system has to say about them.
#include "artifact/cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>

#include <fmt/format.h>

#include "disk/read_text.hpp"
#include "disk/way.hpp"
#include "step/match.hpp"

namespace tidelab::artifact {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_of_a_record = 64 << 10;
constexpr mode_t ours_alone = 0600;

/// A name from a file that a user wrote must stay one level below its directory.
std::string path_part(std::string_view text) {
  std::string part;
  for (const char c : text) part += c == '/' || c == '\0' ? std::string("%2F") : std::string(1, c);
  if (part.empty() || part.front() == '.') part = "%" + part;
  return part;
}

long long mtime_ns(const struct stat& info) { return info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec; }

template <class Number>
Number number_at(const step::Answer& answer, const char* pointer) {
  const auto text = step::value_at(answer, pointer).value_or("0");
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string render_record(const Record& record) {
  const auto text = [](const std::string& value) { return step::json_string(value); };
  return fmt::format(
      "{{\"sha256\":{},\"bytes\":{},\"kind\":{},\"note\":{},\"when\":{},\"from\":{},\"release\":{},\"verified\":{},\"verified_by\":{},"
      "\"mtime_ns\":{},\"inode\":{}}}\n",
      text(record.sha256), record.bytes, text(record.kind), text(record.note), text(record.when), text(record.from), text(record.release),
      text(record.verified), text(record.verified_by), record.mtime_ns, record.inode);
}

}  // namespace

int write_whole(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, ours_alone);
  if (fd < 0) return errno;
  int error = 0;
  for (size_t done = 0; done < text.size() && error == 0;) {
    const auto wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) error = errno;
    if (wrote > 0) done += static_cast<size_t>(wrote);
  }
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  ::close(fd);
  return error;
}

namespace {

Result<std::string> make_identity(const Source& source, const Control& control) {
  switch (source.kind) {
    case Kind::official:
    case Kind::tiup:
    case Kind::index:
    case Kind::maven:
    case Kind::url: return place_of(source);
    case Kind::assembled: return digest_script(source.script, control);
    case Kind::file: break;
  }
  const auto path = path_in_use(source);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return tl::unexpected<Failure>(os_failure("cannot use " + path, errno));
  std::error_code error;
  const auto whole = fs::absolute(path, error).string();
  if (error) return tl::unexpected<Failure>(os_failure("cannot use " + path, error.value()));
  return fmt::format("{}\n{}\n{}", whole, info.st_size, mtime_ns(info));
}

}  // namespace

std::string version_dir(const std::string& cache_dir, const Wanted& wanted) {
  return fmt::format("{}/archives/{}/{}", cache_dir, path_part(wanted.name), path_part(wanted.version));
}

Result<Entry> make_entry(const std::string& cache_dir, const Wanted& wanted, const Source& source, const Control& control) {
  const auto identity = make_identity(source, control);
  if (!identity) return tl::unexpected<Failure>(identity.error());
  const auto dir = fmt::format("{}/{}-{}", version_dir(cache_dir, wanted), name_of(source.kind), sha256_text(*identity).substr(0, 12));
  return Entry{dir, dir + "/" + path_part(wanted.file_name)};
}

std::optional<Record> read_record(const Entry& entry) {
  const auto answer = step::Answer::parse(disk::read_text(entry.record(), most_of_a_record).value_or(""));
  Record record;
  record.sha256 = step::value_at(answer, "/sha256").value_or("");
  if (record.sha256.size() != 64) return std::nullopt;
  record.verified = step::value_at(answer, "/verified").value_or("");
  record.kind = step::value_at(answer, "/kind").value_or("");
  record.note = step::value_at(answer, "/note").value_or("");
  record.from = step::value_at(answer, "/from").value_or("");
  record.when = step::value_at(answer, "/when").value_or("");
  record.release = step::value_at(answer, "/release").value_or("");
  record.verified_by = step::value_at(answer, "/verified_by").value_or("");
  record.bytes = number_at<long long>(answer, "/bytes");
  record.mtime_ns = number_at<long long>(answer, "/mtime_ns");
  record.inode = number_at<unsigned long long>(answer, "/inode");
  return record;
}

bool is_trusted(const Record& record, const Entry& entry) {
  struct stat info {};
  return ::stat(entry.file.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size == record.bytes &&
         mtime_ns(info) == record.mtime_ns && info.st_ino == record.inode;
}

Got<Record> write_record(const Entry& entry, Record record, const Control& control) {
  record.when = now_text();
  struct stat info {};
  if (::stat(entry.file.c_str(), &info) != 0) return end_search(os_failure("cannot read " + entry.file, errno));
  if (record.sha256.empty()) {
    auto digest = digest_file(entry.file, "sha256", control);
    if (!digest) return pass_on(digest.error());
    record.sha256 = *digest;
  }
  record.bytes = info.st_size;
  record.mtime_ns = mtime_ns(info);
  record.inode = info.st_ino;
  const auto temporary = entry.record() + ".new";
  int error = write_whole(temporary, render_record(record));
  if (error == 0 && ::rename(temporary.c_str(), entry.record().c_str()) != 0) error = errno;
  if (error == 0) return record;
  ::unlink(temporary.c_str());
  return refuse_write(entry.record(), error);
}

void drop(const Entry& entry) {
  ::unlink(entry.record().c_str());
  ::unlink(entry.file.c_str());
  ::rmdir(entry.dir.c_str());
}

std::string place_of(const Source& source) {
  switch (source.kind) {
    case Kind::official:
    case Kind::url: return source.urls.empty() ? std::string() : source.urls.front();
    case Kind::tiup: return fmt::format("{} {} {}", source.mirror, source.component, source.platform);
    case Kind::index: return source.index;
    case Kind::maven: return source.coordinate;
    case Kind::file: return path_in_use(source);
    case Kind::assembled: return source.script;
  }
  return {};
}

Got<void> make_dirs(const std::string& path) {
  const auto made = disk::go_to(path, disk::Make::yes);
  if (made) return {};
  if (made.error().number != 0) return refuse_write(path, made.error().number);
  return end_search(Failure{Why::failed, made.error().what, {}, {}, {}, made.error().help});
}

Got<Lock> Lock::open_lock(const std::string& path, const std::string& waiting, const Control& control) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, ours_alone);
  if (fd < 0) return refuse_write(path, errno);
  Lock lock(fd);
  // Asked again and again rather than waited for: a blocking flock cannot be woken by the stop.
  for (bool said = false; ::flock(fd, LOCK_EX | LOCK_NB) != 0; said = true) {
    if (errno != EWOULDBLOCK && errno != EINTR) return end_search(os_failure("cannot lock " + path, errno));
    if (!said) control.say(waiting);
    if (!step::pause(control, std::chrono::milliseconds(100))) return end_search(ended(control, waiting));
  }
  return lock;
}

Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

Got<WorkDir> WorkDir::open_work_dir(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return refuse_write(path, error.value());
  if (auto made = make_dirs(path); !made) return tl::unexpected<Refusal>(made.error());
  return WorkDir(path);
}

WorkDir::~WorkDir() {
  std::error_code ignored;  // the next attempt begins by removing it
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace tidelab::artifact
