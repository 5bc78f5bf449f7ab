// Room on disks and in memory. Hosts may share a kernel (containers, or one machine by two names): what they share is
// counted once, against the needs of all of them.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "preflight/bench.hpp"

namespace tidelab::preflight {

namespace {

// What should stay free beside all that, so that logs and the host's own things have room.
constexpr long long spare_bytes = 512LL << 20;
constexpr long long least_inodes = 10'000;  // an unpacked runtime and its neighbours have a few thousand files

struct Want {
  long long archives = 0, data = 0;
  std::set<std::string> unknown;  ///< archives of which nobody knows the size yet
  std::set<std::string> help;     ///< what components know to do about what they write
  std::string example;            ///< one of the directories
  std::size_t dirs = 0;
  long long all() const { return archives + data; }
};

const DirFact* fact_of(const Bench& bench, const std::string& path) {
  const auto wanted = dirs_on(bench.plan, bench.lane, bench.look().owner);
  const auto& dirs = bench.facts().dirs;
  // A file goes where the directory does that it lies in.
  const DirFact* out = nullptr;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < wanted.size() && i < dirs.size(); ++i) {
    const auto& top = wanted[i].path;
    if (top.size() < longest || (path != top && !path.starts_with(top + "/")) || !dirs[i].has_room) continue;
    out = &dirs[i], longest = top.size();
  }
  return out;
}

using Wants = std::map<std::string, Want>;  // by device

void add_archive(const Bench& bench, const std::string& key, const std::string& path, Want& want) {
  if (contains(bench.facts().unpacked, path) || contains(bench.facts().owned_files, path)) return;
  const auto size = bench.sizes.find(key);
  if (size == bench.sizes.end())
    want.unknown.insert(key);
  else
    want.archives += size->second;
}

// What it has written is no longer free, and nobody knows how much is still to come.
void add_data(const Bench& bench, const plan::Component& component, Wants& wants) {
  const auto& facts = bench.facts();
  for (const auto& [dir, bytes] : component.host_needs.data) {
    if (contains(facts.owned_dirs, dir) || runs(component, facts)) continue;
    const auto* fact = fact_of(bench, dir);
    if (fact == nullptr) continue;
    wants[fact->device].data += bytes;
    wants[fact->device].help.insert(component.host_needs.help_of("data"));
  }
}

Wants wants_of(const Bench& bench) {
  Wants out;
  std::set<std::string> counted;
  for (const auto& step : bench.plan.steps) {
    if (step.lane != bench.lane) continue;
    std::string key, path;
    if (const auto* unpack = std::get_if<step::Unpack>(&step.action)) key = unpack->artifact.value, path = unpack->into.value;
    if (const auto* place = std::get_if<step::Place>(&step.action)) key = place->artifact.value, path = place->path.value;
    const auto* fact = key.empty() || !counted.insert(key + "\n" + path).second ? nullptr : fact_of(bench, path);
    if (fact != nullptr) add_archive(bench, key, path, out[fact->device]);
  }
  for (const auto* component : components_on(bench.plan, bench.lane)) add_data(bench, *component, out);
  const auto wanted = dirs_on(bench.plan, bench.lane, bench.look().owner);
  for (std::size_t i = 0; i < wanted.size() && i < bench.facts().dirs.size(); ++i) {
    const auto& dir = bench.facts().dirs[i];
    if (!dir.has_room) continue;
    auto& want = out[dir.device];
    if (++want.dirs == 1) want.example = dir.existing;
  }
  return out;
}

// Other hosts on the same kernel, this one left out.
std::vector<Bench> neighbours(const Bench& bench) {
  std::vector<Bench> out;
  for (int lane = 1; lane < static_cast<int>(bench.looks.size()); ++lane) {
    const auto& look = bench.looks[static_cast<std::size_t>(lane)];
    if (lane == bench.lane || look.failure || bench.facts().machine.empty() || look.facts.machine != bench.facts().machine) continue;
    out.push_back({bench.plan, bench.sizes, bench.looks, lane, bench.rows});
  }
  return out;
}

void judge_device(const Bench& bench, const std::string& device, const Want& own, long long others) {
  const auto& dirs = bench.facts().dirs;
  const auto fact = std::find_if(dirs.begin(), dirs.end(), [&](const DirFact& d) { return d.has_room && d.device == device; });
  const auto need = own.all() + others;
  std::vector<std::string> parts;
  if (own.archives > 0) parts.push_back(fmt::format("{} for unpacked archives", size_text(own.archives)));
  if (own.data > 0) parts.push_back(fmt::format("{} for data", size_text(own.data)));
  if (others > 0) parts.push_back(fmt::format("{} by other hosts on the same disk", size_text(others)));
  auto found = fmt::format("{} free at {} ({}), ", size_text(fact->free_bytes), own.example, fact->fs_type);
  found += parts.empty() ? "nothing more is needed" : fmt::format("{} needed: {}", size_text(need), fmt::join(parts, ", "));
  if (!own.unknown.empty())
    found += fmt::format("; {} of unknown size not counted (`tidelab fetch`)", count_text(own.unknown.size(), "archive"));
  const bool inodes_out = fact->inodes > 0 && fact->free_inodes < least_inodes && need > 0;
  if (inodes_out) {
    bench.add("disk", Outcome::failure,
              fmt::format("only {} more files can be made at {} ({})", fact->free_inodes, own.example, fact->fs_type),
              "remove files there, or write another directory");
  } else if (need > fact->free_bytes) {
    bench.add("disk", Outcome::failure, found,
              with_help(fmt::format("make {} free, or write directories on another disk", size_text(need - fact->free_bytes)), own.help));
  } else if (need > 0 && need + spare_bytes > fact->free_bytes) {
    bench.add("disk", Outcome::warning, found, fmt::format("{} should stay free beside that", size_text(spare_bytes)));
  } else {
    bench.add("disk", Outcome::ok, found);
  }
}

std::set<std::string> memory_help(const Bench& bench) {
  std::set<std::string> out;
  for (const auto* each : to_start(bench.plan, bench.lane, bench.facts())) out.insert(each->host_needs.help_of("memory"));
  return out;
}

long long memory_wanted(const Bench& bench, std::size_t& count) {
  long long out = 0;
  for (const auto* each : to_start(bench.plan, bench.lane, bench.facts())) {
    if (each->host_needs.memory_bytes == 0) continue;
    ++count;
    out += each->host_needs.memory_bytes;
  }
  return out;
}

}  // namespace

