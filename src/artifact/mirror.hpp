// Private to the room: a TiUP mirror, asked for a release. A directory and a server have the same files.
//   root.json, N.root.json → timestamp.json → snapshot.json → N.index.json → N.COMPONENT.json → an archive's url, length and sha256
// (Source: pkg/repository of TiUP 1.15.2, and mirrors that it made.) What was verified is kept in the cache, so that the next run asks for
// what has changed, and an older document than one that was seen is refused.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "artifact/manifest.hpp"
#include "artifact/release.hpp"
#include "artifact/sources.hpp"

namespace tidelab::artifact {

class Mirror {
public:
  /// `place`: an http(s) URL or a directory. `root`: what its first root must be signed by; without it the first one seen is trusted, and
  /// said. `kept`: a directory for what was verified.
  Mirror(std::string place, RootPin root, std::string kept);

  /// One at a time: who comes second finds what the first has asked for.
  Got<Release> find(const std::string& component, const std::string& version, const std::string& platform, const Control& control,
                    Unreachable& unreachable);

private:
  class Session;
  const std::string place_;
  const RootPin pin_;
  const std::string kept_;
  std::mutex mutex_;
  std::optional<Manifest> root_, snapshot_, index_;  ///< of this run, verified
  std::map<std::string, Manifest> components_;
};

/// The mirrors that were asked in one run.
class Mirrors {
public:
  explicit Mirrors(std::string cache_dir) : cache_dir_(std::move(cache_dir)) {}
  Mirror& at(const std::string& place, const RootPin& root);

private:
  std::string cache_dir_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Mirror>> mirrors_;
};

}  // namespace tidelab::artifact
