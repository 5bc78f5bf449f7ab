// Values that rules speak of: operands of a playbook's rule → texts of this topology with the place to point at.
#pragma once

#include "topology/topology.hpp"

namespace tidelab::topology {

/// A list that is written in one text, with commas between its parts: blanks around them and empty ones are dropped.
std::vector<std::string> parts_of(const std::string& list);

/// The part of a text that begins at a byte, as a span; the whole text when it is not written letter by letter.
source::Span part_of(const Text& text, std::size_t from, std::size_t size);

/// Instances by section, so that rules over many instances stay linear.
using Members = std::map<std::string, std::vector<const Instance*>>;
Members make_members(const Topology& topology);

struct Found {
  const Instance* whose = nullptr;  ///< null for numbers and counts
  std::string value;                ///< never empty
  source::Span span;                ///< where it is written, if it is
  bool stated = false;              ///< written in the topology, rather than a default
};

struct Where {
  const Instance& instance;
  const Topology& topology;
  const Members& members;
};

/// The values of the first operand that has any: several for a list, and for the instances of another section.
/// A count of none is no value: that there are none is another rule's matter.
std::vector<Found> find_values(const playbook::Operands& operands, const Where& where);

/// What the instance's configuration file will say under this key: the user's setting, else the playbook's.
std::vector<Found> find_setting(const std::string& key, const Instance& instance, const Topology& topology);

/// The version of an instance; a default is written in its playbook, and so not stated.
Found find_version(const Instance& instance);

}  // namespace tidelab::topology
