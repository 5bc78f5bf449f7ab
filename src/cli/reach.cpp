#include "cli/reach.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <mutex>

#include <fmt/format.h>

#include "cli/keyring.hpp"
#include "cli/secret.hpp"
#include "step/thread.hpp"

namespace tidelab::cli {

namespace {

// What `--trace` prints of a host when nobody needs it any more.
class Traced final : public host::Host {
public:
  explicit Traced(std::unique_ptr<host::Host> host) : host_(std::move(host)) {}
  ~Traced() override {
    const auto cost = host_->traffic();
    const auto trips = cost.round_trips ? fmt::format("{} round trips, ", *cost.round_trips) : std::string();
    std::cerr << fmt::format("trace: {}: {} remote commands, {}{} connections, {} bytes sent\n", host_->name(), cost.commands, trips,
                             cost.connections, cost.bytes_sent);
  }

  std::string name() const override { return host_->name(); }
  host::Traffic traffic() const override { return host_->traffic(); }
  void part() override { host_->part(); }

private:
  host::Result<host::Output> carry_out(const host::Command& command, const step::Control& control) override {
    const auto from = step::Clock::now();
    auto output = host_->run(command, control);
    const auto took = std::chrono::duration<double, std::milli>(step::Clock::now() - from).count();
    // Only the program: arguments may hold secrets of the lab.
    std::cerr << fmt::format("trace: {}: {} ({:.0f} ms)\n", host_->name(), command.argv.front(), took);
    return output;
  }

  std::unique_ptr<host::Host> host_;
};

host::SshTarget make_target(const plan::Lane& lane, const Options& options) {
  const auto& reach = options.reach;
  host::SshTarget target;
  target.address = lane.name;
  target.port = reach.port != 0 ? reach.port : lane.ssh_port;
  target.user = reach.user;
  target.identities = reach.identities;
  target.known_hosts = reach.known_hosts;
  target.accept_new = reach.accept_new;
  target.config_file = reach.config;
  target.secrets = options.keyring;
  return target;
}

// Each may ask a process, so all are asked at once.
std::vector<host::Result<host::SshTarget>> resolve_all(const plan::Plan& plan, const Options& options) {
  std::vector<host::Result<host::SshTarget>> targets;
  for (const auto& lane : plan.lanes) targets.emplace_back(make_target(lane, options));
  const step::Control control{step::Clock::now() + std::chrono::seconds(20), options.stop, {}};
  std::vector<step::Thread> threads;
  for (std::size_t lane = 1; lane < targets.size(); ++lane)
    threads.emplace_back([&, lane] { targets[lane] = host::resolve(std::move(*targets[lane]), control); },
                         [&, lane](const step::Failure& why) { targets[lane] = tl::unexpected(why); });
  threads.clear();
  return targets;
}

struct Reached {
  std::unique_ptr<host::Host> host;
  std::string user;  // that we come as; empty: it cannot be told how to come there
  host::Lock sudo{};
};

// Where somebody can be asked for what a host turns out to want, that is done before anything else happens there, and of
// all hosts that the command is about: prompts among the lines of a run would be overlooked, and steps have deadlines.
// `all` begins with lane 1.
void let_in(std::vector<Reached>& all, const std::set<std::size_t>& lanes, const Options& options) {
  if (!has_terminal()) return;
  const step::Control control{step::Clock::now() + std::chrono::minutes(30), options.stop, {}};
  std::vector<step::Thread> threads;
  for (const auto lane : lanes)
    threads.emplace_back(
        [&, &each = all[lane - 1]] {
          if (const auto in = each.host->open(control); !in) each.host = host::make_unreachable(each.host->name(), in.error());
        },
        [&each = all[lane - 1]](const step::Failure& why) { each.host = host::make_unreachable(each.host->name(), why); });
}

std::vector<Reached> make_hosts(const plan::Plan& plan, const Options& options, bool system) {
  std::vector<Reached> all;
  auto targets = resolve_all(plan, options);
  for (std::size_t lane = 1; lane < targets.size(); ++lane) {
    auto& target = targets[lane];
    if (!target) {
      all.push_back({host::make_unreachable(plan.lanes[lane].name, target.error()), {}});
      continue;
    }
    const auto user = target->user;
    const host::Lock sudo{host::Lock::Kind::sudo, host::account_of(*target), target->address};
    all.push_back({system ? host::make_system_ssh(std::move(*target)) : host::make_ssh(std::move(*target)), user, sudo});
  }
  let_in(all, lanes_meant(plan, options), options);
  return all;
}

}  // namespace

std::set<std::size_t> lanes_meant(const plan::Plan& plan, const Options& options) {
  std::set<std::size_t> out;
  for (std::size_t lane = 1; lane < plan.lanes.size() && options.nodes.empty(); ++lane) out.insert(lane);
  for (const auto& c : plan.components)
    if (c.lane > 0 && plan::means_any(plan, c, options.nodes)) out.insert(static_cast<std::size_t>(c.lane));
  std::erase_if(out, [&](const auto lane) { return plan.lanes[lane].lost; });
  return out;
}

void reach_hosts(live::Setup& setup, const plan::Plan& plan, const Options& options, const topology::Global& global) {
  const auto& mode = global.systemd_mode.value;
  const auto add = [&](std::unique_ptr<host::Host> made, std::string owner, bool root) {
    setup.of_user.push_back(mode.empty() ? !root : mode == "user");
    if (options.trace && !setup.hosts.empty()) made = std::make_unique<Traced>(std::move(made));
    setup.hosts.push_back(std::move(made));
    setup.users.push_back(std::move(owner));
  };
  const bool root_here = ::geteuid() == 0;
  add(host::make_local(), {}, root_here);
  if (global.ssh_type.value == "none") {
    while (setup.hosts.size() < plan.lanes.size()) add(host::make_local(), {}, root_here);
    return;
  }
  const auto& owner = global.user.value;
  auto all = make_hosts(plan, options, global.ssh_type.value == "system");
  const auto needs_sudo = [&](const std::string& user) { return !user.empty() && user != "root" && user != owner; };
  const bool sudo = std::any_of(all.begin(), all.end(), [&](const Reached& each) { return needs_sudo(each.user); });
  if (sudo) setup.elevate = host::sudo_words();
  for (auto& [made, user, lock] : all) {
    if (user.empty()) {
      add(std::move(made), owner, true);
      continue;
    }
    const bool here = needs_sudo(user);
    if (sudo) made = here ? host::make_sudo(std::move(made), *options.keyring, lock) : host::make_without_sudo(std::move(made));
    add(std::move(made), user == owner ? std::string() : owner, user == "root" || here);
  }
}

}  // namespace tidelab::cli
