// Topologies to start from: files of text with ${…} for the hosts, the account and the directory of whoever asks.
//
//   title: one line for the list
//   hosts: [10.0.0.1, 10.0.0.2]     addresses when none are given
//   least: 2                        fewer would put two of one role on one host
//   roles: {broker: [1, 2]}         which of the hosts a role is on; ${broker.1} and ${broker.2} in the text
//   user: lab
//   dir: /opt
//   ---
//   the topology
//
// In the text: ${ROLE.N}, ${user}, ${dir}, and ${ssh_type}, which is `none` when every host is this machine.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "source/diagnostic.hpp"

namespace tidelab::guide {

struct Template {
  std::string name;  ///< the stem of its file
  std::string title;
  std::vector<std::string> hosts;
  int least = 1;
  std::vector<std::pair<std::string, std::vector<int>>> roles;  ///< numbers count `hosts` from 1
  std::string user, dir;
  std::vector<source::Text> lines;  ///< of the topology
};

/// Codes: G001 the head is missing or says something impossible.
Template read_template(const source::File& file, source::Diagnostics& diagnostics);

/// What a person wants in place of what the template says. Empty: as it is there.
struct Wishes {
  std::vector<std::string> hosts;                         ///< in the order of the template's; taken round when they are fewer
  std::map<std::string, std::vector<std::string>> roles;  ///< taken round within the role when they are fewer
  std::string user, dir;
};

/// Faults of the wishes, each a sentence; empty when they can be met.
std::vector<std::string> faults(const Template& chosen, const Wishes& wishes);

/// The topology as text. Only for wishes without faults. Codes: T030 a ${…} that there is not.
std::string fill(const Template& chosen, const Wishes& wishes, source::Diagnostics& diagnostics);

}  // namespace tidelab::guide
