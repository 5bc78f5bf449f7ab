// Private to this room: words about files and services as calls of the agent.
#pragma once

#include <string>

#include "host/host.hpp"
#include "live/world.hpp"

namespace tidelab::live {

/// What goes along with a call: texts are part of it, files of ours come on stdin, so only one call may have one.
struct Act {
  std::string call;  ///< empty: the archive was not acquired
  host::Input input{};
};

Act act_for(World& world, const step::Action& action, int lane, std::size_t n);

}  // namespace tidelab::live
