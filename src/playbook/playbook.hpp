// A component as data: which versions it serves, where its archive comes from, what can be set, and the
// steps that install, start and stop it. Read from playbooks/NAME/playbook.yaml.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "playbook/rule.hpp"
#include "source/diagnostic.hpp"
#include "step/words.hpp"

namespace tidelab::playbook {

using step::Pairs;
using step::Texts;

enum class Type { text, port, dir, host, integer, boolean, duration, size, secret, one_of, list, map };
const char* name_of(Type type);

/// Something that a topology may set on an instance. One whose `default` is a mapping from ranges of versions to defaults
/// is read as several of one name, each with its `versions`.
struct Param {
  Text name;
  Type type = Type::text;
  bool required = false;
  Text fallback;  ///< scalar default, may hold ${…}
  Texts list;     ///< default of a list, or the words of one_of
  Pairs map;      ///< default of a map
  Text help;
  Versions versions;
};

struct Source {
  Text kind, where, checksum_url, checksum, note;
};

/// An archive or a single file that steps refer to by name.
struct Artifact {
  Text name;
  Text of;       ///< another playbook whose first artifact this is (a runtime); empty: own sources
  Text version;  ///< "${version}" if not said
  Text file;     ///< name in the cache, with its extension
  std::vector<Source> sources;
  Versions versions;
};

struct Playbook {
  std::string folder;  ///< where it was read from, for files and scripts beside it
  Text section, component, title;
  bool hostless = false;  ///< its steps run from our own machine unless they say `on`
  Text versions;          ///< range that it serves
  Text default_version;
  Text version_of;  ///< another section whose version this one takes; empty: its own
  Text address, log, dir, node;
  Texts needs;   ///< sections whose instances must be ready before this one starts
  Texts shares;  ///< sections that may live in the same tree
  std::vector<Param> params;
  std::vector<Artifact> artifacts;
  std::vector<Rule> rules;
  std::vector<step::Step> install, start, ready, remove;
  source::Span span;
};

/// What holds whatever the sections are; from playbooks/common.yaml.
struct Common {
  std::string user = "lab";                                         ///< account of a topology that names none
  std::vector<std::string> global_left_alone, instance_left_alone;  ///< keys that are understood and not provisioned
};
Common read_common(const source::File& file, source::Diagnostics& diagnostics);

/// All playbooks, by section. Runtimes have no section and are found by component.
struct Library {
  std::map<std::string, Playbook> by_section;
  std::map<std::string, Playbook> runtimes;
  Common common;

  const Playbook* find(const std::string& section) const;
  std::vector<std::string> sections() const;
};

/// Text of a file beside a playbook; read by whoever loads the library, so that planning stays pure.
using Templates = std::map<std::string, const source::File*>;  ///< "folder/name" → file

/// Complains about each range of versions that is none, in nested steps too: unread, it would drop its step in silence.
void check_ranges(const Versions& versions, const std::string& code, source::Diagnostics& diagnostics);
void check_ranges(const std::vector<step::Step>& steps, const std::string& code, source::Diagnostics& diagnostics);

/// Reads one file. Codes: P001 missing key, P002 unknown type, P003 bad range,
/// P005 unknown source kind, P006 a param's name has a meaning of its own, and those of read_rule.
Playbook read_playbook(const source::File& file, const std::string& folder, source::Diagnostics& diagnostics);

}  // namespace tidelab::playbook
