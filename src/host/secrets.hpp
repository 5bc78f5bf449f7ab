// What opens doors: passphrases of keys, passwords of accounts, and what sudo asks for. Who has them, and whether
// somebody can be asked, is not the room's business.
#pragma once

#include <string>
#include <vector>

#include "step/failure.hpp"

namespace tidelab::host {

/// What a secret opens.
struct Lock {
  enum class Kind { key, account, sudo };
  Kind kind = Kind::key;
  std::string name;    ///< for people: the path of the key, or "ops@192.168.12.21"
  std::string host{};  ///< as the topology names it; empty for a key
};

/// Thread-safe. Held in memory only: never in argv, in an environment, in a file or in a log.
class Secrets {
public:
  virtual ~Secrets() = default;

  /// What is known to open it, and nobody is asked; empty: nothing.
  virtual std::string find(const Lock& lock) = 0;

  /// Sees to it that find() has something else than `refused`, which did not open it (empty: nothing was tried yet). Waits
  /// for a person, but never for long. The error says why there is nothing else, or nothing where that is plain.
  virtual tl::expected<void, std::string> ask(const Lock& lock, const std::string& refused) = 0;
};

/// Knows nothing, and asks nobody.
Secrets& no_secrets();

/// What would have opened the door, perhaps; and what did not.
struct Wish {
  Lock lock;
  std::string refused{};
};

/// Asks for one after the other until one is granted. If none is, the failure says why.
bool grant(Secrets& secrets, const std::vector<Wish>& wishes, step::Failure& failure);

}  // namespace tidelab::host
