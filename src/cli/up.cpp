// `tidelab up`: everything that the topology says is made true; a second time it finds that it is.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/daily.hpp"
#include "cli/preflight.hpp"
#include "cli/processors.hpp"
#include "cli/prune.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"

namespace tidelab::cli {

namespace {

std::vector<run::Warned> warned_of(const report::Preflight& found) {
  std::vector<run::Warned> out;
  for (const auto& row : found.rows)
    if (row.outcome == preflight::Outcome::warning || row.outcome == preflight::Outcome::unknown)
      out.push_back({row.host, row.check, preflight::name_of(row.outcome), row.found, row.fix, row.evidence});
  return out;
}

enum class Look { for_archives, before_change };

report::Preflight look_first(const plan::Plan& made, live::Setup& setup, const Lab& lab, Look look) {
  const step::Control brief{step::Clock::now() + std::chrono::minutes(2), lab.options.stop, {}};
  const auto& common = lab.loaded->library.common;
  if (look == Look::before_change) return look_at_hosts(made, setup, common, brief);
  // As who only looks, without the lab's claim.
  auto run = std::exchange(setup.run, {});
  auto found = look_at_hosts(made, setup, common, brief);
  setup.run = std::move(run);
  return found;
}

// What is only needed to start a lab is no matter where it runs already, so there only failures are told. What was told
// and stops nobody, for the journal; nullopt when the hosts are not ready. Before archives are got only failures are told: the
// rest is told by the look that knows their sizes.
std::optional<std::vector<run::Warned>> tell_found(report::Preflight found, const Options& options, Look look) {
  const bool ready = !report::stops_up(found);
  const auto past = [&](const preflight::Finding& row) {
    return row.outcome == preflight::Outcome::warning && found.hosts[static_cast<std::size_t>(row.lane) - 1].runs;
  };
  found.rows.erase(std::remove_if(found.rows.begin(), found.rows.end(), past), found.rows.end());
  const auto troubles = report::render_troubles(found, options.colour_errors);
  if (!ready)
    std::cerr << "tidelab: the hosts are not ready; nothing was changed\n" << troubles;
  else if (!troubles.empty() && look == Look::before_change)
    std::cerr << "tidelab: warnings about the hosts"
              << "\n"
              << troubles << "\n";
  return ready ? std::optional(warned_of(found)) : std::nullopt;
}

// What later commands are to know of the lab.
lab::Record record_for(const Lab& lab, const plan::Plan& made) {
  lab::Record out{made.lab, lab.options.target, lab.loaded->topology_text, lab.options.reach, lab.options.versions};
  const auto known = lab::read_record(made.lab);
  const auto before = known ? *known : std::nullopt;
  std::error_code error;
  if (lab.recorded && before)
    out.name = before->name, out.file = before->file;
  else if (out.name != "-")
    out.file = std::filesystem::absolute(out.name, error).lexically_normal().string();  // empty where we are nowhere
  for (std::size_t lane = 1; lane < made.lanes.size(); ++lane) out.hosts.push_back(made.lanes[lane].name);
  out.when = lab::now_text();
  out.since = before && before->kept.empty() && !before->since.empty() ? before->since : out.when;
  out.last = "up", out.outcome = "begun";
  const auto& topology = lab.loaded->topology;
  out.ordinals = ordinals_of(topology);
  for (const auto& each : topology.instances)
    if (const auto found = topology.arch_found.find(each.host.value); found != topology.arch_found.end())
      out.processors.insert_or_assign(each.host.value, found->second.word);
  return out;
}

void tell_what_is_next(const plan::Plan& made, const Options& options) {
  const auto lines = what_to_open(made, options.stop);
  if (!lines.empty()) std::cout << "\nnext\n" << render_lines(lines, columns_of(STDOUT_FILENO)) << std::flush;
}

// Archives, and a look at the hosts, until nothing is missing that can be told before the first change; else the exit code. The plan
// is made anew where hosts turn out to have another processor than it was made for, and looked at by it.
tl::expected<std::vector<run::Warned>, int> make_ready(Lab& lab, plan::Plan& made, live::Setup& setup, artifact::Store& store,
                                                       const step::Control& control) {
  const auto& options = lab.options;
  const Make make = [&] { return plan::make_up(lab.loaded->inputs(options), lab.loaded->diagnostics); };
  const auto no_lab = [&] { return tl::unexpected<int>(options.stop.stop_requested() ? exit_interrupted : exit_no_lab); };
  while (true) {
    const auto look = setup.acquired.size() == made.artifacts.size() ? Look::before_change : Look::for_archives;
    auto found = look_first(made, setup, lab, look);
    const auto anew = fit_to_hosts(lab, made, make, found.processors);
    if (!anew) return tl::unexpected<int>(anew.error());
    if (*anew) {
      setup.acquired = live::cached(made, store, control);
      continue;
    }
    auto warned = tell_found(std::move(found), options, look);
    if (!warned) return no_lab();
    if (look == Look::before_change) return std::move(*warned);
    auto acquisition = live::acquire_all(made, store, control);
    if (options.stop.stop_requested()) {
      std::cerr << "interrupted before anything was changed\n";
      return no_lab();
    }
    if (!acquisition.failures.empty()) {
      std::cerr << "tidelab: these archives cannot be had; nothing was changed\n";
      tell(acquisition.failures);
      return no_lab();
    }
    setup.acquired = std::move(acquisition.acquired);
  }
}

}  // namespace

Brought bring_up(const Options& options) {
  auto lab = open_lab(options, true);
  if (!lab) return {exit_bad_file, false};
  auto made = plan::make_up(lab->loaded->inputs(options), lab->loaded->diagnostics);
  check_other_labs(*lab->loaded);
  if (!told_no_errors(*lab->loaded, options)) return {exit_bad_file, false};
  const auto lock = take_lock(*lab, made.lab, "up");
  if (!lock) return {exit_no_lab, false};
  auto leaving = find_leaving(*lab, made.lab);
  if (!leaving) return {leaving.error(), false};

  // Beyond this point nothing is decided. Artifacts, then a look at the hosts, then the first change. Where artifacts must be got,
  // which can take minutes, the hosts are looked at before that, too.
  const auto store = open_store();
  if (!store) return {exit_no_lab, false};
  const bool text = options.format == "text";
  const step::Control control{step::Clock::now() + std::chrono::hours(3), options.stop, [text](const std::string& line) {
                                if (text) std::cout << "          · " + line + "\n" << std::flush;
                              }};
  auto setup = make_setup(made, *lab, live::cached(made, *store, control));
  auto warned = make_ready(*lab, made, setup, *store, control);
  if (!warned) return {warned.error(), false};
  // The record is the older topology's until what it has, and the newer one has not, is gone: an `up` that ends before finds it there.
  if (*leaving) {
    const auto [code, began] = take_away(**leaving, options);
    if (code != exit_true) return {code, began};
  }
  if (!noted(lab::write_record(record_for(*lab, made)))) return {exit_no_lab, false};
  const auto result = run_plan(made, *lab, std::move(setup), std::move(*warned));
  noted(lab::note_in_record(made.lab, "up", outcome_of(result)));
  give_report(result, options);
  if (result.exit_code == exit_true && text) tell_what_is_next(made, options);
  return {result.exit_code, true};
}

int up(const Options& options) { return bring_up(options).code; }

}  // namespace tidelab::cli
