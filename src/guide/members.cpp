#include "guide/members.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::guide {

using topology::Instance;

namespace {

// Where the playbook says how many must stay, that is what counts.
bool is_voter(const Instance& instance) { return instance.playbook->serves_with.value == "majority" && instance.playbook->fewest.empty(); }

}  // namespace

void Members::count(const std::vector<Pair>& pairs) {
  for (const auto& pair : pairs) {
    if (pair.before == nullptr) ++joining_[pair.after->section];
    if (pair.after == nullptr) ++leaving_[pair.before->section];
  }
}

std::size_t Members::staying(const std::string& section) const {
  const auto leaving = leaving_.find(section);
  return before_.count(section) - (leaving == leaving_.end() ? 0 : leaving->second);
}

std::string Members::why_it_may_not_join(const Instance& joining) const {
  const auto& fixed = joining.playbook->fixed_members;
  if (before_.count(joining.section) == 0) {
    const auto found = std::find_if(fixed.begin(), fixed.end(), [&](const auto& each) {
      return !each.beside.empty() && before_.count(each.beside.value) > 0 && topology::applies(each.versions, joining, after_);
    });
    return found == fixed.end() ? "" : found->since.value;
  }
  const bool is_majority = 2 * staying(joining.section) > after_.count(joining.section);
  for (const auto& each : fixed)
    if (each.beside.empty() && (each.unless.empty() || !is_majority) && topology::applies(each.versions, joining, after_))
      return each.since.value;
  if (is_voter(joining) && leaving_.contains(joining.section))
    return "others of its section leave, and a group that votes is changed in one way at a time";
  return "";
}

std::string Members::why_it_stays(const Instance& leaving) const {
  const auto& section = leaving.section;
  for (const auto& each : leaving.playbook->fixed_leaving)
    if (topology::applies(each.versions, leaving, before_)) return each.since.value;
  const bool votes = is_voter(leaving);
  if (votes && joining_.contains(section))
    return "others of its section join, and a group that votes is changed in one way at a time: first let them join";
  const auto all = before_.count(section), stay = staying(section);
  if (stay == 0) return after_.count(section) == 0 ? needed_by_others(section) : nobody_to_hand_over_to(leaving);
  if (const auto why = too_few(leaving, stay); !why.empty() || !votes) return why;
  if (2 * stay > all) return "";
  const auto most = (all - 1) / 2;
  return fmt::format("of {} that vote {} would stay, which is no majority: {}", all, stay,
                     most == 0 ? "none can be spared" : fmt::format("let at most {} leave at a time", most));
}

std::string Members::too_few(const Instance& leaving, std::size_t stay) const {
  source::Diagnostics unheard;
  const topology::Scope scope(after_, after_.first(leaving.section), unheard);
  for (const auto& each : leaving.playbook->fewest) {
    if (!topology::applies(each.versions, leaving, before_)) continue;
    const auto least = scope.expand(each.count);
    const bool is_number = !least.empty() && least.size() < 9 && least.find_first_not_of("0123456789") == least.npos;
    if (is_number && stay < std::stoul(least)) return fmt::format("{} would stay, and {}", stay, scope.expand(each.since));
  }
  return "";
}

std::string Members::needed_by_others(const std::string& section) const {
  for (const auto& [name, other] : before_.sections) {
    if (other.count == 0 || after_.count(name) == 0) continue;
    const auto& needs = before_.first(name)->playbook->needs;
    const bool needed = std::any_of(needs.begin(), needs.end(), [&](const auto& each) { return each.value == section; });
    if (needed && before_.first(name)->playbook->provisioned) return fmt::format("`{}`, which stays, was made with it", name);
  }
  return "";
}

std::string Members::nobody_to_hand_over_to(const Instance& leaving) const {
  const auto& leave = leaving.playbook->leave;
  const bool hands_over =
      std::any_of(leave.begin(), leave.end(), [&](const auto& each) { return topology::applies(each.versions, leaving, before_); });
  return hands_over ? "it hands over to those of its section that are there, and none of them stays: first let others join" : "";
}

std::string Members::how_it_leaves(const Instance& leaving) const {
  source::Diagnostics unheard;
  const topology::Scope scope(before_, &leaving, unheard);
  std::string out;
  const auto& playbook = *leaving.playbook;
  if (after_.count(leaving.section) > 0 || playbook.hostless)
    for (const auto& each : playbook.hostless ? playbook.remove : playbook.leave)
      if (!each.title.empty() && topology::applies(each.versions, leaving, before_))
        out += (out.empty() ? "" : ", ") + scope.expand(each.title);
  if (playbook.hostless) return out.empty() ? "nothing is to be done for it" : out;
  return out + (out.empty() ? "it" : ", then it") + " is stopped and removed";
}

}  // namespace tidelab::guide
