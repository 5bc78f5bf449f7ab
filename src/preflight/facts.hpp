// What one look at a host brought back, before anybody judges it: plain values, read from the lines that the host's
// part of the preflight prints (agent/preflight*.sh). A line that is not understood is passed over.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "step/failure.hpp"

namespace tidelab::preflight {

using Micros = std::chrono::microseconds;

/// A directory that was asked about, or the nearest one above it that is there.
struct DirFact {
  enum class State { there, missing, not_a_directory } state = State::missing;
  std::string existing;   ///< the directory itself, or the nearest above it; what is in the way when it is none
  bool writable = true;   ///< by whoever looked
  bool empty = true;      ///< when it is there
  bool enterable = true;  ///< by the account that services run under
  std::string barrier;    ///< the first directory on the way that this account may not enter
  /// The first directory on the way that others than root can change, where the account, which then acts itself, may not write.
  std::string shared;
  std::string shared_by, shared_mode;  ///< of that one: USER:GROUP, octal
  std::string stranger;  ///< the first directory on the way that neither root, nor whoever looked, nor the account alone can change
  std::string stranger_by, stranger_mode;
  bool has_room = false;  ///< whether the next ones are known
  std::string device;     ///< of its file system, unique on the machine
  std::string fs_type;
  long long free_bytes = 0, total_bytes = 0;  ///< free: for who is not root
  long long free_inodes = 0, inodes = 0;      ///< 0 of 0 where a file system does not count them
};

/// A socket that listens, and who has it open.
struct Holder {
  int port = 0;
  std::string address;  ///< "127.0.0.1", "*" for all
  std::string socket_user;
  bool ours = false;  ///< a service of this lab
  long pid = 0;       ///< 0: cannot be seen
  std::string user, unit, command;
};

struct OtherLab {
  std::string state_dir;
  std::vector<std::string> dirs;
};

struct Facts {
  std::string machine;  ///< of one boot of one kernel: hosts that share it share memory and devices
  std::string user;     ///< who looked
  long uid = -1;
  std::string system, processor;  ///< as uname says
  bool systemd = false;
  bool account_there = false;
  std::string home_not_writable;     ///< by the account whose own manager keeps the services: its home
  bool expired = false;              ///< that account
  bool group_there = false;          ///< one with the account's name, where that is missing
  std::vector<std::string> closed;   ///< directories outside the lab's own that something must be written in, and cannot
  std::vector<std::string> foreign;  ///< commands that are there and are not the ones whose options are used
  std::vector<std::string> missing_commands;
  std::optional<long long> memory_total, memory_available, memory_limit;  ///< bytes; limit: of a container
  std::optional<long long> swap_total;
  std::optional<long> swappiness;
  std::string huge_pages;  ///< the word that is chosen; empty where the kernel has none
  std::optional<long long> files_soft, files_hard, files_of_init;
  std::vector<DirFact> dirs;  ///< in the order in which they were asked about
  std::vector<Holder> holders;
  std::vector<std::string> services;    ///< of this lab that run
  std::vector<std::string> unpacked;    ///< directories that an archive of this lab was unpacked into
  std::vector<std::string> owned_dirs;  ///< directories that this lab made
  std::vector<std::string> owned_files;
  std::vector<OtherLab> others;
  std::vector<std::pair<std::string, std::string>> units;  ///< of any lab: name and its lab's state directory
  std::optional<Micros> clock_begin, clock_end;            ///< its wall clock when the look began and ended, since 1970
  Micros clock_step{1};                                    ///< as fine as that clock was read
  Micros before_clock{};                                   ///< how long the look had taken when that clock was read first
  bool settled = false;                                    ///< nothing is to be changed there, so nothing else was looked at
  bool complete = false;                                   ///< the look came to its end
};

/// One look at one host.
struct Look {
  std::optional<step::Failure> failure;  ///< it could not be looked at
  std::optional<step::Failure> no_root;  ///< it could, but not as root, as it must be
  Facts facts{};
  std::string arch{};         ///< its processor in the words of archives; empty where they have none
  bool holds = false;         ///< its steps were looked at, too, and are all as they should be
  Micros sent{}, received{};  ///< by our own wall clock, since 1970: when the command was sent, when its end had come
  std::string owner;          ///< the account that services run under, where it is not the one that looked
  bool of_user = false;       ///< services are units of the account's own manager
};

Facts read_facts(std::string_view printed);

/// A host's clock against ours: positive is ahead. `by` bounds the error: half of the time that the answer took
/// beyond what the look itself took.
struct Offset {
  Micros ahead{}, by{};
};
std::optional<Offset> offset_of(const Look& look);

}  // namespace tidelab::preflight
