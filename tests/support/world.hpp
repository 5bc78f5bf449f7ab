// Playbooks and a topology written in a test, read as the program reads them.
#pragma once

#include <catch2/catch.hpp>

#include "support/written.hpp"
#include "topology/topology.hpp"

namespace tidelab::support {

struct World {
  /// Each text is a playbook.
  explicit World(const std::vector<std::string>& playbooks) {
    library.common.global_left_alone = {"group"};
    library.common.instance_left_alone = {"numa_node"};
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

  std::string complaints() const { return diagnostics.empty() ? "" : render_text(diagnostics); }
  std::string brief() const {
    std::string out;
    for (const auto* d : diagnostics.ordered()) {
      out += (out.empty() ? "" : "\n") + d->code + " " + std::to_string(d->span.line) + ":" + std::to_string(d->span.column) + " " +
             d->message;
      if (!d->help.empty()) out += " | " + d->help;
    }
    return out;
  }

  source::Files files;
  source::Diagnostics diagnostics;
  playbook::Library library;
  topology::Topology topology;
};

}  // namespace tidelab::support
