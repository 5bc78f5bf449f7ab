// Which instance of which playbook is on which host, with which values: everything typed and resolved.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "playbook/playbook.hpp"
#include "source/diagnostic.hpp"
#include "yaml/document.hpp"

namespace tidelab::topology {

using playbook::Playbook;
using source::Text;

/// The value of a param; scalars in `text` with every ${…} replaced.
struct Value {
  playbook::Type type = playbook::Type::text;
  Text text;
  step::Texts list;
  step::Pairs map;
  bool stated = false;    ///< written in the topology, rather than derived
  bool resolved = false;  ///< ${…} is replaced
};

struct Instance {
  const Playbook* playbook = nullptr;
  std::string section;
  int ordinal = 1;  ///< within its section, from 1
  Text host;        ///< empty for a hostless one
  int ssh_port = 22;
  Text version;
  std::map<std::string, Value> values;
  step::Settings config;  ///< server_configs of its component, then its own; later ones win
  source::Span span;

  /// "some_servers 1"
  std::string name() const;
};

struct Global {
  Text lab, user, ssh_type, deploy_dir, data_dir, log_dir;
  Text systemd_mode;  ///< system | user; empty: what the rights we come with allow
  int ssh_port = 22;
  std::map<std::string, Text> other;
};

struct Topology {
  std::string file;
  Global global;
  std::vector<Instance> instances;

  std::vector<const Instance*> of(const std::string& section) const;
};

/// What the command line may say about a topology.
struct Asked {
  std::string lab;         ///< of the file's stem, unless global.lab is written
  std::string force_type;  ///< ssh_type in place of the written one: "builtin", "none"
};

/// Reads and checks. Codes: see docs/diagnostics.md. Whatever it gives when there were errors is not to be used.
Topology read_topology(const source::File& file, const playbook::Library& library, const Asked& asked, source::Diagnostics& diagnostics);

}  // namespace tidelab::topology
