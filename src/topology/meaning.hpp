// Private to this room: what somebody means who writes a name that is none, or a right one in the wrong place. Meaning comes
// before spelling, and where nothing is near nothing is suggested.
#pragma once

#include <string>
#include <vector>

#include "playbook/playbook.hpp"
#include "yaml/document.hpp"

namespace tidelab::topology {

/// Keys at the top of a topology that are no sections.
const std::vector<std::string>& top_level_keys();

/// "did you mean `…`?", or empty.
std::string did_you_mean_help(const std::string& near);
std::string did_you_mean_help(const std::vector<std::string>& near);

/// Whether a param answers to this name elsewhere.
bool is_known_as(const playbook::Param& param, const std::string& name);

class Meanings {
public:
  explicit Meanings(const playbook::Library& library) : library_(library) {}

  /// Sections and other keys at the top that the name may stand for: several when it names what several have.
  std::vector<std::string> sections(const std::string& name) const;
  /// The component that the name, perhaps of a section, stands for; empty: none.
  std::string component(const std::string& name) const;

  /// Where an entry belongs that is right, though not at the top; empty: nowhere known.
  std::string help_at_top(const std::string& key, const yaml::Node& value) const;
  std::string help_in_global(const std::string& key) const;
  std::string help_on_instance(const std::string& key, const yaml::Node& value, const playbook::Playbook& playbook) const;
  std::string help_in_server_configs(const std::string& key) const;

  /// A known setting that the key must mean; empty when it is known itself, or nothing is near.
  static std::string near_setting(const std::string& key, const playbook::Playbook& playbook);

private:
  bool is_component(const std::string& name) const;
  bool is_param(const std::string& key) const;
  std::string section_with_setting(const std::string& key) const;

  const playbook::Library& library_;
};

}  // namespace tidelab::topology
