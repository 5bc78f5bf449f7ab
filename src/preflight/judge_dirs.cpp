// Directories: whether they can be made and entered, and whether somebody else has them.
#include <algorithm>

#include <fmt/format.h>

#include "preflight/bench.hpp"
#include "step/unit_file.hpp"

namespace tidelab::preflight {

namespace {

std::string wanted_by(const plan::Plan& plan, const WantedDir& dir) {
  return dir.component < 0 ? "the lab's own record" : plan.components[static_cast<std::size_t>(dir.component)].name;
}

// What is wrong with a directory, and what to do; nothing when it can be made and entered.
struct Trouble {
  std::string found, fix;
};
Trouble trouble_of(const Bench& bench, const WantedDir& dir, const DirFact& fact) {
  const auto who = wanted_by(bench.plan, dir);
  if (fact.state == DirFact::State::not_a_directory)
    return {fmt::format("{} is no directory, and {} needs {}", fact.existing, who, dir.path), "move it away, or write another directory"};
  // Whoever can exchange a directory on the way decides what runs there.
  if (!fact.stranger.empty()) {
    const auto& owner = bench.look().owner;
    return {fmt::format("others than {} can change {} ({}, mode {}), so what runs there as {} could be theirs, and {} needs {}",
                        owner.empty() ? bench.facts().user : "root and " + owner, fact.stranger, fact.stranger_by, fact.stranger_mode,
                        owner.empty() ? bench.facts().user : owner, who, dir.path),
            fmt::format("`{}`, or write another directory",
                        fact.stranger_by.starts_with("root:") ? "chmod go-w " + fact.stranger : "chown root " + fact.stranger)};
  }
  if (!fact.writable && bench.facts().uid == 0)
    return {fmt::format("{} is read-only, and {} needs {}", fact.existing, who, dir.path),
            fmt::format("mount the file system of {} for writing, or write another directory", fact.existing)};
  if (!fact.writable)
    return {fmt::format("{} may not write in {}, and {} needs {}", bench.facts().user, fact.existing, who, dir.path),
            "log in as root or use sudo, or choose a directory that this account owns"};
  if (!fact.enterable)
    return {fmt::format("{} may not enter {}, and {} needs {}", bench.look().owner, fact.barrier, who, dir.path),
            fmt::format("`chmod o+x {}`, or write another directory", fact.barrier)};
  // Where somebody else can exchange what is in a directory, root follows no path through it (decision 45).
  if (!fact.shared.empty())
    return {fmt::format("others than {} can change {} ({}, mode {}), so {} acts there itself, but {}, and {} needs {}", bench.facts().user,
                        fact.shared, fact.shared_by, fact.shared_mode, bench.look().owner,
                        bench.facts().account_there ? "may not write in " + fact.existing : "is not there yet", who, dir.path),
            fmt::format("`{}`, or write another directory",
                        fact.shared_by.starts_with("root:") ? "chmod go-w " + fact.shared : "chown root " + fact.shared)};
  return {};
}

// Whether a directory is this lab's: it made it, or one above it.
bool is_ours(const Bench& bench, const std::string& path) {
  const auto& owned = bench.facts().owned_dirs;
  return std::any_of(owned.begin(), owned.end(), [&](const std::string& own) { return path == own || path.starts_with(own + "/"); });
}

void judge_units(const Bench& bench, std::size_t& found) {
  const auto ours = plan::state_dir(bench.plan.lanes[static_cast<std::size_t>(bench.lane)], bench.look().owner);
  for (const auto* component : components_on(bench.plan, bench.lane)) {
    for (const auto& service : component->services) {
      for (const auto& [unit, state_dir] : bench.facts().units) {
        if (unit != step::unit_name(bench.plan.lab, service) || state_dir == ours) continue;
        ++found;
        bench.add("leftovers", Outcome::failure, fmt::format("the unit {} is there, of a lab with the same name ({})", unit, state_dir),
                  "give one of them another name: `lab` under `global`, or --lab");
      }
    }
  }
}

}  // namespace

void judge_dirs(const Bench& bench) {
  const auto wanted = dirs_on(bench.plan, bench.lane, bench.look().owner);
  const auto& facts = bench.facts().dirs;
  if (facts.size() != wanted.size()) {
    bench.add("directories", Outcome::unknown, "not all of them could be looked at");
    return;
  }
  std::size_t bad = 0;
  std::vector<std::string> told;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto trouble = trouble_of(bench, wanted[i], facts[i]);
    if (trouble.found.empty()) continue;
    ++bad;
    // One cause, one row: many directories may lie in the same one.
    const auto& cause = !facts[i].stranger.empty() ? facts[i].stranger
                        : !facts[i].enterable      ? facts[i].barrier
                        : facts[i].shared.empty()  ? facts[i].existing
                                                   : facts[i].shared;
    if (std::find(told.begin(), told.end(), cause) != told.end()) continue;
    told.push_back(cause);
    bench.add("directories", Outcome::failure, std::move(trouble.found), std::move(trouble.fix));
  }
  if (bad == 0) bench.add("directories", Outcome::ok, fmt::format("all {} are there or can be made", wanted.size()));
}

void judge_leftovers(const Bench& bench) {
  const auto wanted = dirs_on(bench.plan, bench.lane, bench.look().owner);
  const auto& facts = bench.facts();
  std::size_t found = 0;
  judge_units(bench, found);
  std::vector<std::string> told;
  for (std::size_t i = 0; i < wanted.size() && i < facts.dirs.size(); ++i) {
    if (wanted[i].component < 0 || is_ours(bench, wanted[i].path)) continue;
    bool theirs = false;
    for (const auto& other : facts.others) {
      const auto same = std::find_if(other.dirs.begin(), other.dirs.end(), [&](const auto& dir) { return overlap(dir, wanted[i].path); });
      if (same == other.dirs.end()) continue;
      theirs = true;
      if (std::find(told.begin(), told.end(), *same) != told.end()) continue;
      told.push_back(*same);
      ++found;
      bench.add("leftovers", Outcome::failure,
                fmt::format("{} is of the lab {} ({}), and {} needs {}", *same, plan::lab_of(other.state_dir), other.state_dir,
                            wanted_by(bench.plan, wanted[i]), wanted[i].path),
                fmt::format("take that lab away with `tidelab down {}`, or write another directory", plan::lab_of(other.state_dir)));
    }
    const bool inside = std::any_of(told.begin(), told.end(), [&](const auto& each) { return overlap(each, wanted[i].path); });
    if (theirs || inside || !wanted[i].made || facts.dirs[i].state != DirFact::State::there || facts.dirs[i].empty) continue;
    told.push_back(wanted[i].path);
    ++found;
    bench.add("leftovers", Outcome::warning,
              fmt::format("{} has something in it that this lab did not put there, and {} goes there, too", wanted[i].path,
                          wanted_by(bench.plan, wanted[i])),
              "move it away, if it is not meant to stay");
  }
  if (found > 0) return;
  std::string beside;
  for (const auto& other : facts.others) beside += (beside.empty() ? "" : ", ") + plan::lab_of(other.state_dir);
  bench.add("leftovers", Outcome::ok, beside.empty() ? "none" : fmt::format("none; also on this host, apart from this lab: {}", beside));
}

}  // namespace tidelab::preflight
