// Why a place on this machine cannot be used.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace tidelab::disk {

enum class Kind {
  missing,  ///< there is nothing of that name
  closed,   ///< it may not be looked at by this account
  unsafe,   ///< somebody else could have made or changed it, so that nothing in it may decide anything
  odd,      ///< it is not what is read here: a directory, a pipe, a device, a link, or more than is taken
  failed,   ///< the system refused something else: a full disk, too many open files
};

/// `what` is one sentence, with the path, without a full stop. `help` says what to do next, and may be empty.
struct Trouble {
  Kind kind = Kind::failed;
  std::string what;
  std::string help{};
  int number = 0;  ///< what the system called it (errno); 0 where it was not the system that refused
};

template <class T>
using Outcome = tl::expected<T, Trouble>;

/// "PATH: what the system says", with the kind that fits the error number.
tl::unexpected<Trouble> refused(const std::string& path, int error);

}  // namespace tidelab::disk
