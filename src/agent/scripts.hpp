// The agent, as text: what runs on hosts, in POSIX sh. `*.sh` are functions, of which each command is sent those that it needs
// (script.hpp); `as_account/*.sh` are functions that also go to a shell of the services' account, as one text;
// `programs/*.sh` run by themselves, with words.
#pragma once

#include <string_view>
#include <vector>

namespace tidelab::agent {

struct Script {
  std::string_view name;  ///< "way", "as_account/reading", "programs/pack": its path here without `.sh`
  std::string_view text;
};

/// All of them, by name.
const std::vector<Script>& scripts();

}  // namespace tidelab::agent
