// Private to the room: the signed documents of a TiUP mirror, read and verified. Pure: the clock is the caller's.
//
// A document is `{"signatures":[{"keyid","sig"}],"signed":{"_type","version","expires",…}}`. Signed are the very bytes of the member
// `signed` as they stand in the file, by RSA-PSS with SHA-256; TiUP signs with the longest possible salt, so any length is accepted.
// (Source: pkg/repository/v1manifest and pkg/crypto of TiUP 1.15.2, and documents that it made.)
#pragma once

#include <cstddef>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace tidelab::artifact {

/// Why something was not accepted: one sentence, about "it".
template <class T>
using Read = tl::expected<T, std::string>;

/// Whose signatures count, and how many of them are needed. Keys by id, as PEM.
struct Role {
  std::size_t threshold = 1;
  std::map<std::string, std::string> keys;
};

struct Signature {
  std::string key_id;
  std::string base64;
};

struct Manifest {
  std::string text;          ///< the whole document
  std::string signed_bytes;  ///< what is signed, and what `body` was parsed from
  std::vector<Signature> signatures;
  nlohmann::json body;
  std::string type;       ///< root, timestamp, snapshot, index, component
  long long version = 0;  ///< of a snapshot always 0
  std::time_t expires = 0;
};

/// Takes apart, and believes nothing: signatures are looked at by `check_signatures`.
Read<Manifest> read_manifest(std::string text, const std::string& type);

/// `{"threshold", "keys": {ID: {keytype, scheme, keyval: {public}}}}`. Each id must be the SHA-256 of its key.
Read<Role> read_role(const nlohmann::json& role);

/// As TiUP judges: ids that the role does not know are passed over, a known one must not come twice nor with a signature that is not its,
/// and at least `threshold` must remain.
Read<void> check_signatures(const Manifest& manifest, const Role& role);

/// RFC 3339.
Read<std::time_t> read_time(const std::string& text);
std::string render_time(std::time_t time);

/// The member of that name, of that type (`{}` where it is absent or another).
const nlohmann::json& object_at(const nlohmann::json& parent, const std::string& name);
std::string text_at(const nlohmann::json& parent, const std::string& name);
/// -1 where there is no whole number that is positive or 0.
long long count_at(const nlohmann::json& parent, const std::string& name);

}  // namespace tidelab::artifact
