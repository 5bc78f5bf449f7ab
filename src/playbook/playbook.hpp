// A component as data: which versions it serves, where its archive comes from, what can be set, and the
// steps that install, start and stop it. Read from playbooks/NAME/playbook.yaml.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "playbook/rule.hpp"
#include "source/diagnostic.hpp"
#include "step/words.hpp"

namespace tidelab::playbook {

using step::Pairs;
using step::Texts;

enum class Type {
  text,
  port,
  dir,   ///< a directory of the instance's host
  dirs,  ///< several of them, separated by commas
  path,  ///< an absolute path on our own machine
  host,
  integer,
  boolean,
  duration,
  size,
  secret,
  one_of,
  list,
  map,
  any  ///< whatever YAML can say; not looked into
};
const char* name_of(Type type);

/// What may happen to a value of a lab that is up.
enum class Mutability {
  no,      ///< fixed with the first `up`
  yes,     ///< may be changed
  append,  ///< a list that may grow at its end
  free     ///< no part of what is compared
};
const char* name_of(Mutability mutability);

/// Something that a topology may set: on an instance, or in `global`. One whose `default` is a mapping from ranges of
/// versions to defaults is read as several of one name, each with its `versions`; `of` in it names the section whose they are.
struct Param {
  Text name;
  Type type = Type::text;
  bool required = false;
  Text fallback;  ///< scalar default, may hold ${…}
  Texts list;     ///< default of a list, or the words of one_of
  Pairs map;      ///< default of a map
  Text help;
  Versions versions;
  Mutability mutability = Mutability::no;
  bool provisioned = true;            ///< false: understood, and not acted on
  bool inherits = false;              ///< the value of the same name in `global` comes before the default
  bool equal_per_host = false;        ///< all instances of one host must agree
  Text in;                            ///< of a dir: the param in whose directory a relative path lies
  Text own;                           ///< of a dir: added to an absolute path that comes from `global`, which all would share
  Texts replaced_by;                  ///< of dirs: settings that hold directories, which take its place when one is written
  Text pattern;                       ///< a regular expression that a written text must match as a whole
  Texts harmless;                     ///< words that ask for nothing, where it is not provisioned
  Texts known_as;                     ///< what it is called elsewhere: no key, but what somebody means who writes it
  Pairs aliases;                      ///< other ways to write a word of one_of, in lower case
  std::optional<std::int64_t> least;  ///< of a number; a port below 1 is none
  std::optional<std::int64_t> most;   ///< of a number
  bool wildcard = false;              ///< of a host: one to listen on, which may be all of the machine's addresses
  Texts keys;                         ///< of a map, or of anything: the keys that its mapping may have; empty: any
  Text spelling;                      ///< the name of the ways in which it is written (Common::spellings)
};

/// One way in which people write a value, as a regular expression for all of it: what it means, or why it is refused. Both
/// may hold `$1` for a group.
struct Spelling {
  Text like, means, refused;
};

/// A file that is read by another program: what shows that it is one, and where its author should go.
struct Foreign {
  Text what, help;
  Texts any;    ///< keys at the top, of which one is enough
  Texts all;    ///< keys at the top, which must all be there
  Texts items;  ///< keys of the first item of a list, of which one is enough
  Texts lines;  ///< a regular expression for the first line, where the text is no YAML
};

struct Source {
  Text kind, checksum_url, checksum, note;
  Texts where;                            ///< official: addresses, tried in order; else one text
  std::map<std::string, Text> platforms;  ///< by `arch`: what it calls that platform (`${platform}`); of no other is there anything
  bool native = false;                    ///< assembled: what it makes runs on processors like this machine's only
  Text mirror;                            ///< tiup: a name of Common::mirrors
  std::map<std::string, Text> at;         ///< index: pointers into its answer: url, checksum, bytes, release
  Text repository;                        ///< maven: a URL that files are taken from where Maven's client is not there, or not wanted
  Text near;                              ///< index: a URL that lists other releases, each with its name at `near` of `at`
};

/// A mirror of TiUP, and the ids of the keys that one of its roots was signed by.
struct Mirror {
  Text url, root, threshold;
  Texts keys;
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

/// What a component needs of its host, beside directories and ports, which are known from its params: one word of
/// memory, data, open_files, clock, swap, huge_pages, commands, arch (docs/writing.md).
struct HostNeed {
  Text word;
  Texts values;       ///< of a list, or of a single value
  Texts warn, fail;   ///< of a word with two levels; either may be empty; several are a sum
  Text in;            ///< of `data`: the directory that it is written to
  Text unless_false;  ///< it is no need where this comes to `false`
  Text help;          ///< what can be done about it beside the obvious
  Versions versions;
};

/// What people run by hand: directories for the PATH of `tidelab exec`, and variables that what is in them needs.
struct Tools {
  Texts path;
  Pairs env;
};

/// How long ago something was that an answer tells as a number: `per_ms` of its units are a millisecond since 1970.
struct Age {
  Text name, pointer;
  std::int64_t per_ms = 1;
};

/// A question about an instance, and what `tidelab status` shows of the answer.
struct Shown {
  Text title;
  std::vector<step::Step> ask;  ///< exactly one asking word
  Text state;                   ///< pointer into the answer
  step::Match good;             ///< what the answer must be
  Pairs says;                   ///< name → pointer
  std::vector<Age> ages;
  Text missing;  ///< what is said where the answer is nothing
  Versions versions;
};

/// In place of a pointer: what these versions do not tell. No answer has anything under an empty name.
inline constexpr std::string_view not_told = "/";

/// One way in which a question is asked.
struct Way {
  Versions versions;
  std::vector<step::Step> steps;  ///< the last one's answer is the question's
  Pairs gives;                    ///< name → pointer into the answer; empty: whoever asks has pointers of his own
  Text nothing;                   ///< why these versions cannot be asked: steps that ask are not there then
  source::Span span;
};

/// What checks, other playbooks and this one can ask of a component, or have it do (`ask`), knowing neither its addresses nor
/// its versions. Names in it are those of its section's first instance, and those of `with`; exactly one way is there for each
/// version that the playbook serves.
struct Question {
  Text name;
  Texts with;    ///< names of what whoever asks says
  Text by_hand;  ///< the command with which a person asks the same: where to look next
  std::vector<Way> ways;
};

/// An address or a line that people open or type next. One of a section is enough: the first for which `when` answers.
struct Opened {
  Text title, line;
  Text given, unless;            ///< params: only where this one has a value, only where that one has none
  std::vector<step::Step> when;  ///< none or one asking word, of those that need no host
  Versions versions;
};

/// A hop of the way that data takes, from where the hop before it led; for `tidelab graph`.
struct Hop {
  Texts label;
  Text to;       ///< section; empty: the way ends here
  Text port;     ///< a param, whose values are shown
  Text port_of;  ///< the section that has it; empty: `to`
  Versions versions;
};

/// For these versions, why members that get another release of this artifact are changed at once, and not one after the other.
struct Together {
  Text artifact, since;
  Versions versions;
};

/// For these versions, why no instance may be added to a section that is up, or taken away from one.
struct Fixed {
  Text since;
  Versions versions;
  Text unless;  ///< majority: it may where those that are there are a majority of all that there will be
  Text beside;  ///< a section: the first of a section only, where the lab has that one already
};

/// For these versions, of how many instances none may leave, and why.
struct Fewest {
  Text count, since;  ///< `count` is of one that stays
  Versions versions;
};

/// What of a log is worth telling (docs/writing.md): further files, and patterns of lines.
struct LogLook {
  Texts also;
  Text matters;
  Texts ours;
  Text out_of_memory;
};

struct Playbook {
  std::string folder;  ///< where it was read from, for files and scripts beside it
  Text section, component, title;
  bool hostless = false;  ///< its steps run from our own machine unless they say `on`
  Text versions;          ///< range that it serves
  Text default_version;
  Text version_of;          ///< a component whose `--version-of` covers this one, too
  bool provisioned = true;  ///< false: understood, counted in conflicts, and left alone
  Texts on_hosts_of;        ///< one on each host of these sections; its section is a mapping
  Text unless;              ///< … but not where this field of an instance is true
  Text address, log, dir, node;
  LogLook log_look;
  Texts known_as;         ///< what its section is called elsewhere
  Text version_spelling;  ///< the name of the ways in which its versions are written (Common::spellings)
  Texts settings;         ///< keys of its configuration file, so that a misspelled one is found; empty: not known
  Pairs outside;          ///< a section → the setting that says that it is outside of the lab
  Texts needs;            ///< sections whose instances must be ready before this one starts
  Text serves_with;       ///< how many of its section's instances must be well for the group to serve: any | majority | all
  std::vector<std::pair<Text, Text>> hints;  ///< a pattern of an error's words → what to do
  std::vector<Fixed> fixed_members, fixed_leaving;
  std::vector<Fewest> fewest;
  Text joins;  ///< one_at_a_time: a new instance waits until those that are there serve; else all at once
  std::vector<Together> together;
  Texts shares;           ///< sections that may live in the same tree
  Texts also_components;  ///< other keys in server_configs that belong to it
  std::vector<Param> params;
  std::vector<Param> lets;  ///< texts with a name, which no topology can set; one name for each range of versions
  std::vector<Question> questions;
  std::vector<Artifact> artifacts;
  std::vector<Rule> rules;
  std::vector<Hop> flow;
  std::vector<HostNeed> host;
  Tools tools;
  std::vector<Shown> shows;
  std::vector<Opened> opens;
  std::vector<step::Step> install, start, ready, remove;
  /// Of a group of several: a question that holds of the member that leads (its title is what it is then), and what must hold of
  /// all of them before the next one is touched.
  std::vector<step::Step> leads, whole;
  /// Of an instance that is taken out of a section that stays: what is done before it is stopped, and what must hold afterwards.
  std::vector<step::Step> leave, left;
  source::Span span;
};

/// What holds whatever the sections are; from playbooks/common.yaml.
struct Common {
  std::vector<Param> global;    ///< fields of `global`
  std::vector<Param> instance;  ///< fields that instances have whatever their section is
  std::map<std::string, std::vector<Spelling>, std::less<>> spellings;
  std::vector<Foreign> foreign;
  std::map<std::string, Mirror> mirrors;
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

/// What several playbooks have in common: name → a mapping with keys of a playbook. Lists come before a playbook's own, of mappings and
/// single values the playbook's own win.
using Fragments = std::map<std::string, const source::File*>;

/// Complains about each range of versions that is none, in nested steps too: unread, it would drop its step in silence.
void check_ranges(const Versions& versions, const std::string& code, source::Diagnostics& diagnostics);
void check_ranges(const std::vector<step::Step>& steps, const std::string& code, source::Diagnostics& diagnostics);

/// Reads one file. Codes: P001 missing key, P002 unknown type or word of `mutable`, P003 bad range, P005 unknown source kind,
/// P006 a param's name has a meaning of its own, P007 not a pattern, P008 not a need of a host,
/// P009 not a question, P025 a question without one way for each version, and those of read_rule.
Playbook read_playbook(const source::File& file, const std::string& folder, source::Diagnostics& diagnostics,
                       const Fragments& fragments = {});

}  // namespace tidelab::playbook
