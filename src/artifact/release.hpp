// Private to the room: an archive that a TiUP mirror vouches for.
#pragma once

#include <string>

#include "artifact/manifest.hpp"
#include "artifact/sources.hpp"

namespace tidelab::artifact {

struct Release {
  std::string place;  ///< a URL, or a path on this machine
  std::string sha256;
  long long bytes = 0;
  std::string verified_by;  ///< in words: whose signatures say that this is the digest
};

/// Out of a component's document that was verified. `platform` falls back to `any/any`, as in TiUP. Refused: what is not there or
/// withdrawn, with what is near it; an entry that is incomplete ends the search.
Got<Release> pick_release(const Manifest& component, const std::string& mirror, const std::string& version, const std::string& platform);

/// The names of an object's members, for people.
std::string names_in(const nlohmann::json& object);

}  // namespace tidelab::artifact
