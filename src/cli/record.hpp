// What is known on our own machine about labs that are up: one directory each, below $XDG_STATE_HOME/tidelab.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "live/agent.hpp"

namespace tidelab::cli {

/// How hosts are reached, as `up` was told; later commands need not be told again.
struct Record {
  std::string lab;
  std::string name;      ///< the topology file as the user named it
  std::string topology;  ///< its text, as applied
  Options reach;         ///< only the ssh fields, and --version-of
  std::string kept{};    ///< the lab is down, and this of it is still on the hosts: "data", "logs", "data and logs"
  std::string file{};    ///< where `name` is, from the root on
  std::vector<std::string> hosts{};
  std::string since{};  ///< wall clock of the first `up`; empty in records of older releases, as what follows
  /// The last command that made or took away something of it: "up" or "down", when it began, and what became of it: "done",
  /// "failed", "interrupted"; "begun" while it is at work, and for ever where it was killed.
  std::string last{}, when{}, outcome{};
};

/// "up", "kept", "coming up", "going down", "interrupted" or "failed"; `held`: somebody is at work on it.
std::string state_of(const Record& record, bool held);
/// What its last `up` or `down` left unfinished, as a sentence; empty when that is done, or is being done.
std::string unfinished(const Record& record, bool held);

/// "2026-11-28T21:40:00Z"
std::string now_text();

std::string record_dir(const std::string& lab);
/// Names of the labs that are recorded.
std::vector<std::string> recorded_labs();
std::optional<Record> read_record(const std::string& lab);
bool write_record(const Record& record);
/// Notes in the record, where there is one, that `command` begins, or what became of it.
void note_in_record(const std::string& lab, const std::string& command, const std::string& outcome);

/// Why a lab of this name cannot be worked with, though there is something of it: it is another account's. Empty: no such thing.
std::string foreign_record(const std::string& lab);
/// Why `target` is no lab, and what was probably meant: for people.
std::string no_such_lab(const std::string& target);
void remove_record(const std::string& lab);

/// Held while a command works on a lab. Null (after saying who holds it, since when) if another one does.
class Lock {
public:
  /// Who works on the lab now, as the lock says; empty: nobody.
  static std::string holder(const std::string& lab);
  static std::unique_ptr<Lock> take(const std::string& lab, const std::string& command, bool take_over);
  ~Lock();
  /// Of this one run: no two runs have the same.
  const std::string& run() const { return run_; }
  /// How this run is known on the lab's hosts, to controllers that know nothing of this machine's lock.
  const live::Claim& claim() const { return claim_; }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

private:
  Lock(int fd, std::string run, live::Claim claim) : fd_(fd), run_(std::move(run)), claim_(std::move(claim)) {}
  int fd_;
  std::string run_;
  live::Claim claim_;
};

}  // namespace tidelab::cli
