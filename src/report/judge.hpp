// What rows that are not true mean for each other: which is the loss and which its consequence, and who is to blame.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "report/report.hpp"

namespace tidelab::report {

/// How each step ended, by its id.
using Endings = std::map<int, run::Ended>;

/// Settles the verdicts of rows that only all rows together can tell:
/// - a hop whose observer could not watch is `broken`: it was not looked for, and no sentence may say that it was not there;
/// - a hop that saw nothing of a change that an earlier one has not seen either is `blocked` by that one;
/// - a claim about one member of a group that serves without it is `warn` as long as rows travel, and so is what only warns.
void judge(Report& report, const Endings& endings);

/// Two rows of one change: the same write is their time zero, or is one of them.
bool same_change(const Row& a, const Row& b);

/// Others measure from it, so it is where a row is written.
bool is_write(const Report& report, const Row& row);

/// Sections too few of whose instances are healthy.
std::set<std::string> sections_down(const Report& report);

/// The claim that explains the most: of what `lost` needs (of everything, without one) who is needed by others and is down,
/// before those that need it, before what is one member's trouble alone, before drift. nullptr when no claim is false.
const Row* cause_of(const Report& report, const Row* lost);

/// How many instances of the component's section are healthy, how many there are, and how few of them serve.
struct Standing {
  int well = 0, all = 0, least = 1;
};
Standing standing_of(const Report& report, int component);

/// Claims about components on one host, none of which holds, and at least one of which could not be asked since the host could not be
/// reached.
struct DarkHost {
  std::string host;
  const Row* why = nullptr;       ///< of a claim that could not be asked
  std::vector<const Row*> on_it;  ///< all that are not true, in plan order
};
/// Where the claim is about a component on such a host.
std::optional<DarkHost> dark_host_of(const Report& report, const Row& row);

}  // namespace tidelab::report
