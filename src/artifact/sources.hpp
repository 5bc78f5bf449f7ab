// Private to the room: what each kind of source needs to fetch an archive, and what it answers.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "artifact/artifact.hpp"

namespace tidelab::artifact {

using step::Failure;
using step::Why;

/// What a source said instead of giving the archive. `final` ends the search: a wrong checksum, a full
/// disk and the user's stop are not reasons to try somewhere else.
struct Refusal {
  Failure failure;
  bool final = false;
};

template <class T>
using Got = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refuse(Why why, std::string what, std::string evidence = {}) {
  return tl::unexpected<Refusal>(Refusal{Failure{why, std::move(what), std::move(evidence)}, false});
}
inline tl::unexpected<Refusal> end_search(Failure failure) { return tl::unexpected<Refusal>(Refusal{std::move(failure), true}); }

/// A failure of a helper: final if it was the stop, the deadline, or a full disk.
inline tl::unexpected<Refusal> pass_on(Failure failure, bool final = false) {
  const bool ended = final || failure.why == Why::interrupted || failure.why == Why::timed_out;
  return tl::unexpected<Refusal>(Refusal{std::move(failure), ended});
}

/// Hosts that did not resolve or did not connect in this run.
class Unreachable {
public:
  bool has(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return keys_.count(key) != 0;
  }
  /// True for the first time, which is when it is said.
  bool add(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return keys_.insert(key).second;
  }

private:
  mutable std::mutex mutex_;
  std::set<std::string> keys_;
};

/// One attempt at one source. `entry_dir` is where the archive will live (a `.part` may stay there for a
/// resume), `work_dir` is empty, on the same file system, and is removed afterwards.
struct Attempt {
  const Wanted& wanted;
  const Source& source;
  const Control& control;
  std::string cache_dir;
  std::string entry_dir;
  std::string work_dir;

  std::string subject() const { return wanted.name + " " + wanted.version; }
};

/// A complete file in `entry_dir` or `work_dir`, ready to be renamed. `verified`: "sha512:…" that it was
/// found to have, or empty.
struct Fetched {
  std::string path;
  std::string verified;
};

Got<Fetched> fetch_official(const Attempt& attempt, Unreachable& unreachable);
Got<Fetched> fetch_maven(const Attempt& attempt);
Got<Fetched> fetch_file(const Attempt& attempt);
Got<Fetched> fetch_assembled(const Attempt& attempt);

/// Digest of everything that an assemble script is made of: its folder and the `lib` folder beside that.
Result<std::string> digest_script(const std::string& script, const Control& control);

// ---- Checksums

struct Checksum {
  std::string algorithm;  ///< "sha256" or "sha512"
  std::string hex;        ///< lower case

  std::string text() const { return algorithm + ":" + hex; }
};

/// "sha256:…", "sha512:…" or a bare digest, which tells its algorithm by its length.
std::optional<Checksum> read_checksum(std::string_view text);

/// The digest of `file_name` in a published checksum file: bare, `HEX  name`, `SHA512 (name) = HEX`, or
/// gpg's `name: AB12 CD34 …`, which may run over several lines. When it lists one file only, its name does not matter.
std::optional<Checksum> read_checksum_file(std::string_view text, std::string_view file_name);

/// Fails finally, with both digests, when the file has another one.
Got<void> verify(const std::string& path, const Checksum& checksum, const std::string& subject, const Control& control);

// ---- What the operating system says

/// ENOSPC and its relatives.
bool is_no_room(int error);
/// "disk full: …" with the directory and its free bytes.
Failure no_room(const std::string& directory, const std::string& what);
Failure os_failure(const std::string& what, int error);
/// The right one of the two, by the error.
tl::unexpected<Refusal> refuse_write(const std::string& path, int error);
/// "interrupted" or "timed out"; to be called when one of them is true.
Failure ended(const Control& control, const std::string& doing);

}  // namespace tidelab::artifact
