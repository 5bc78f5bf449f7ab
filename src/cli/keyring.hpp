// Passphrases and passwords of one run: from descriptors, from the terminal at the start, or from a person when a host
// turns out to want one.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "host/secrets.hpp"

namespace tidelab::cli {

/// Where the secrets of one kind come from; if from none of these, from a person when they are needed.
struct SecretFrom {
  bool ask = false;  ///< now, one for all
  int fd = -1;       ///< its first line, one for all
  int list_fd = -1;  ///< lines `HOST SECRET`, up to an empty one or the end; `*`: all others
};

class Keyring final : public host::Secrets {
public:
  using Kind = host::Lock::Kind;

  SecretFrom& from(Kind kind) { return from_[kind]; }

  /// What was asked for on the command line. None: all of it is there; else the exit code, after saying why.
  std::optional<int> read(std::stop_token stop);

  std::string find(const host::Lock& lock) override;
  tl::expected<void, std::string> ask(const host::Lock& lock, const std::string& refused) override;

private:
  bool read_one(Kind kind, const SecretFrom& from);
  bool read_list(Kind kind, int fd);
  tl::expected<void, std::string> prompt(const host::Lock& lock, bool again);

  struct Asked {
    std::string secret{};
    int times = 0;
    bool declined = false;
  };

  std::map<Kind, SecretFrom> from_;
  std::stop_token stop_;
  std::mutex terminal_;  // one prompt at a time; taken before the other
  std::mutex mutex_;     // guards what follows
  std::map<Kind, std::string> for_all_;
  std::map<Kind, std::map<std::string, std::string>> of_host_;
  std::map<std::pair<Kind, std::string>, Asked> asked_;
};

}  // namespace tidelab::cli
