// libarchive reads, since it knows the forms that tar has; what is made of an entry is decided here.
#include "artifact/unpacker.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "process/fd.hpp"

namespace tidelab::artifact {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_waiting = 1 << 20;      // bytes that wait for the reader
constexpr std::size_t most_of_a_header = 2 << 20;  // bytes; long names and maps of holes come before the entry they are of
constexpr std::size_t most_told = 100, most_parts = 100;

struct Free {
  void operator()(archive* it) const { archive_read_free(it); }
};
using Reader = std::unique_ptr<archive, Free>;

/// What libarchive is given: bytes, and no more of them than a header may have while one is read.
struct Source {
  Unpacker& unpacker;
  std::size_t in_header = 0;
  bool header = true;
};

la_ssize_t read_more(archive* reader, void* from, const void** bytes) {
  auto& source = *static_cast<Source*>(from);
  const auto next = source.unpacker.next();
  if (source.header && (source.in_header += next.size()) > most_of_a_header) {
    archive_set_error(reader, EFBIG, "what stands before an entry is larger than %zu MiB", most_of_a_header >> 20);
    return -1;
  }
  *bytes = next.data();
  return static_cast<la_ssize_t>(next.size());
}

// Below the folder whatever it says; nothing where it would lead out of it, or names nothing.
std::optional<fs::path> place_of(std::string_view name) {
  fs::path out;
  std::size_t parts = 0;
  while (!name.empty()) {
    const auto part = name.substr(0, name.find('/'));
    name.remove_prefix(std::min(part.size() + 1, name.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." || ++parts > most_parts) return std::nullopt;
    out /= part;
  }
  return out;
}

bool write_at(int fd, const void* data, std::size_t size, la_int64_t at) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const auto n = ::pwrite(fd, bytes, size, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n, at += n, size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// One entry after the other, until the end or until no more may be taken.
class Taking {
public:
  Taking(Unpacker& unpacker, const fs::path& folder, const UnpackLimits& limits, Allowance& allowance, Unpacked& made)
      : source_{unpacker}, folder_(folder), limits_(limits), allowance_(allowance), made_(made), reader_(archive_read_new()) {}

  /// Why it ended before the end; empty: it did not.
  std::string take_all(const std::stop_token& stop) {
    archive_read_support_format_tar(reader_.get());
    archive_read_support_format_empty(reader_.get());
    if (archive_read_open(reader_.get(), &source_, nullptr, read_more, nullptr) != ARCHIVE_OK) return complaint();
    for (long files = 0;; ++files) {
      archive_entry* entry = nullptr;
      source_.header = true;
      source_.in_header = 0;
      const int code = archive_read_next_header(reader_.get(), &entry);
      source_.header = false;
      if (stop.stop_requested()) return "it was stopped";
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return complaint();
      if (files == limits_.files) return fmt::format("it has more than {} files", limits_.files);
      if (auto problem = take(entry, stop); !problem.empty()) return problem;
    }
    if (untold_ > 0) made_.left_out.push_back(fmt::format("and {} more", untold_));
    return {};
  }

private:
  std::string complaint() const {
    const char* said = archive_error_string(reader_.get());
    return said == nullptr ? "it is no tar archive" : said;
  }

  void leave_out(std::string_view name, std::string_view why) {
    if (made_.left_out.size() >= most_told)
      ++untold_;
    else
      made_.left_out.push_back(fmt::format("{}: {}", why, name.substr(0, 300)));
  }

  // Why nothing else may be taken.
  std::string take(archive_entry* entry, const std::stop_token& stop) {
    const char* said = archive_entry_pathname(entry);
    const std::string name = said == nullptr ? "(a name that is none here)" : said;
    const auto place = said == nullptr ? std::nullopt : place_of(name);
    const auto kind = archive_entry_filetype(entry);
    const bool linked = archive_entry_hardlink(entry) != nullptr;
    if (!place)
      leave_out(name, "it would lie somewhere else");
    else if (linked || (kind != AE_IFREG && kind != AE_IFDIR))
      leave_out(name, "neither file nor directory");
    else if (kind == AE_IFDIR)
      make_directory(*place, name);
    else if (archive_entry_size(entry) > limits_.bytes_a_file)
      leave_out(name, fmt::format("larger than {} MiB", limits_.bytes_a_file >> 20));
    else
      return make_file(*place, name, archive_entry_size(entry), stop);
    return skip(stop);
  }

  // What is not wanted is read all the same, and counts: it has no end, perhaps.
  std::string skip(const std::stop_token& stop) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t at = 0;
    for (int code = ARCHIVE_OK; code != ARCHIVE_EOF;) {
      code = archive_read_data_block(reader_.get(), &data, &size, &at);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return complaint();
      if (stop.stop_requested()) return "it was stopped";
      if (!allowance_.take(static_cast<long long>(size))) return allowance_.refusal();
    }
    return {};
  }

  void make_directory(const fs::path& place, const std::string& name) {
    std::error_code error;
    fs::create_directories(folder_ / place, error);
    if (error) leave_out(name, error.message());
  }

  std::string make_file(const fs::path& place, const std::string& name, long long whole, const std::stop_token& stop) {
    const auto path = folder_ / place;
    make_directory(place.parent_path(), name);
    const process::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
    if (file.get() < 0) {
      leave_out(name, std::strerror(errno));
      return skip(stop);
    }
    if (!allowance_.take(whole)) return allowance_.refusal();  // with its holes: whoever reads it reads them
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t at = 0;
    for (;;) {
      const int code = archive_read_data_block(reader_.get(), &data, &size, &at);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return complaint();
      if (stop.stop_requested()) return "it was stopped";
      if (at < 0 || at + static_cast<long long>(size) > whole) return "a file in it is not as large as it says";
      if (!write_at(file.get(), data, size, at)) return fmt::format("{} could not be written: {}", name, std::strerror(errno));
    }
    if (::ftruncate(file.get(), whole) != 0) return fmt::format("{} could not be written: {}", name, std::strerror(errno));
    return {};
  }

  Source source_;
  const fs::path& folder_;
  const UnpackLimits& limits_;
  Allowance& allowance_;
  Unpacked& made_;
  std::size_t untold_ = 0;
  Reader reader_;  // last: it uses the source
};

}  // namespace

Unpacker::Unpacker(fs::path folder, UnpackLimits limits, Allowance& allowance, std::stop_token stop)
    : folder_(std::move(folder)),
      limits_(limits),
      allowance_(allowance),
      stop_(std::move(stop)),
      thread_([this] { work(); }, [this](const step::Failure& why) { end(why.what); }) {}

Unpacker::~Unpacker() {
  if (thread_.joinable()) finish();
}

void Unpacker::work() { end(Taking(*this, folder_, limits_, allowance_, made_).take_all(stop_)); }

void Unpacker::end(std::string problem) {
  const std::lock_guard lock(mutex_);
  made_.problem = std::move(problem);
  ended_ = true;
  changed_.notify_all();
}

bool Unpacker::feed(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop_, [&] { return ended_ || waiting_.size() < most_waiting; });
  if (stop_.stop_requested()) return false;
  if (ended_) {  // tar fills its last block with zeros
    behind_ += bytes.size();
    if (behind_ > most_waiting && made_.problem.empty()) made_.problem = "it does not end where its end is";
    return made_.problem.empty();
  }
  waiting_ += bytes;
  changed_.notify_all();
  return true;
}

std::string_view Unpacker::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop_, [&] { return fed_all_ || !waiting_.empty(); });
  taken_.clear();
  if (!stop_.stop_requested()) std::swap(taken_, waiting_);
  changed_.notify_all();
  return taken_;
}

Unpacked Unpacker::finish() {
  {
    const std::lock_guard lock(mutex_);
    fed_all_ = true;
    changed_.notify_all();
  }
  thread_.join();
  return std::move(made_);
}

}  // namespace tidelab::artifact
