// What differs between two topologies of one lab, and what of it may not change while the lab is up.
#pragma once

#include <string>
#include <vector>

#include "source/file.hpp"
#include "topology/topology.hpp"

namespace tidelab::guide {

struct Change {
  enum class Kind { added, removed, changed };
  Kind kind = Kind::changed;
  std::vector<std::string> where;  ///< "some_servers 1 (10.0.0.2:9092)"; several when one line of the file is about all of them
  std::string field;               ///< "port", "version", "config log.dirs"; empty when an instance came or went
  std::string before, after;       ///< as text; empty: not there. Secrets are ***
  source::Span before_at, after_at;
  bool derived = false;  ///< written in neither file: it follows from another change
  std::string refusal;   ///< why it may not be while the lab is up; empty: it may
};

/// In the order of the newer file, then what is gone. Both topologies must be without errors.
std::vector<Change> changes(const topology::Topology& before, const topology::Topology& after);

bool has_refusals(const std::vector<Change>& changes);

/// One line each, grouped by where; ends with a newline. `only_refusals`: just those that may not be.
std::string render_text(const std::vector<Change>& changes, bool only_refusals = false);

}  // namespace tidelab::guide
