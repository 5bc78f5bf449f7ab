// Rights, processor, commands, ports, limits, and the settings of the kernel that --fix may change.
#include <algorithm>

#include <fmt/format.h>

#include "preflight/bench.hpp"

namespace tidelab::preflight {

namespace {

using Bad = plan::HostNeeds::Bad;

// Who on this host is the first to mind, and how much: the worst of them all.
struct Minds {
  Bad bad = Bad::nothing;
  std::string who;
};
Minds minds(const Bench& bench, Bad plan::HostNeeds::*what) {
  Minds out;
  for (const auto* each : components_on(bench.plan, bench.lane))
    if (each->host_needs.*what > out.bad) out = {each->host_needs.*what, each->name};
  return out;
}

Outcome outcome_of(Bad bad) { return bad == Bad::fail ? Outcome::failure : Outcome::warning; }

std::string holder_text(const Holder& holder) {
  const auto& user = holder.user.empty() ? holder.socket_user : holder.user;
  if (holder.pid == 0) return fmt::format("a process of {} that cannot be seen without root", user);
  return fmt::format("{}, pid {} of {}{}", holder.command.empty() ? "a process" : "`" + holder.command + "`", holder.pid, user,
                     holder.unit.empty() ? std::string() : ", " + holder.unit);
}

// A listener at one address leaves the others free; who listens at all of them does not.
bool in_the_way(const Holder& holder, const std::string& host) {
  const auto is_address = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of(text.find(':') == text.npos ? "0123456789." : "0123456789abcdefABCDEF:.") == text.npos;
  };
  return holder.address == "*" || !is_address(host) || holder.address == host;
}

std::string host_of(const std::string& address) {
  const auto host = address.substr(0, address.rfind(':'));
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

// A directory outside the lab's own that something must be written in, and cannot.
void judge_closed(const Bench& bench, const std::string& place) {
  const auto& owner = bench.look().owner;
  if (place == "/etc")
    bench.add("rights", Outcome::failure, fmt::format("/etc cannot be written, so the account {} cannot be made", owner),
              fmt::format("make the account {} yourself, or write one that is there as `global.user`", owner));
  else
    bench.add("rights", Outcome::failure, fmt::format("{} cannot be written, so no unit can be made", place),
              "write `systemd_mode: user` under `global`, or mount it for writing");
}

// The account that services run under; where it is the login's own, only what is wrong with it is told.
void judge_account(const Bench& bench) {
  const auto& owner = bench.look().owner;
  const auto& facts = bench.facts();
  const auto& account = owner.empty() ? facts.user : owner;
  bool good = true;
  const auto fail = [&](std::string found, std::string fix) {
    good = false;
    bench.add("account", Outcome::failure, std::move(found), std::move(fix));
  };
  if (!facts.home_not_writable.empty())
    fail(fmt::format("{} may not write in its home, {}, where units of its own manager lie", account, facts.home_not_writable),
         "give it a home, or write `systemd_mode: system` under `global`");
  if (facts.expired)
    fail(fmt::format("{} has expired, so its own manager does not start", account),
         fmt::format("`chage -E -1 {}`, or write `systemd_mode: system` under `global`", account));
  if (facts.group_there)
    fail(fmt::format("{0} is not there, but a group {0} is, which is not of this lab", account),
         fmt::format("make the account yourself: `useradd --create-home -g {0} {0}`; or take the group away: `groupdel {0}`", account));
  if (good && !owner.empty())
    bench.add("account", Outcome::ok, owner + (facts.account_there ? " is there" : " is not there yet: `up` makes it"));
}

}  // namespace

void judge_rights(const Bench& bench) {
  const auto& look = bench.look();
  if (look.no_root) {
    bench.add("rights", Outcome::failure, look.no_root->what, look.no_root->help);
  } else if (look.facts.systemd && !look.of_user && look.facts.uid != 0) {
    bench.add("rights", Outcome::failure, fmt::format("system units need root, but the login account is {}", look.facts.user),
              "write `systemd_mode: user` under `global`, or come as root or with sudo");
  } else {
    bench.add("rights", Outcome::ok, look.facts.uid == 0 ? "root" : fmt::format("{}, to whom all of the lab belongs", look.facts.user));
  }
  for (const auto& place : look.facts.closed) judge_closed(bench, place);
  judge_account(bench);
}

void judge_arch(const Bench& bench) {
  const auto& facts = bench.facts();
  const auto& word = bench.look().arch;
  const auto& arch = word.empty() ? facts.processor : word;
  bool good = true;
  if (facts.system != "Linux") {
    bench.add("arch", Outcome::failure, fmt::format("runs {}, and services need Linux", facts.system));
    return;
  }
  for (const auto* each : components_on(bench.plan, bench.lane)) {
    const auto& fit = each->host_needs.arch;
    if (fit.empty() || contains(fit, arch)) continue;
    good = false;
    bench.add("arch", Outcome::failure, fmt::format("is {}, and the programs of {} are for {}", arch, each->name, fmt::join(fit, " or ")),
              word.empty()
                  ? fmt::format("move it to a host that is {}", fmt::join(fit, " or "))
                  : fmt::format("write `arch: {}` for this host (or under `global`), or move it to a host of the other kind", arch));
  }
  if (good) bench.add("arch", Outcome::ok, arch);
}

void judge_commands(const Bench& bench) {
  const auto& facts = bench.facts();
  const auto ours = commands_of_ours(bench.look().owner);
  for (const auto& missing : facts.missing_commands) {
    // An account that is there needs nothing to make it.
    if (missing == "useradd" && facts.account_there) continue;
    std::string who = contains(ours, missing) ? "tidelab" : "";
    for (const auto* each : components_on(bench.plan, bench.lane))
      if (who.empty() && contains(each->host_needs.commands, missing)) who = each->name;
    bench.add("commands", Outcome::failure, fmt::format("there is no `{}`, which {} runs", missing, who),
              "install the package that has it (`apt-get install`, `dnf install`)");
  }
  const auto asked = asked_of(bench.plan, bench.lane, bench.look().owner).commands.size();
  for (const auto& each : facts.foreign)
    bench.add("commands", Outcome::failure, fmt::format("`{0}` is not GNU {0}, whose options tidelab uses", each),
              fmt::format("install GNU {}", each));
  if (facts.missing_commands.empty() && facts.foreign.empty()) bench.add("commands", Outcome::ok, fmt::format("all {} are there", asked));
}

void judge_ports(const Bench& bench) {
  std::size_t all = 0, ours = 0, held = 0;
  for (const auto* component : components_on(bench.plan, bench.lane)) {
    for (const auto port : component->ports) {
      ++all;
      const Holder* worst = nullptr;
      bool own = false;
      for (const auto& holder : bench.facts().holders) {
        if (holder.port != port) continue;
        own = own || holder.ours;
        if (!holder.ours && (worst == nullptr || in_the_way(holder, host_of(component->address)))) worst = &holder;
      }
      if (worst == nullptr) {
        ours += own ? 1 : 0;
        continue;
      }
      ++held;
      const bool taken = in_the_way(*worst, host_of(component->address));
      bench.add("ports", taken ? Outcome::failure : Outcome::warning,
                fmt::format("{} of {} is in use{} by {}", port, component->name, worst->address == "*" ? "" : " at " + worst->address,
                            holder_text(*worst)),
                taken ? fmt::format("stop it, or give {} another port", component->name)
                      : fmt::format("is well as long as {} listens at its own address only", component->name));
    }
  }
  if (all == 0 || held > 0) return;
  const auto free = all - ours;
  auto found = ours == 0 ? std::string() : fmt::format("{} held by this lab", ours);
  if (free > 0) found += fmt::format("{}{} free", found.empty() ? "" : ", ", free);
  bench.add("ports", Outcome::ok, found);
}

void judge_files(const Bench& bench) {
  const auto& facts = bench.facts();
  // A unit asks for a million and gets what the host allows; a keeper's services get what our session has.
  const bool units = facts.systemd && !bench.look().of_user;
  const auto most = units ? facts.files_of_init : facts.files_hard;
  const plan::Component* first = nullptr;
  bool fails = false;
  long long wanted = 0;
  for (const auto* each : components_on(bench.plan, bench.lane)) {
    const auto& needs = each->host_needs;
    const bool fail = most && needs.open_files_fail > *most && !runs(*each, facts);  // one that runs has enough
    const auto least = fail ? needs.open_files_fail : needs.open_files_warn;
    if (least <= wanted || (fails && !fail)) continue;
    first = each, wanted = least, fails = fail;
  }
  if (first == nullptr) return;
  if (!most) {
    bench.add("open files", Outcome::unknown, "the limit could not be read");
  } else if (wanted <= *most) {
    bench.add("open files", Outcome::ok, fmt::format("a service may open {}, {} wants {}", *most, first->name, wanted));
  } else {
    bench.add("open files", fails ? Outcome::failure : Outcome::warning,
              fmt::format("a service may open {} files, and {} wants {}", *most, first->name, wanted),
              with_help(units ? "raise the hard limit of the host's first process (fs.nr_open, or that of its container)"
                              : fmt::format("raise it for the account: `hard nofile {}` in /etc/security/limits.d/", wanted),
                        {first->host_needs.help_of("open_files")}));
  }
}

void judge_knobs(const Bench& bench) {
  const auto& facts = bench.facts();
  constexpr long least_swappiness = 1;  // only when there is no memory left
  if (const auto mind = minds(bench, &plan::HostNeeds::swap); mind.bad != Bad::nothing && facts.swap_total) {
    if (*facts.swap_total == 0) {
      bench.add("swap", Outcome::ok, "there is none");
    } else if (facts.swappiness && *facts.swappiness <= least_swappiness) {
      bench.add("swap", Outcome::ok,
                fmt::format("{}, used only in need (vm.swappiness is {})", size_text(*facts.swap_total), *facts.swappiness));
    } else {
      auto& row = bench.add("swap", outcome_of(mind.bad),
                            fmt::format("{} of it, and vm.swappiness is {}: memory of {} may be swapped out while it works",
                                        size_text(*facts.swap_total), facts.swappiness.value_or(60), mind.who),
                            "`sysctl vm.swappiness=1`, which --fix does; or `swapoff -a`");
      if (facts.swappiness) row.knob = {Knob::Of::swappiness, "1", std::to_string(*facts.swappiness)};
    }
  }
  const auto mind = minds(bench, &plan::HostNeeds::huge_pages);
  if (mind.bad == Bad::nothing || facts.huge_pages.empty()) return;
  if (facts.huge_pages != "always") {
    bench.add("huge pages", Outcome::ok, fmt::format("transparent ones: {}", facts.huge_pages));
    return;
  }
  auto& row = bench.add("huge pages", outcome_of(mind.bad),
                        fmt::format("transparent ones are for everybody, which makes {} slow in spurts", mind.who),
                        "`echo madvise > /sys/kernel/mm/transparent_hugepage/enabled`, which --fix does");
  row.knob = {Knob::Of::huge_pages, "madvise", facts.huge_pages};
}

}  // namespace tidelab::preflight
