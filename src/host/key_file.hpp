// What can be said about a private key file before it is used: enough to name the reason when it cannot be.
#pragma once

#include <string>

namespace tidelab::host {

struct KeyFile {
  std::string path;
  bool readable = false;
  std::string problem{};  ///< why it is not, as a sentence
  bool is_key = false;
  bool encrypted = false;
  bool rsa = false;
  std::string public_key;  ///< the public half as ssh sends it; empty where the file does not tell it
  std::string seed;        ///< the secret of an ed25519 key in OpenSSH's format that has no passphrase, else empty
};

KeyFile read_key_file(const std::string& path);

}  // namespace tidelab::host
