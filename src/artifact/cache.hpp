// Private to the room: the cache's layout on disk, its records and its locks.
//   <cache>/archives/<name>/<version>/.lock
//   <cache>/archives/<name>/<version>/.work/                    scratch of the attempt under way; whatever is found there is stale
//   <cache>/archives/<name>/<version>/<kind>-<digest12>/<file>  the archive, and <file>.json: its record, written last
#pragma once

#include <optional>
#include <string>

#include "artifact/sources.hpp"

namespace tidelab::artifact {

/// What is known of a finished archive. The digest is trusted as long as size, mtime and inode are these.
struct Record {
  std::string sha256;
  std::string verified;  ///< the published digest that it was checked against, "sha512:…"; may be empty
  std::string kind;
  std::string note;
  std::string from;         ///< url, coordinate, path or script
  std::string release;      ///< the exact one, where a line was asked for
  std::string verified_by;  ///< in words
  std::string when;
  long long bytes = 0;
  long long mtime_ns = 0;
  unsigned long long inode = 0;
};

struct Entry {
  std::string dir;
  std::string file;
  std::string record() const { return file + ".json"; }
};

std::string version_dir(const std::string& cache_dir, const Wanted& wanted);

/// Where the archive of this source is or will be. Fails when the source has no identity, e.g. a script that is not there.
Result<Entry> make_entry(const std::string& cache_dir, const Wanted& wanted, const Source& source, const Control& control);

std::optional<Record> read_record(const Entry& entry);

/// The record matches the file by size, mtime and inode, so that nobody has to read the file.
bool is_trusted(const Record& record, const Entry& entry);

/// Of the file, which must be in place: fills in its size, time and inode, and its digest where that is not known; written under a
/// temporary name first.
Got<Record> write_record(const Entry& entry, Record record, const Control& control);

/// The archive and its record, and the directory if nothing else is in it.
void drop(const Entry& entry);

std::string place_of(const Source& source);

/// Makes what is missing of it, for this account alone; refuses a way that others could change.
Got<void> make_dirs(const std::string& path);

/// Complete and on disk, for this account alone, or an error number.
int write_whole(const std::string& path, const std::string& text);

/// Held by one thread of one process. Freed by the kernel when that dies.
class Lock {
public:
  /// `waiting` is said once when somebody else holds it.
  static Got<Lock> open_lock(const std::string& path, const std::string& waiting, const Control& control);
  Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Lock& operator=(Lock&&) = delete;
  ~Lock();

private:
  explicit Lock(int fd) : fd_(fd) {}
  int fd_;
};

/// An empty directory that is gone afterwards.
class WorkDir {
public:
  static Got<WorkDir> open_work_dir(const std::string& path);
  WorkDir(WorkDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkDir& operator=(WorkDir&&) = delete;
  ~WorkDir();
  const std::string& path() const { return path_; }

private:
  explicit WorkDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace tidelab::artifact
