// Which services would restart when one plan follows another: the same things decide it that decide it on the hosts
// (see `service`), read from the plans alone.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace tidelab::plan {

struct Restart {
  std::string component;             ///< "some_servers 1", as in `after`
  std::string host;                  ///< as the topology names it
  std::string service;               ///< its name
  std::vector<std::string> because;  ///< "its arguments", "/srv/x/conf/server.properties", "base 1.0.0 → 1.1.0"
};

/// Both plans are of `up`, of the same lab. Services that are in one of them only are left out: those start, or stop.
std::vector<Restart> make_restarts(const Plan& before, const Plan& after);

}  // namespace tidelab::plan
