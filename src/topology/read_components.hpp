// Private to this room: what stands at the top of a topology by component: versions, sources, settings.
#pragma once

#include <map>
#include <string>

#include "topology/read_instance.hpp"
#include "topology/resolve.hpp"

namespace tidelab::topology {

class ComponentReader {
public:
  ComponentReader(const playbook::Library& library, InstanceReader& instances, source::Diagnostics& diagnostics)
      : library_(library), meanings_(library), instances_(instances), diagnostics_(diagnostics) {}

  /// `server_configs`, `component_versions` or `component_sources`. Code T001: no such component.
  void read(const Text& key, const yaml::Node& value);

  const Versions& versions() const { return versions_; }
  /// Gives each instance the settings of its component, before its own.
  void add_settings(Topology& out) const;

private:
  void read_one(const std::string& kind, const Text& component, const yaml::Node& node);
  std::string name_meant_by(const std::string& kind, const Text& component);
  const Playbook& playbook_of(const std::string& component) const;

  const playbook::Library& library_;
  Meanings meanings_;
  InstanceReader& instances_;
  source::Diagnostics& diagnostics_;
  Versions versions_;
  std::map<std::string, step::Settings> settings_;  ///< by component
};

}  // namespace tidelab::topology
