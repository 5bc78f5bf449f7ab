// A plan: everything that a command would do, as plain data with literal values, complete before anything
// runs. A dry run prints it, a golden test compares it, the runner carries it out.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/file.hpp"
#include "step/words.hpp"

namespace tidelab::plan {

/// A host as the topology names it. The lane of our own machine has `number` 0 and is always there: probes
/// and API calls start from it.
struct Lane {
  std::string name;       ///< the host as written; "controller" for lane 0
  int ssh_port = 0;       ///< 0: not said, so OpenSSH's configuration or 22
  std::string user;       ///< services run under this account
  std::string state_dir;  ///< where the lab's own records are kept on that host by whoever is `user` there
  bool lost = false;      ///< it is gone for good: nothing can be done there
};

/// Where the lab's own records are on that host. `owner`: what the services run under, when we come as another account; what
/// that account may change is no place for what root believes, so it is then a directory of root's.
std::string state_dir(const Lane& lane, const std::string& owner);
/// The lab that such a directory is of.
std::string lab_of(const std::string& state_dir);

/// What a component needs of its host beside directories, ports and archives, which are in its steps. 0, empty or
/// `nothing`: it needs nothing of the kind.
struct HostNeeds {
  enum class Bad { nothing, warn, fail };
  long long memory_bytes = 0;                           ///< of its processes, all together
  std::vector<std::pair<std::string, long long>> data;  ///< room in bytes for what it will write, by directory
  long long open_files_warn = 0, open_files_fail = 0;
  std::chrono::milliseconds clock_warn{0}, clock_fail{0};  ///< how far the clocks of hosts may be apart
  Bad swap = Bad::nothing, huge_pages = Bad::nothing;      ///< how bad they are
  std::vector<std::string> commands, arch;
  std::vector<std::pair<std::string, std::string>> help;  ///< a word of the playbook → what else can be done where it is not met