void judge_disk(const Bench& bench) {
  const auto wants = wants_of(bench);
  if (wants.empty()) {
    bench.add("disk", Outcome::unknown, "how much is free could not be read (`stat -f`)");
    return;
  }
  for (const auto& [device, want] : wants) {
    long long others = 0;
    for (const auto& each : neighbours(bench)) {
      const auto theirs = wants_of(each);
      if (const auto found = theirs.find(device); found != theirs.end()) others += found->second.all();
    }
    judge_device(bench, device, want, others);
  }
}

void judge_memory(const Bench& bench) {
  const auto& facts = bench.facts();
  std::size_t count = 0;
  const auto own = memory_wanted(bench, count);
  if (own == 0) {
    if (!components_on(bench.plan, bench.lane).empty()) bench.add("memory", Outcome::ok, "nothing more is needed");
    return;
  }
  if (!facts.memory_total) {
    bench.add("memory", Outcome::unknown, "how much there is could not be read (/proc/meminfo)");
    return;
  }
  const bool limited = facts.memory_limit && *facts.memory_limit < *facts.memory_total;
  const auto total = limited ? *facts.memory_limit : *facts.memory_total;
  const auto available = std::min(total, facts.memory_available.value_or(total));
  std::size_t hosts = 1;
  auto need = own;
  if (!limited) {
    for (const auto& each : neighbours(bench)) {
      const auto theirs = memory_wanted(each, count);
      hosts += theirs > 0 ? 1 : 0;
      need += theirs;
    }
  }
  const auto found =
      fmt::format("{} needed by {}{}; {} available of {}", size_text(need), count_text(count, "component"),
                  hosts == 1 ? std::string() : fmt::format(" of {} hosts on this machine", hosts), size_text(available), size_text(total));
  const auto fix = with_help("give them less, move some to another host, or end what else uses it", memory_help(bench));
  if (need > total)
    bench.add("memory", Outcome::failure, found, fix);
  else if (need > available)
    bench.add("memory", Outcome::warning, found, fix);
  else
    bench.add("memory", Outcome::ok, found);
}

}  // namespace tidelab::preflight
