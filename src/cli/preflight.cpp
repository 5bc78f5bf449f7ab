// `tidelab preflight`: everything that `up` looks at before its first change, and nothing else.
#include <iostream>

#include <fmt/format.h>

#include "cli/preflight.hpp"
#include "cli/session.hpp"
#include "preflight/facts.hpp"

namespace tidelab::cli {

namespace {

// As far as the cache knows them. Nothing is fetched.
preflight::Sizes sizes_in_cache(const plan::Plan& plan, const step::Control& control) {
  preflight::Sizes out;
  const auto store = open_store();
  if (!store) return out;
  for (const auto& [key, acquired] : live::cached(plan, *store, control)) out[key] = artifact::unpacked_bytes(acquired.path);
  return out;
}

}  // namespace

report::Preflight look_at_hosts(const plan::Plan& plan, live::Setup& setup, const preflight::Sizes& sizes, const step::Control& control) {
  report::Preflight out;
  out.program = program_version();
  out.lab = plan.lab;
  out.topology = plan.topology;
  for (std::size_t lane = 1; lane < plan.lanes.size(); ++lane) {
    out.hosts.push_back({plan.lanes[lane].name, {}});
    for (const auto& each : plan.components)
      if (each.lane == static_cast<int>(lane)) out.hosts.back().roles.push_back(each.title);
  }
  const auto looks = live::look_before(plan, setup, control);
  out.rows = preflight::judge(plan, sizes, looks);
  for (int lane = 1; lane < static_cast<int>(looks.size()); ++lane) {
    const auto& look = looks[static_cast<std::size_t>(lane)];
    auto& host = out.hosts[static_cast<std::size_t>(lane) - 1];
    host.runs = preflight::all_runs(plan, lane, look);
    host.arch = look.facts.arch();
  }
  return out;
}

bool learn_processors(topology::Topology& topology, const plan::Plan& plan, const report::Preflight& found) {
  bool learned = false;
  for (std::size_t i = 0; i < plan.components.size(); ++i) {
    const auto lane = plan.components[i].lane;
    if (lane < 1) continue;
    const auto& instance = topology.instances[i];
    const auto& arch = found.hosts[static_cast<std::size_t>(lane) - 1].arch;
    // What a host says would stand in names of files here: only words that archives know are taken, and once.
    if (!preflight::is_arch(arch) || arch == topology.arch_of(instance)) continue;
    if (!topology.arch_found.emplace(instance.host.value, arch).second) continue;
    learned = learned || topology.arch_of(instance) == arch;  // what is written stays
  }
  return learned;
}

int preflight(const Options& options) {
  auto lab = open_lab(options, true);
  if (!lab) return exit_bad_file;
  auto made = plan::make_up(lab->loaded->inputs(options), lab->loaded->diagnostics);
  check_other_labs(*lab->loaded);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const step::Control control{step::Clock::now() + std::chrono::minutes(2), options.stop, {}};
  auto setup = make_setup(made, *lab);
  auto found = look_at_hosts(made, setup, sizes_in_cache(made, control), control);
  while (learn_processors(lab->loaded->topology, made, found)) {
    made = plan::make_up(lab->loaded->inputs(options), lab->loaded->diagnostics);
    if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
    found = look_at_hosts(made, setup, sizes_in_cache(made, control), control);
  }
  found.strict = options.strict;
  if (options.fix && !options.stop.stop_requested()) live::set_what_is_safe(made, setup, found.rows, control);
  if (options.format == "json")
    std::cout << report::render_json(found);
  else if (options.format == "junit")
    std::cout << report::render_junit(found);
  else
    std::cout << report::render_text(found, options.colour);
  return options.stop.stop_requested() ? exit_interrupted : report::exit_code_of(found);
}

}  // namespace tidelab::cli