  /// Empty where the playbook has nothing to say to this word.
  std::string help_of(std::string_view word) const;
};

/// What people run by hand on its host.
struct Tools {
  std::vector<std::string> path;
  std::vector<std::pair<std::string, std::string>> env;
};

/// A question whose answer `status` shows: its state, whether that is good, values by name, and how long ago something was.
struct Shown {
  struct Age {
    std::string name, pointer;
    long long per_ms = 1;  ///< units a millisecond
  };
  std::string title;
  step::Action ask;
  int lane = 0;
  std::string state;  ///< a pointer into the answer
  step::Match good;
  std::vector<std::pair<std::string, std::string>> says;  ///< name → pointer
  std::vector<Age> ages;
  std::string missing;  ///< what is said where the answer is nothing
};

/// An address or a line that people open or type next, where the question (if there is one) is answered.
struct Opened {
  std::string title, line;
  std::optional<step::Action> when;
};

/// What of a component's log is worth telling, as its playbook says it. Patterns are regular expressions.
struct LogLook {
  std::vector<std::string> also;  ///< further files: where its standard streams go
  std::string matters;            ///< a line that does, beside those that call themselves warnings or errors
  std::vector<std::string> ours;  ///< lines that our own asking leaves
  std::string out_of_memory;      ///< a line that says so
};

/// One instance of a playbook.
struct Component {
  std::string name;     ///< "some_servers 1": stable, unique in the lab; what --node takes is `node`
  std::string node;     ///< "10.0.0.2:9092": TiUP's node id, or the instance's own name where it has no host
  std::string section;  ///< topology key
  std::string kind;     ///< of its playbook: several sections may be of one
  std::string title;    ///< for people: "Kafka broker"
  std::string version;
  int lane = 0;
  std::string dir;                    ///< its tree
  std::vector<std::string> services;  ///< names of its services, in start order
  std::string log;                    ///< of its (first) service
  LogLook log_look;
  std::string address;                 ///< main host:port, may be empty
  std::vector<int> ports;              ///< all that it listens on
  std::vector<std::string> artifacts;  ///< keys of what is unpacked for it, its own archive first
  std::string jre;                     ///< version of its own JRE, empty if it has none
  HostNeeds host_needs;
  std::vector<std::string> data_dirs, log_dirs;
  std::vector<std::string> needs;  ///< sections that it works with: when they are down, that is why
  std::string serves_with;         ///< of its section's instances: any | majority | all
  Tools tools;
  std::vector<Shown> shows;   ///< in plans of `status`
  std::vector<Opened> opens;  ///< in plans of `up` and `status`
  source::Span span;
};

/// What is known of an error's words: whoever meets them is told what to do.
struct Hint {
  std::string says;  ///< a regular expression
  std::string help;
};

/// One place to get an artifact from, as the playbook lists it (artifact/ has the same with an enum).
struct ArtifactSource {
  std::string kind;                ///< official | tiup | index | maven | file | assembled
  std::vector<std::string> urls;   ///< official
  std::vector<std::string> paths;  ///< file: the first that is there
  std::string checksum_url, checksum, coordinate, script, note;
  bool may_be_unverified = false;           ///< official: taken also where nobody publishes a digest
  std::string component, platform, mirror;  ///< tiup
  std::string root, threshold;              ///< tiup: the version of the root that `keys` are of, how many of them must have signed
  std::vector<std::string> keys;            ///< tiup: none: the first root is trusted
  std::string index, near;                  ///< index
  std::map<std::string, std::string> at;    ///< index: pointers
};

/// What `unpack` and `place` refer to by `key`.
struct Artifact {
  std::string key;  ///< "NAME VERSION" or "NAME VERSION arm64": unique in the plan
  std::string name, version, file_name;
  std::vector<ArtifactSource> sources;
  source::Span span;
};

/// A dependency. `must_hold`: when that step did not hold, this one is blocked by it; else it only comes after.
struct Need {
  int step = 0;
  bool must_hold = true;
};

/// A point that is reached when all its steps have ended, and that holds when they held. Many steps wait for it as one: if
/// each instance of one section waited for each of another, a thousand of both would be a million needs.
struct Gate {
  std::string title;       ///< "all of some_servers"
  std::vector<int> steps;  ///< ascending
};

struct GateNeed {
  int gate = 0;  ///< index in Plan::gates
  bool must_hold = true;
};

/// A row of the hop table: what a step claims about the lab.
struct Hop {
  std::string check;                 ///< name of the check
  std::string group;                 ///< the instance that the check is for, or "" for claims about components
  std::string place;                 ///< where the data is when this holds: "Kafka"; used in the sentence
  std::string title;                 ///< "the insert is in topic orders"
  std::string look_at;               ///< what a person should look at next when it is false
  int since = -1;                    ///< the step whose end is time zero of the latency; -1: no latency is told
  bool travels = false;              ///< part of a row's way (else a claim about health, shown as context)
  std::vector<std::string> about{};  ///< sections whose trouble explains that it is false
  bool drift = false;                ///< not health: the lab differs from its topology
  bool warns = false;                ///< that it is false is told, and no reason to fail
  std::string heal{};                ///< the command that heals it, or looks further
};

struct Step {
  int id = 0;  ///< its index in Plan::steps
  std::string title;
  step::Action action;
  int lane = 0;
  int component = -1;
  std::vector<Need> needs;
  std::vector<GateNeed> gates;  ///< further needs
  std::chrono::milliseconds within{0};
  source::Span origin;
  std::string scope;     ///< steps of one scope share the values taken from answers
  bool lenient = false;  ///< that nothing answers counts as done: taking things away from what is down already
  bool changes = true;   ///< false: only asks; counts neither as changed nor as unchanged
  std::optional<Hop> hop;
  std::vector<step::Step> evidence;  ///< asked when the step failed; their answers go into the report
  std::string say;                   ///< what it means that it acted; may be empty
  bool warns = false;                ///< that it does not hold is told as a warning
  /// Of a service that is checked: the settings that the topology has for it, and where they are written.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// Several instances of one section, which serve together: what is there of them is changed one after the other, the one that
/// leads last.
struct Group {
  struct Member {
    int component = 0;
    std::vector<int> steps;     ///< that change it; what others of its host need, too, is left out
    std::vector<int> services;  ///< of these, its services
    std::vector<Step> ready;    ///< questions that it answers when it serves
    std::vector<int> ends;      ///< when these have ended, so has its change
    std::vector<Step> leads;    ///< a question that holds of the member that leads; none: nobody does
    std::vector<Step> whole;    ///< what must hold, as this member sees it, before the next one is touched
    std::vector<int> data;      ///< that make directories for its data: where there is none yet, it is new
    bool leaves = false;        ///< it is taken out of the group: `services` stop it, and none of the others is touched
    bool lost = false;          ///< as it leaves: it is known not to run, and `services` are steps of the others
  };
  std::string section;
  std::vector<Member> members;
  bool joins_one_at_a_time = false;                           ///< those that are new, to members that run
  std::vector<std::pair<std::string, std::string>> together;  ///< artifact → why those that get another one are changed at once
};

/// Why members that get another release of an artifact are changed at once: several do, and their playbook says so. Empty: they are not.
std::string why_at_once(const Group& group,
                        const std::function<bool(const Group::Member& member, const std::string& artifact)>& gets_another);
/// "one after the other, the one that leads last", or "at once, since …".
std::string order_of(const Group& group, const std::string& at_once);

struct Plan {
  std::string command;  ///< up | prune | verify | down | start | stop | restart
  std::string lab;
  std::string topology;  ///< file name as given
  std::vector<Lane> lanes;
  std::vector<Component> components;
  std::vector<Artifact> artifacts;
  std::vector<Step> steps;
  std::vector<Gate> gates;
  std::vector<Group> groups;
  std::vector<std::string> secrets;  ///< printed as *** wherever they occur
  std::vector<std::string> notes;    ///< said before anything starts
  std::vector<Hint> hints;
  bool strict = false;  ///< of `verify`: what is only warned of fails, too
};

/// Whether `--node`, `--role` or `--host` means this component: its node, its name, its section, its kind, or its host.
bool means(const Plan& plan, const Component& component, const std::string& asked);
/// The same for any of several; none means all.
bool means_any(const Plan& plan, const Component& component, const std::vector<std::string>& asked);

/// What `tidelab plan` prints: lanes, artifacts, then steps grouped by component in order.
std::string render_text(const Plan& plan);

/// `text` with each secret replaced by ***.
std::string mask(std::string text, const std::vector<std::string>& secrets);

}  // namespace tidelab::plan
