// Reads known_hosts as sshd(8) describes it: plain, wildcard, negated and hashed names, [host]:port, @revoked.
// Ours rather than libssh2's, because that one stops at the first line it does not understand, knows no
// wildcards, falls back from [host]:port to host, and cannot tell the line of a key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "step/failure.hpp"

namespace tidelab::host {

struct KnownKey {
  int line = 0;
  bool revoked = false;
  std::string type;        ///< "ssh-ed25519"
  std::string key;         ///< base64, as in the file
  bool authority = false;  ///< not a host's key, but one that signs them (@cert-authority): no verdict comes from it
  std::string file{};
};

/// "host" for port 22, else "[host]:port".
std::string known_name(std::string_view address, int port);

/// The keys that the text holds for this name.
std::vector<KnownKey> read_known_keys(std::string_view text, std::string_view name);

/// The same of a file; a file that is not there holds none. One that cannot be read through, or is larger than any such file,
/// is an error: what it says of the host is not known.
step::Result<std::vector<KnownKey>> read_known_file(const std::string& path, std::string_view name);

enum class Verdict { known, unknown, changed, revoked };

struct Judgement {
  Verdict verdict = Verdict::unknown;
  int line = 0;  ///< where the key that decided stands
  std::string file{};
};

/// A host of which a key that we could have negotiated is known must show one that is known.
Judgement judge(const std::vector<KnownKey>& known, std::string_view type, std::string_view key);

/// Of the host key algorithms `allowed` (with commas, the best first): those of known keys come first, those of certificates
/// are left out.
std::string render_preference(const std::vector<KnownKey>& known, std::string_view allowed);

/// Adds a line; makes the file (0600) and its directory (0700) when they are missing.
step::Result<void> append_known(const std::string& path, const std::string& line);

std::string base64(std::string_view bytes);
std::string unbase64(std::string_view text);     ///< empty when it is not base64
std::string fingerprint(std::string_view blob);  ///< "SHA256:…" as ssh-keygen prints it

}  // namespace tidelab::host
