// What is known on our own machine about labs that are up: one directory each, below $XDG_STATE_HOME/tidelab.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "disk/own_dir.hpp"

namespace tidelab::lab {

/// How hosts are reached: where a command line says something, before what is usual.
struct Reach {
  bool ssh = false;  ///< every host over ssh, also this machine
  int port = 0;
  std::string user{};
  std::vector<std::string> identities{};
  std::string known_hosts{};
  bool accept_new = false;
  std::string config{};  ///< in place of OpenSSH's own files; "none": no configuration
  std::string type{};    ///< in place of the topology's
};

/// What `up` was told and made; later commands need not be told again.
struct Record {
  std::string lab;
  std::string name;      ///< the topology file as the user named it
  std::string topology;  ///< its text, as applied
  Reach reach{};
  std::vector<std::string> versions{};  ///< COMPONENT=VERSION, from --version-of
  std::string kept{};                   ///< the lab is down, and this of it is still on the hosts: "data", "logs", "data and logs"
  std::string file{};                   ///< where `name` is, from the root on
  std::vector<std::string> hosts{};
  std::string since{};  ///< wall clock of the first `up`; empty in records of older releases, as what follows
  /// The last command that made or took away something of it: "up" or "down", when it began, and what became of it: "done",
  /// "failed", "interrupted"; "begun" while it is at work, and for ever where it was killed.
  std::string last{}, when{}, outcome{};
  std::map<std::string, std::string> processors{};  ///< by host, as `arch` has them: what was found where none is written
  std::map<std::string, std::vector<int>>
      ordinals{};  ///< by section, of its instances in order: from 1 on; where they are not their places
};

/// "up", "kept", "coming up", "going down", "interrupted" or "failed"; `held`: somebody is at work on it.
std::string state_of(const Record& record, bool held);
/// What its last `up` or `down` left unfinished, as a sentence; empty when that is done, or is being done.
std::string unfinished(const Record& record, bool held);

/// "2026-11-28T21:40:00Z"
std::string now_text();

/// Why what this machine knows of labs cannot be used.
struct Unknowable {
  enum class Why {
    nowhere,  ///< nothing says where such things are kept
    unsafe,   ///< other accounts could have written it, so it decides nothing
    closed,   ///< it is another account's
    damaged,  ///< it is ours, and is no record
    failed,   ///< it could not be written
    held,     ///< another command works on the lab
  };
  Why why = Why::damaged;
  std::string what;  ///< one sentence, with the path
  std::string help{};
};
template <class T>
using Known = tl::expected<T, Unknowable>;

/// Where all records are: $XDG_STATE_HOME/tidelab, else ~/.local/state/tidelab.
Known<std::string> state_dir();
/// The directory of a lab's record; nullopt where there is none. It is ours alone, and so is the way to it.
Known<std::optional<disk::OwnDir>> open_record_dir(const std::string& lab);
/// The same, made where it is missing.
Known<disk::OwnDir> make_record_dir(const std::string& lab);

/// Names of the labs that are recorded.
Known<std::vector<std::string>> recorded_labs();
/// nullopt where there is no record of such a lab. A name that can be no lab's (a path, say) is that of no record.
Known<std::optional<Record>> read_record(const std::string& lab);
Known<void> write_record(const Record& record);
/// Notes in the record, where there is one, that `command` begins, or what became of it.
Known<void> note_in_record(const std::string& lab, const std::string& command, const std::string& outcome);

/// What `about.json` says of a lab; the topology is in a file of its own. Every field is read by its type: one that is missing
/// was not known to an older release, one that is unknown comes from a newer one, and all else is a sentence about what is wrong.
tl::expected<Record, std::string> parse_about(const std::string& lab, std::string_view text);
/// The other way; a sentence where the record cannot be written down.
tl::expected<std::string, std::string> render_about(const Record& record);

/// Why a lab of this name cannot be worked with, though there is something of it: it is another account's. Empty: no such thing.
std::string foreign_record(const std::string& lab);
/// Why `target` is no lab, and what was probably meant: for people.
std::string no_such_lab(const std::string& target);
Known<void> remove_record(const std::string& lab);

}  // namespace tidelab::lab
