// `tidelab preflight`: everything that `up` looks at before its first change, and nothing else.
#include <iostream>

#include <fmt/format.h>

#include "cli/preflight.hpp"
#include "cli/processors.hpp"
#include "cli/session.hpp"

namespace tidelab::cli {

report::Preflight look_at_hosts(const plan::Plan& plan, live::Setup& setup, const playbook::Common& common, const step::Control& control,
                                bool also_steps) {
  report::Preflight out;
  out.program = program_version();
  out.lab = plan.lab;
  out.topology = plan.topology;
  for (std::size_t lane = 1; lane < plan.lanes.size(); ++lane) {
    out.hosts.push_back({plan.lanes[lane].name, {}});
    for (const auto& each : plan.components)
      if (each.lane == static_cast<int>(lane)) out.hosts.back().roles.push_back(each.title);
  }
  preflight::Sizes sizes;
  for (const auto& [key, acquired] : setup.acquired) sizes[key] = artifact::unpacked_bytes(acquired.path);
  auto looks = live::look_before(plan, setup, control, also_steps);
  for (auto& look : looks) {
    look.arch = topology::arch_word(common, look.facts.processor);
    out.processors.push_back(look.facts.processor);
  }
  out.rows = preflight::judge(plan, sizes, looks);
  for (int lane = 1; lane < static_cast<int>(looks.size()); ++lane) {
    const auto& look = looks[static_cast<std::size_t>(lane)];
    auto& host = out.hosts[static_cast<std::size_t>(lane) - 1];
    host.runs = preflight::all_runs(plan, lane, look);
    host.holds = look.holds;
  }
  return out;
}

namespace {

// As `up` looks: at what is there of the lab, too, once it has all archives. Only what the cache has is known here; nothing is fetched.
report::Preflight look_as_up(const plan::Plan& made, live::Setup& setup, const Loaded& loaded, const step::Control& control) {
  if (const auto store = open_store()) setup.acquired = live::cached(made, *store, control);
  return look_at_hosts(made, setup, loaded.library.common, control, setup.acquired.size() == made.artifacts.size());
}

}  // namespace

int preflight(const Options& options) {
  auto lab = open_lab(options, true);
  if (!lab) return exit_bad_file;
  auto& loaded = *lab->loaded;
  const auto make = [&] { return plan::make_up(loaded.inputs(options), loaded.diagnostics); };
  auto made = make();
  check_other_labs(loaded);
  if (!told_no_errors(loaded, options)) return exit_bad_file;
  const step::Control control{step::Clock::now() + std::chrono::minutes(2), options.stop, {}};
  auto setup = make_setup(made, *lab);
  auto found = look_as_up(made, setup, loaded, control);
  const auto anew = fit_to_hosts(*lab, made, make, found.processors);
  if (!anew) return anew.error();
  if (*anew) found = look_as_up(made, setup, loaded, control);
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
