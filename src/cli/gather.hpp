// What hosts give for `tidelab logs --archive`. Everything is streamed to disk.
#pragma once

#include <filesystem>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "live/live.hpp"
#include "plan/plan.hpp"

namespace tidelab::cli {

constexpr long most_mib = 64;  ///< a larger file is left out, and named
constexpr long journal_lines = 20'000;

/// Of one host.
struct Wanted {
  std::string name;                  ///< of the host, and of its folder
  std::string state_dir;             ///< root's
  std::string owner;                 ///< of what follows; empty: whom we come as
  std::set<std::string> paths;       ///< files, and directories with all that is in them
  std::string unit_prefix;           ///< how names of units of the account's manager begin
  std::vector<std::string> entries;  ///< how `journalctl` is asked for those of its units; empty: there are none
};

/// By lane; without a name where nothing is wanted.
std::vector<Wanted> wanted_of(const plan::Plan& up, const live::Setup& setup, const Options& options);

struct Gathered {
  std::string told;  ///< lines for the list of contents
  bool whole = true;
};

/// Puts it into a folder below `top`: files and directories, and nothing else, whatever the host sends.
Gathered gather(host::Host& host, const Wanted& wanted, const std::vector<std::string>& elevate, const std::filesystem::path& top,
                const std::stop_token& stop);

}  // namespace tidelab::cli
