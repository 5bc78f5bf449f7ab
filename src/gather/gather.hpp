// What hosts give for `tidelab logs --archive`. Everything is streamed to disk.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "artifact/allowance.hpp"
#include "live/live.hpp"
#include "plan/plan.hpp"

namespace tidelab::gather {

constexpr long most_mib = 64;  ///< a larger file is left out, and named
constexpr long journal_lines = 20'000;
constexpr long most_mib_in_all = 16 << 10;  ///< of all hosts, as far as the disk has room for twice as much
constexpr long most_files = 100'000;        ///< of one host; a lab's has hundreds

/// What each host may fill of the disk, by the name of its folder: the same for each, so that none takes another's.
using Shares = std::map<std::string, artifact::Allowance>;

/// Of one host.
struct Wanted {
  std::string name;                  ///< of the host, and of its folder
  std::string state_dir;             ///< root's
  std::string owner;                 ///< of what follows; empty: whom we come as
  std::set<std::string> paths;       ///< files, and directories with all that is in them
  std::string unit_prefix;           ///< how names of units of the account's manager begin
  std::vector<std::string> entries;  ///< how `journalctl` is asked for those of its units; empty: there are none
};

/// By lane; without a name where nothing is wanted. `meant`: lanes of the hosts, and `nodes`: of what runs there (plan::means_any).
std::vector<Wanted> wanted_of(const plan::Plan& up, const live::Setup& setup, const std::set<std::size_t>& meant,
                              const std::vector<std::string>& nodes);

struct Gathered {
  std::string told;  ///< lines for the list of contents
  bool whole = true;
};

Shares shares_of(const std::vector<Wanted>& wanted, const std::filesystem::path& top);

/// What each host gives, by lane, all at once. It is put into a folder below `top` for each: files and directories, and nothing
/// else, whatever the host sends, and no more than its share.
std::vector<Gathered> gather_all(const live::Setup& setup, const std::vector<Wanted>& wanted, const std::filesystem::path& top,
                                 Shares& shares, const std::stop_token& stop);

}  // namespace tidelab::gather
