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
  std::string leaves{};  ///< of an instance that is gone: how `--prune` takes it away, where it can
};

/// In the order of the newer file, then what is gone. Both topologies must be without errors.
std::vector<Change> changes(const topology::Topology& before, const topology::Topology& after);

/// `pruning`: of what is gone, only what cannot be taken away.
bool has_refusals(const std::vector<Change>& changes, bool pruning = false);

/// What the instances of the newer topology are known by: those that the older one has keep their ordinals, wherever the newer file has
/// them, and others count on from its highest, so that nobody gets the id of one that was there before. Sections where these are the places
/// are left out.
topology::Ordinals kept_ordinals(const topology::Topology& before, const topology::Topology& after);

/// Sets Instance::leaves of those that the newer topology has no more.
void mark_leaving(topology::Topology& before, const topology::Topology& after);

/// Sets Instance::lost of all that leave with this host, by any of its names. Gives what stands against it: nothing of the lab is there, or
/// something stays; empty: nothing does.
std::string mark_lost(topology::Topology& before, const std::string& host);

/// One line each, grouped by where; ends with a newline. `refused`: just those that may not be, where `--prune` is not said, or is.
enum class Tell { all, refused, refused_by_prune };
std::string render_text(const std::vector<Change>& changes, Tell tell = Tell::all);

}  // namespace tidelab::guide
