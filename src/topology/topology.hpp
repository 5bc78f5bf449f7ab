// Which instance of which playbook is on which host, with which values: everything typed and resolved.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "playbook/playbook.hpp"
#include "source/diagnostic.hpp"
#include "yaml/document.hpp"

namespace tidelab::topology {

using playbook::Param;
using playbook::Playbook;
using source::Text;

/// The value of a param; scalars in `text` with every ${…} replaced, directories absolute and clean.
struct Value {
  playbook::Type type = playbook::Type::text;
  Text text;
  step::Texts list;  ///< also the parts of `dirs`
  step::Pairs map;
  bool stated = false;    ///< written in the topology, rather than derived
  bool resolved = false;  ///< ${…} is replaced
  bool usable = true;     ///< false: what is written cannot be used, or this derives from it; that is told already
  const Param* param = nullptr;
};

struct Instance {
  const Playbook* playbook = nullptr;
  std::string section;
  int ordinal = 1;     ///< within its section: its place, from 1, or what a lab that is up knows it by (Asked::ordinals)
  Text host;           ///< empty for a hostless one
  Text manage_host;    ///< where it is reached; empty: at `host`
  int ssh_port = 0;    ///< 0: not said
  int machine = -1;    ///< the same number, the same machine: hosts have several names
  bool placed = true;  ///< false: its host is missing or none, which is told already
  Text version;
  bool version_usable = true;
  std::map<std::string, Value> values;
  std::size_t shared_settings = 0;  ///< how many of `config` come from server_configs
  step::Settings config;            ///< server_configs of its component, then its own; later ones win
  bool leaves = false;              ///< it is to be taken away: none of the `${others …}` any more
  bool lost = false;                ///< as it leaves: with its host, which is gone for good, so nothing is asked of either
  source::Span span;

  /// "some_servers 1"
  std::string name() const;
  /// Its value of a param, or nullptr.
  const Value* find(const std::string& param) const;
};

struct Global {
  Text lab, user, ssh_type, deploy_dir, data_dir, log_dir;
  Text systemd_mode;                  ///< system | user; empty: what the rights we come with allow
  int ssh_port = 0;                   ///< 0: not said
  std::map<std::string, Text> other;  ///< what is written
};

/// Instances of one section lie side by side.
struct Section {
  bool left_alone = false;
  std::size_t begin = 0, count = 0;
};

/// Where an artifact is to come from, as the topology's author says.
struct Archive {
  Text url;  ///< or a path on this machine
  Text sha256;
};

/// What a host said of its processor, as a value of `arch`.
struct FoundArch {
  std::string word;
  bool seen = false;  ///< by this command, not by an earlier one
};

struct Topology {
  std::string file;
  Global global;
  std::vector<Instance> instances;   ///< in the order written
  std::vector<Instance> left_alone;  ///< of roles that are understood and not provisioned; they count in conflicts
  std::map<std::string, Section> sections;
  std::map<std::string, Archive> archives;      ///< by "NAME" or "NAME VERSION"
  std::map<std::string, FoundArch> arch_found;  ///< by host
  std::string lab_note;                         ///< why the lab's name is none, where no lab is made and that is no error
  std::set<std::string> unread;                 ///< sections that are there and cannot be read, which is told already

  /// Also of a section that is left alone.
  std::vector<const Instance*> of(const std::string& section) const;
  std::size_t count(const std::string& section) const;
  const Instance* first(const std::string& section) const;
  /// Processor of its host as archives call it: as the instance or `global` says, else as its host was found, else amd64.
  std::string arch_of(const Instance& instance) const;
  bool arch_is_written(const Instance& instance) const;
  /// What its host says now (a value of `arch`) goes before what was known; believed once, so that no host keeps a command at
  /// making plans. True: arch_of() was another.
  bool learn_arch(const Instance& instance, const std::string& word);
  bool has(const std::string& section) const { return count(section) > 0 || unread.contains(section); }
};

/// Letters, digits, `-` and `_`, at most 63, beginning with a letter or digit.
bool is_lab_name(std::string_view name);

/// What the command line may say about a topology.
/// By section, in the order of the file; a section that is not there counts from 1.
using Ordinals = std::map<std::string, std::vector<int>>;

struct Asked {
  std::string lab;                                   ///< of the file's stem, unless global.lab is written
  std::string force_type;                            ///< ssh_type in place of the written one: "builtin", "system", "none"
  std::map<std::string, std::string> versions = {};  ///< by component; covers those whose `version_of` it is
  bool lab_is_made = true;                           ///< false: a file whose name can be no lab's is as good as any
  bool over_ssh = false;                             ///< a written ssh_type "none" is not meant: "builtin"
  Ordinals ordinals = {};                            ///< what instances are known by already, wherever they stand now
};

/// Reads and checks. Codes: see docs/diagnostics.md. Whatever it gives when there were errors is not to be used.
Topology read_topology(const source::File& file, const playbook::Library& library, const Asked& asked, source::Diagnostics& diagnostics);

/// The ordinals of all instances that have a host, of the sections where they are not their places.
Ordinals ordinals_of(const Topology& topology);

/// What a host says of its processor, as a value of `arch`; empty where that has no such word.
std::string arch_word(const playbook::Common& common, const std::string& said);

/// One sentence that names the roles that are left alone; empty when there are none.
std::string left_alone_note(const Topology& topology);

}  // namespace tidelab::topology
