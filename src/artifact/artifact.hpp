// Where an archive comes from: sources tried in order, verified, and kept in a cache outside any tree.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::artifact {

using step::Control;
using step::Result;

/// `url` is a place of the user's own that is got like an official one.
enum class Kind { official, tiup, index, maven, url, file, assembled };

const char* name_of(Kind kind);
std::optional<Kind> kind_named(std::string_view name);

/// What the first root of a mirror must be signed by. Without keys the first one that is seen is trusted, and said to be.
struct RootPin {
  long long version = 1;  ///< of the root that these keys are of; a newer one is reached from it
  std::size_t threshold = 1;
  std::set<std::string> keys{};  ///< ids: SHA-256 of a key in TiUP's spelling
};

/// Where in a JSON answer something stands (RFC 6901).
struct Pointers {
  std::string url, checksum, bytes, release;
  std::string near;  ///< the name of a release in each element of a list of them
};

/// One place to get it from. Which fields matter depends on the kind.
struct Source {
  Kind kind = Kind::official;
  std::vector<std::string> urls{};      ///< official, url: where the archive is, tried in order
  std::string checksum_url{};           ///< official, url: a published checksum file (bare digest, coreutils or BSD or gpg-print style)
  std::string checksum{};               ///< official, url, file: "sha256:…" or "sha512:…"; wins over checksum_url
  bool may_be_unverified = false;       ///< url: without a digest it is taken as it is, and said to be unverified
  long long bytes = 0;                  ///< official: its size, where that is known
  std::string component{}, platform{};  ///< tiup: its name there; `linux/amd64`
  std::string mirror{};                 ///< tiup: an http(s) URL or a directory
  RootPin root{};                       ///< tiup: whom to trust first
  std::string index{};                  ///< index: a URL that answers in JSON with link and digest
  std::string near{};                   ///< index: a URL that lists other releases; asked where there is none
  Pointers at{};                        ///< index: where in that answer they stand
  std::string coordinate{};             ///< maven: group:artifact:version[:packaging[:classifier]]
  std::vector<std::string> paths{};     ///< file: on this machine; the first that is there
  std::string script{};                 ///< assembled: called as `script VERSION OUTPUT`, in an empty directory
  std::string note{};                   ///< said wherever the source is shown, e.g. "stand-in, not …"
};

/// `name` and `version` make the cache's key together with the source; `file_name` is its name there (with extension).
struct Wanted {
  std::string name;
  std::string version;
  std::string file_name;
  std::vector<Source> sources;  ///< in order of preference; never empty
};

struct Acquired {
  std::string path;    ///< in the cache; read-only for everybody else
  std::string sha256;  ///< hex, of the whole file
  long long bytes = 0;
  Kind kind = Kind::official;
  std::string note;
  bool from_cache = false;
  std::string release;                ///< the exact one, where a line of releases was asked for; else empty
  std::string from;                   ///< the url, path, coordinate or script that it came from
  std::chrono::milliseconds took{0};  ///< to get it; of one that was in the cache nothing
  std::string verified_by;            ///< in words: "published sha512", "signatures: …", "unverified"
};

/// Remembers, for one run, which remote hosts did not answer: an unreachable one costs one look-up, and is said once.
class Store {
public:
  explicit Store(std::string cache_dir);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Tries the sources in order and gives the first that works. What is in the cache under a source is
  /// used without asking the network (its recorded sha256 is checked against the file). Safe against other processes: one
  /// lock file per artifact; what is written is a temporary file until it is verified and renamed.
  /// The Failure lists what each source said. A wrong checksum is never skipped over: it ends the search.
  Result<Acquired> acquire(const Wanted& wanted, const Control& control);

  /// What is in the cache, without getting anything.
  std::optional<Acquired> find(const Wanted& wanted, const Control& control);

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Hex digest of a file; algorithm "sha256" or "sha512".
Result<std::string> digest_file(const std::string& path, const std::string& algorithm, const Control& control);
std::string sha256_text(std::string_view text);
/// How many bytes come out of an archive: what gzip notes at its end, a guess for other compressions, and for a
/// file that is none its own size. 0: it cannot be read.
long long unpacked_bytes(const std::string& path);

/// $XDG_CACHE_HOME/tidelab, else ~/.cache/tidelab; where neither is said there is no cache that could be used.
Result<std::string> default_cache_dir();

/// What lies in the cache runs on hosts, so nobody but this account and root may be able to put anything there: neither the
/// directory (which need not be there yet) nor the way to it.
Result<void> check_cache(const std::string& cache_dir);

}  // namespace tidelab::artifact
