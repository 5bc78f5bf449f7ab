// Playbooks and a topology written in a test, read as the program reads them.
#pragma once

#include "support/catch.hpp"
#include "support/written.hpp"
#include "topology/topology.hpp"

namespace tidelab::support {

/// A few fields of each kind; what the real ones are is playbooks/common.yaml.
inline const char* const common = R"(
global:
  lab: {type: text}
  user: {type: text, default: lab, pattern: '[a-z_][a-z0-9_-]{0,31}'}
  group: {type: text, provisioned: false}
  ssh_port: {type: port}
  ssh_type: {type: enum, values: [builtin, none, system], default: builtin}
  deploy_dir: {type: dir, default: deploy}
  data_dir: {type: dir}
  arch: {type: enum, values: [amd64, arm64], aliases: {x86_64: amd64, aarch64: arm64}, provisioned: false, harmless: [amd64]}
  custom: {type: any, mutable: free}
instance:
  host: {type: host, required: true}
  manage_host: {type: host, mutable: yes}
  ssh_port: {type: port, mutable: yes}
  config: {type: map, mutable: free}
  lonely: {type: bool, default: false, equal_per_host: true}
  numa_node: {type: text, provisioned: false}
  arch: {type: enum, values: [amd64, arm64], aliases: {x86_64: amd64, aarch64: arm64}, inherits: true, equal_per_host: true, provisioned: false, harmless: [amd64]}
)";

struct World : Heard {
  /// Each text is a playbook.
  explicit World(const std::vector<std::string>& playbooks) {
    library.common = playbook::read_common(files.add("common.yaml", common), diagnostics);
    for (const auto& text : playbooks) {
      auto& file = files.add("playbook.yaml", text);
      auto made = playbook::read_playbook(file, "folder", diagnostics);
      CHECK(complaints() == "");
      auto& place = made.section.empty() ? library.runtimes[made.component.value] : library.by_section[made.section.value];
      place = std::move(made);
    }
  }

  const topology::Topology& read(const std::string& text, const topology::Asked& asked = {}) {
    topology = topology::read_topology(files.add("lab.yaml", text), library, asked, diagnostics);
    return topology;
  }

  source::Files files;
  playbook::Library library;
  topology::Topology topology;
};

}  // namespace tidelab::support
