// Everything that may be written in a topology, as one plain table made from the playbooks: what the schema, the page
// and the comparison of topologies all speak about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "playbook/playbook.hpp"

namespace tidelab::guide {

/// A key with a value.
struct Field {
  std::string name;
  playbook::Type type = playbook::Type::text;
  std::vector<std::string> words;  ///< of an enum
  std::string fallback;            ///< as it is written in the playbook, with its ${…}; empty: none
  std::string help;
  std::string versions;  ///< for which it is there, in words; empty: all
  bool required = false;
  bool left_alone = false;  ///< understood and checked, and not acted on
  playbook::Mutability mutability = playbook::Mutability::no;
  std::string inside;                 ///< of a directory: the field in whose directory a relative path lies
  bool inherits = false;              ///< what `global` says under this name comes before the default
  bool shared = false;                ///< in a section: one that every instance has
  std::string pattern;                ///< that a written text must match as a whole; empty: any
  std::optional<std::int64_t> least;  ///< of a number, where it is not the type's own
  std::optional<std::int64_t> most;   ///< of a number, where it is not the type's own
  bool wildcard = false;              ///< of a host: one to listen on
  std::vector<std::string> keys;      ///< of a mapping: the keys that it may have; empty: any
};

/// A list of instances.
struct Section {
  std::string key, component, title, versions, default_version;
  bool hostless = false;
  bool per_host = false;           ///< one on each host of other sections; its key holds a mapping
  bool provisioned = true;         ///< false: understood, counted in conflicts, and left alone
  std::vector<std::string> needs;  ///< sections
  std::vector<Field> fields;       ///< in the order of the playbook, what all instances have first
};

struct Vocabulary {
  std::vector<Field> global;
  std::vector<Field> every;  ///< what an instance of any section has; in `fields` of each section, too, unless it has its own
  std::vector<Section> sections;
  std::vector<std::string> components;  ///< keys of `server_configs` and `component_versions`, each once
};

Vocabulary make_vocabulary(const playbook::Library& library);

/// The name of a type for people: "port", "list of texts".
std::string name_for_people(const Field& field);

/// JSON Schema (draft-07, which editors' YAML servers know best) of a topology; ends with a newline.
std::string render_schema(const Vocabulary& vocabulary);

/// The page docs/topology.md; ends with a newline.
std::string render_page(const Vocabulary& vocabulary);

}  // namespace tidelab::guide
