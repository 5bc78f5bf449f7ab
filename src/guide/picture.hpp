// A topology as a picture: hosts as boxes, what runs on them, the way of the data, and who needs whom. Everything that
// is drawn is data of the playbooks: `flow` gives the hops, `needs` and the rules `requires` the thin arrows.
#pragma once

#include <string>
#include <vector>

#include "source/diagnostic.hpp"
#include "topology/topology.hpp"

namespace tidelab::guide {

/// An instance inside its host's box.
struct Part {
  int id = 0;  ///< unique in the picture
  std::string section, title, version;
  std::vector<std::string> lines;  ///< its ports and its runtime
  bool left_alone = false;         ///< not provisioned
};

struct Box {
  std::string host;
  std::vector<Part> parts;
};

/// A hop, drawn as a label that arrows lead to and from.
struct Leg {
  std::string number;
  std::vector<std::string> lines;
  std::vector<int> from, to;  ///< ids of parts; `to` empty: the way ends here
};

struct Need {
  int from = 0, to = 0;  ///< ids of parts
  bool mutual = false;
  bool from_on_way = false, to_on_way = false;  ///< of the data
};

struct Picture {
  std::string title;
  std::vector<Box> boxes;
  std::vector<Leg> legs;
  std::vector<Need> needs;                ///< one for each pair of sections
  std::vector<std::vector<int>> columns;  ///< parts that stand below each other: those of a section
};

/// Codes of bad ${…} in a playbook's `flow`: T030 to T032.
Picture make_picture(const topology::Topology& topology, source::Diagnostics& diagnostics);

/// Graphviz DOT; ends with a newline. Any text is fit for it.
std::string render_dot(const Picture& picture);

}  // namespace tidelab::guide
