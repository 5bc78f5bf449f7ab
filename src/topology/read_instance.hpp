// Private to this room: the mapping of an instance as its fields. A misspelled key is read as what it must mean.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "topology/meaning.hpp"
#include "topology/topology.hpp"
#include "yaml/document.hpp"

namespace tidelab::topology {

/// Fields by name. Those of a playbook come before those that all instances have.
struct Fields {
  std::map<std::string, const Param*, std::less<>> by_name;

  void add(const std::vector<Param>& params) {
    for (const auto& each : params) by_name.try_emplace(each.name.value, &each);
  }
  const Param* find(const std::string& name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }
  /// The name that an unknown key must mean: what it is called elsewhere, one with its value stuck to it, or a
  /// near spelling; empty: none.
  std::string meant_by(const std::string& key) const;
  /// The same, but for spelling.
  std::string known_as(const std::string& key) const;
};

class InstanceReader {
public:
  InstanceReader(const playbook::Library& library, source::Diagnostics& diagnostics)
      : library_(library), meanings_(library), diagnostics_(diagnostics) {}

  /// Addresses where instances should be. Code Y010.
  void refuse_text(const playbook::Playbook& playbook, const std::vector<const yaml::Node*>& texts);
  /// All items of a section, in order. `ordinals`: theirs; where there are fewer, an item's is its place.
  void read_list(const Playbook& playbook, const yaml::Node& list, int ssh_port, const std::vector<int>& ordinals,
                 std::vector<Instance>& out);

  /// One item of a section. Codes: T001 an unknown key, T002 no host, and those of read_value.
  std::optional<Instance> read(const Playbook& playbook, int ordinal, const yaml::Node& node, int ssh_port);
  /// The fields of a mapping into an instance; gives what misspelled keys must mean.
  std::set<std::string> read_fields(const yaml::Node& node, Instance& made);

  /// Settings of a component under a key: `playbook` is one of its playbooks. T027: one that must mean another. T008: a list of lists or
  /// mappings where the configuration file cannot hold one; it is left out. Of what is left alone, nothing is asked.
  step::Settings read_settings(const Text& key, const yaml::Node& node, const Playbook& playbook);

  /// T005, told once for each key, when all is read.
  void leave_alone(const Text& key);
  void tell_left_alone();

private:
  /// A key that is understood and not acted on, with how often it is there.
  struct LeftAlone {
    Text key;
    int times = 0;
  };

  const Fields& fields_of(const Playbook& playbook);
  void read_field(const Param& param, const Text& key, const yaml::Node& node, Instance& made);
  std::string help_for(const Text& key, const yaml::Node& value, const std::string& near, const Playbook& playbook) const;
  void guess_field(const Fields& fields, const yaml::Entry& entry, const yaml::Node& node, Instance& made, std::set<std::string>& guessed);

  const playbook::Library& library_;
  Meanings meanings_;
  source::Diagnostics& diagnostics_;
  std::vector<LeftAlone> left_alone_;
  std::map<std::string, Fields> fields_;
  std::map<std::pair<const Playbook*, std::string>, std::string> near_settings_;  ///< looked for once, however many write it
};

}  // namespace tidelab::topology
