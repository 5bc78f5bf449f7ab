// `tidelab plan`: what `up` would make true. Contacts no host, unless asked for --diff.
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/processors.hpp"
#include "cli/prune.hpp"
#include "run/rolling.hpp"
#include "run/runner.hpp"
#include "step/describe.hpp"

namespace tidelab::cli {

namespace {

void print_steps(const plan::Plan& made) {
  for (const auto& step : made.steps)
    std::cout << fmt::format("\n{}. {} ({})\n{}", step.id + 1, plan::mask(step.title, made.secrets),
                             made.lanes[static_cast<std::size_t>(step.lane)].name,
                             plan::mask(step::render_fields(step.action, 4), made.secrets));
}

int print_differences(const plan::Plan& made, const std::vector<run::Looked>& looked) {
  int differs = 0, unasked = 0;
  std::map<std::string, int> dark;  // why, and of how many
  for (const auto& step : made.steps) {
    const auto& found = looked[static_cast<std::size_t>(step.id)];
    if (found.state == run::Looked::State::unasked)
      ++dark[fmt::format("{}: {}", made.lanes[static_cast<std::size_t>(step.lane)].name, plan::mask(found.note, made.secrets))];
    if (found.state != run::Looked::State::differs) continue;
    ++differs;
    std::cout << fmt::format("{:>4}. {}: {}\n", step.id + 1, plan::mask(step.title, made.secrets), found.note);
  }
  for (const auto& [why, steps] : dark) {
    unasked += steps;
    std::cout << fmt::format("   ?  {} ({} not looked at)\n", why, steps);
  }
  for (const auto& roll :
       run::make_rolls(made, [&](const int step) -> const run::Looked& { return looked[static_cast<std::size_t>(step)]; }))
    std::cout << fmt::format("order: {}\n", run::render_roll(made, roll));
  if (differs > 0)
    std::cout << fmt::format("{} would change\n", differs);
  else if (unasked == 0)
    std::cout << "every file and service that can be looked at is as it should be\n";
  if (unasked > 0) std::cout << fmt::format("{} could not be looked at, so nobody knows whether they would change\n", unasked);
  return unasked > 0 ? exit_unknown : exit_true;
}

int compare(Lab& lab, plan::Plan& made, const Make& make) {
  const auto& stop = lab.options.stop;
  const auto store = open_store();
  if (!store) return exit_unknown;
  auto setup = make_setup(made, lab);
  if (const auto fit = fit_to_hosts(lab, made, make, setup, plan::Known::asked_again); !fit) return fit.error();
  const step::Control control{step::Clock::now() + std::chrono::hours(1), stop,
                              [](const std::string& line) { std::cerr << "  · " << line << "\n"; }};
  setup.acquired = live::acquire_all(made, *store, control).acquired;
  const auto effects = live::make_live(made, std::move(setup));
  return print_differences(made, run::look_at_all(made, *effects, stop));
}

}  // namespace

int plan(const Options& options) {
  auto lab = open_lab(options, true);
  if (!lab) return exit_bad_file;
  const auto make = [&] { return plan::make_up(lab->loaded->inputs(options), lab->loaded->diagnostics); };
  auto made = make();
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  if (options.diff) {
    std::cout << render_leaving(*lab, made.lab);
    return compare(*lab, made, make);
  }
  std::cout << plan::render_text(made);
  if (options.full) print_steps(made);
  return exit_true;
}

}  // namespace tidelab::cli
