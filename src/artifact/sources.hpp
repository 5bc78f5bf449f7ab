// Private to the room: what each kind of source needs to fetch an archive, and what it answers.
#pragma once

#include <memory>
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

/// A complete file in `entry_dir` or `work_dir`, ready to be renamed.
struct Fetched {
  std::string path;
  std::string verified{};     ///< "sha512:…" that it was found to have, or empty
  std::string verified_by{};  ///< in words
  std::string from{};         ///< the exact place; empty: as the source says
  std::string release{};      ///< the exact release, where a line was asked for
  std::string sha256{};       ///< of the whole file, where it is known already
};

/// What is said of an archive that nobody vouched for.
inline constexpr const char* unverified = "unverified: no digest is known";

class Mirrors;

Got<Fetched> fetch_official(const Attempt& attempt, Unreachable& unreachable);
Got<Fetched> fetch_tiup(const Attempt& attempt, Unreachable& unreachable, Mirrors& mirrors);
Got<Fetched> fetch_index(const Attempt& attempt, Unreachable& unreachable);
Got<Fetched> fetch_maven(const Attempt& attempt);
Got<Fetched> fetch_file(const Attempt& attempt);
/// The first of its paths that is there, else the first.
std::string path_in_use(const Source& source);
Got<Fetched> fetch_assembled(const Attempt& attempt);

/// Digest of everything that an assemble script is made of: its folder and the `lib` folder beside that.
Result<std::string> digest_script(const std::string& script, const Control& control);

// ---- Checksums

struct Checksum {
  std::string algorithm;  ///< "sha256" or "sha512"; "sha1" where nothing better is published
  std::string hex;        ///< lower case

  std::string text() const { return algorithm + ":" + hex; }
};

/// "sha256:…", "sha512:…" or a bare digest, which tells its algorithm by its length.
std::optional<Checksum> read_checksum(std::string_view text);

/// The digest of `file_name` in a published checksum file: bare, `HEX  name`, `SHA512 (name) = HEX`, or
/// gpg's `name: AB12 CD34 …`, which may run over several lines. When it lists one file only, its name does not matter.
std::optional<Checksum> read_checksum_file(std::string_view text, std::string_view file_name);

/// A digest of what comes piece by piece.
class Digest {
public:
  /// "sha1", "sha256" or "sha512".
  explicit Digest(const std::string& algorithm);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();
  void update(std::string_view data);
  /// Of everything so far, in hex; what comes afterwards begins anew.
  std::string finish();

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// A file that holds one SHA-1 and nothing else but a name behind it.
std::optional<Checksum> read_sha1(std::string_view text);

/// Fails finally, with both digests and where it came from, when they differ.
Got<void> compare(const Checksum& expected, const std::string& actual_hex, const std::string& subject, const std::string& from);
/// The same of a file, which is read.
Got<void> verify(const std::string& path, const Checksum& checksum, const std::string& subject, const std::string& from,
                 const Control& control);

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
