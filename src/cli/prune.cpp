#include "cli/prune.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "guide/changes.hpp"
#include "run/runner.hpp"

namespace tidelab::cli {

namespace {

// In the order in which they go; of a group, the one that leads comes last.
std::string order_of(const plan::Plan& plan) {
  std::vector<int> order;
  for (const auto& step : plan.steps)
    if (step.component >= 0 && std::find(order.begin(), order.end(), step.component) == order.end()) order.push_back(step.component);
  std::string out;
  for (const auto at : order) out += (out.empty() ? "" : ", ") + plan.components[static_cast<std::size_t>(at)].node;
  const auto several = [](const plan::Group& group) {
    return std::count_if(group.members.begin(), group.members.end(), [](const auto& each) { return each.leaves; }) > 1;
  };
  return out + (std::any_of(plan.groups.begin(), plan.groups.end(), several) ? " (in a group, the one that leads last)" : "");
}

// What is on a host that is given up comes back with it.
std::vector<std::string> notes_of_lost(const plan::Plan& plan) {
  std::vector<std::string> out;
  for (std::size_t lane = 1; lane < plan.lanes.size(); ++lane) {
    if (!plan.lanes[lane].lost) continue;
    std::string nodes;
    for (const auto& each : plan.components)
      if (each.lane == static_cast<int>(lane)) nodes += (nodes.empty() ? "" : ", ") + each.title + " " + each.node;
    out.push_back(
        fmt::format("{} is given up: nothing is asked of it. Should it come back, what is on it may start again ({}): "
                    "remove that there before it joins this network",
                    plan.lanes[lane].name, nodes));
  }
  return out;
}

// A playbook may want to do something where nothing can be done any more.
bool told_undoable(const plan::Plan& plan) {
  const auto all = plan::undoable(plan);
  if (all.empty()) return false;
  std::cerr << "tidelab: these cannot leave without their hosts, where this would be done\n";
  for (const auto& each : all) std::cerr << "  ✗ " << each << "\n";
  return true;
}

/// `leaving` is null where there is no lab as it was applied, or it is the same.
struct Older {
  std::unique_ptr<Leaving> leaving{};
  std::vector<guide::Change> changes{};
};

tl::expected<Older, int> find_older(const Lab& lab, const std::string& name) {
  const auto known = lab::read_record(name);
  if (!known) return tell(known.error()), tl::unexpected<int>(exit_bad_file);
  const bool same = !*known || (*known)->topology == lab.loaded->topology_text;
  if (same && !lab.options.lost.empty()) {
    std::cerr << fmt::format("tidelab: `--lost {}`: nothing leaves the lab\nhelp: take what was on that host out of the topology first\n",
                             lab.options.lost.front());
    return tl::unexpected<int>(exit_usage);
  }
  if (same) return Older{};
  const auto& record = **known;
  auto options = lab.options;
  options.lab = name;
  options.versions = record.versions, options.ordinals = record.ordinals;
  auto before = load_text(options, record.name + " (as applied)", record.topology);
  if (!before) return Older{};  // the older file is no longer understood; what it made is still in the owned list
  Older out;
  out.changes = guide::changes(before->topology, lab.loaded->topology);
  guide::mark_leaving(before->topology, lab.loaded->topology);
  for (const auto& host : lab.options.lost)
    if (const auto why = guide::mark_lost(before->topology, host); !why.empty()) {
      std::cerr << fmt::format("tidelab: `--lost {}`: {}\n", host, why);
      return tl::unexpected<int>(exit_usage);
    }
  auto plan = plan::make_prune(before->inputs(options), before->diagnostics);
  if (told_undoable(plan)) return tl::unexpected<int>(exit_bad_file);
  // Its warnings were told when it was applied.
  if (before->diagnostics.has_errors() && !told_no_errors(*before, options)) return tl::unexpected<int>(exit_bad_file);
  for (const auto& each : out.changes)
    if (!each.leaves.empty()) plan.notes.push_back(fmt::format("{} leaves: {}", each.where.front(), each.leaves));
  for (auto& note : notes_of_lost(plan)) plan.notes.push_back(std::move(note));
  out.leaving.reset(new Leaving{{std::move(options), std::move(before), true, lab.claim, lab.run}, std::move(plan)});
  return out;
}

// A host that does not answer is better found out about now than in the middle.
bool all_answer(const plan::Plan& plan, const std::vector<run::Looked>& looked) {
  std::map<std::string, std::string> dark;  // what was found, by host
  for (const auto& step : plan.steps)
    if (const auto& found = looked[static_cast<std::size_t>(step.id)]; found.state == run::Looked::State::unasked)
      dark.emplace(plan.lanes[static_cast<std::size_t>(step.lane)].name, plan::mask(found.note, plan.secrets));
  if (dark.empty()) return true;
  std::cerr << "tidelab: a host of what leaves could not be looked at; nothing was changed\n";
  std::string lost;
  for (const auto& [host, note] : dark) {
    std::cerr << fmt::format("  ✗ {}: {}\n", host, note);
    lost += " --lost " + host;
  }
  std::cerr << fmt::format(
      "help: bring it back, so that nothing of the lab is left on it, then `tidelab up --prune` again; if it is gone for good, "
      "`tidelab up --prune{}`\n",
      lost);
  return false;
}

}  // namespace

// What may not be is refused before anything is touched, in the words of `tidelab diff`: an instance that is gone from the file, say,
// would run on unseen.
tl::expected<std::unique_ptr<Leaving>, int> find_leaving(const Lab& lab, const std::string& name) {
  auto older = find_older(lab, name);
  if (!older) return tl::unexpected(older.error());
  auto& leaving = older->leaving;
  if (!leaving) return nullptr;
  const bool prune = lab.options.prune;
  if (!guide::has_refusals(older->changes, prune)) {
    const auto& lanes = leaving->plan.lanes;
    const bool none_lost = std::none_of(lanes.begin(), lanes.end(), [](const auto& lane) { return lane.lost; });
    if (leaving->plan.steps.empty() && none_lost) leaving.reset();
    return std::move(leaving);
  }
  const auto text = guide::render_text(older->changes, prune ? guide::Tell::refused_by_prune : guide::Tell::refused);
  std::cerr << fmt::format("tidelab: lab {} is up, and cannot apply these changes from {}:\n{}", name, lab.options.target, text);
  if (!guide::has_refusals(older->changes, true))
    std::cerr << fmt::format("help: `tidelab up {} --prune` first takes away {}\n", lab.options.target, order_of(leaving->plan));
  else
    std::cerr << fmt::format("help: undo them, or remove the lab first with `tidelab down {}`\n", name);
  return tl::unexpected<int>(exit_bad_file);
}

std::string render_leaving(const Lab& lab, const std::string& name) {
  const auto older = find_older(lab, name);
  std::vector<guide::Change> gone;
  if (older) {
    const auto is_gone = [](const auto& each) { return each.kind == guide::Change::Kind::removed && !each.refusal.empty(); };
    std::copy_if(older->changes.begin(), older->changes.end(), std::back_inserter(gone), is_gone);
  }
  if (gone.empty()) return {};
  auto out = guide::render_text(gone);
  if (!guide::has_refusals(gone, true)) out += fmt::format("order: {}, before all else\n", order_of(older->leaving->plan));
  return out;
}

Brought take_away(Leaving& leaving, const Options& options) {
  auto& [lab, plan] = leaving;
  for (const auto& note : notes_of_lost(plan)) std::cerr << "note: " << note << "\n";
  if (plan.steps.empty()) return {exit_true, true};
  {
    auto looker = make_setup(plan, lab);
    looker.run.clear();  // as who only looks, without the lab's claim
    const auto effects = live::make_live(plan, std::move(looker));
    const auto looked = run::look_at_all(plan, *effects, options.stop);
    if (options.stop.stop_requested()) return {exit_interrupted, false};
    if (!all_answer(plan, looked)) return {exit_no_lab, false};
  }
  if (!noted(lab::note_in_record(plan.lab, "prune", "begun"))) return {exit_no_lab, false};
  const auto result = run_plan(plan, lab, make_setup(plan, lab));
  if (result.exit_code != exit_true) {
    noted(lab::note_in_record(plan.lab, "prune", outcome_of(result)));
    give_report(result, options);
    return {result.exit_code, true};
  }
  if (options.format == "text") std::cout << "\n" << result.sentence << "\n\n" << std::flush;
  give_report(result, options, false);
  return {exit_true, true};
}

}  // namespace tidelab::cli
