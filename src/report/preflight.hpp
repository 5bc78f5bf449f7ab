// What `tidelab preflight` found, for people, programs and CI servers. docs/preflight.md describes each format.
#pragma once

#include <string>
#include <vector>

#include "preflight/judge.hpp"

namespace tidelab::report {

struct Preflight {
  std::string program;  ///< name and version of the tool
  std::string lab;
  std::string topology;  ///< file as given
  bool strict = false;   ///< warnings count as failures
  struct Host {
    std::string name;
    std::vector<std::string> roles;  ///< titles of what is to run there
    bool runs = false;               ///< all of it runs already
    bool holds = false;              ///< every step of the plan is as it should be there
  };
  std::vector<Host> hosts;              ///< lane 1 and on
  std::vector<std::string> processors;  ///< by lane, as `uname -m` says there; empty: it was not asked
  std::vector<preflight::Finding> rows;
};

int count_of(const Preflight& found, preflight::Outcome outcome);

/// Whether `up` would not begin: something fails, or a host could not be looked at. What of a host could not be read
/// stops nobody, and nothing stops who has nothing to change.
bool stops_up(const Preflight& found);

std::string render_text(const Preflight& found, bool colour);
std::string render_json(const Preflight& found);
std::string render_junit(const Preflight& found);  ///< a suite per host, a case per check

/// Rows of one host that are not as they should be, without the heading; for `up`. Empty when there are none.
std::string render_troubles(const Preflight& found, bool colour);

}  // namespace tidelab::report
