// From files to values: playbooks, checks, a topology, all their faults told at once.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "cli/files.hpp"
#include "cli/input.hpp"
#include "cli/options.hpp"
#include "guide/template.hpp"
#include "plan/make.hpp"
#include "playbook/playbook.hpp"
#include "source/diagnostic.hpp"
#include "topology/topology.hpp"

namespace tidelab::cli {

/// Everything that planning needs. Not movable: the values point at each other.
struct Loaded {
  std::filesystem::path home;  ///< where playbooks/, checks/ and topologies/ are
  source::Files files;
  source::Diagnostics diagnostics;
  playbook::Library library;
  playbook::Templates templates;
  std::vector<check::Check> checks;
  topology::Topology topology;
  std::string topology_text;
  std::string token;
  long long number = 1;

  plan::Inputs inputs(const Options& options) const;
};

/// Prints the diagnostics and gives null when there are errors.
std::unique_ptr<Loaded> load(const Options& options);
/// The same with the topology's text given, under the name that the user knows.
std::unique_ptr<Loaded> load_text(const Options& options, const std::string& name, const std::string& text);
/// A file, or the topology of a lab that is up, as it was applied.
std::unique_ptr<Loaded> load_either(const Options& options, const std::string& target);
/// Only playbooks and checks.
std::unique_ptr<Loaded> load_library(const Options& options);
/// Of playbooks only what says which instances a topology has, and under which names: for whoever must answer while somebody types.
/// What is missing is not told; nothing can be planned with it.
std::unique_ptr<Loaded> sketch_library(const Options& options);
/// Topologies to start from.
std::vector<guide::Template> load_templates(Loaded& loaded);

/// T019: what other labs of this user, as their records say, have on the same machines.
void check_other_labs(Loaded& loaded);

/// Reads one more topology; false when there are errors. `loaded.topology` is the last one.
bool read_into(Loaded& loaded, const Options& options, const std::string& name, std::string text, bool lab_is_made = true);
/// The same topology with what its instances are known by in a lab that is up, where that is something else; its warnings were told.
bool read_again(Loaded& loaded, Options options, const topology::Ordinals& ordinals);
/// U001
void complain_unreadable(Loaded& loaded, const std::string& name, const Unreadable& why);

/// The directory that holds playbooks/, checks/ and docs/explain/; empty after saying that there is none.
std::string find_home(const Options& options);

/// False after printing what is wrong.
bool told_no_errors(Loaded& loaded, const Options& options);

/// What `--version-of` says, by component.
std::map<std::string, std::string> versions_of(const std::vector<std::string>& said);

/// "tidelab: WHAT", and the help below it, on the standard error.
void tell(const lab::Unknowable& why);

}  // namespace tidelab::cli
