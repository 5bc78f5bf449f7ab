// `tidelab diff`: what changes between two topologies, what of it a lab that is up refuses, and what would restart.
#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "guide/changes.hpp"
#include "plan/restarts.hpp"

namespace tidelab::cli {

namespace {

using json = nlohmann::ordered_json;

json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

json as_json(const guide::Change& change) {
  using Kind = guide::Change::Kind;
  return {{"kind", change.kind == Kind::added     ? "added"
                   : change.kind == Kind::removed ? "removed"
                                                  : "changed"},
          {"where", change.where},
          {"field", or_null(change.field)},
          {"before", or_null(change.before)},
          {"after", or_null(change.after)},
          {"before_at", or_null(source::render_place(change.before_at))},
          {"after_at", or_null(source::render_place(change.after_at))},
          {"derived", change.derived},
          {"allowed", change.refusal.empty()},
          {"why_not", or_null(change.refusal)},
          {"prune", or_null(change.leaves)}};
}

void print_json(const std::vector<guide::Change>& changes, const std::vector<plan::Restart>& restarts) {
  json out = {{"schema", "tidelab/diff/1"}, {"changes", json::array()}, {"restarts", json::array()}};
  for (const auto& each : changes) out["changes"].push_back(as_json(each));
  for (const auto& each : restarts)
    out["restarts"].push_back({{"component", each.component}, {"host", each.host}, {"service", each.service}, {"because", each.because}});
  std::cout << out.dump(2) << "\n";
}

// Of groups with several services that would restart: as `up` would go about it.
std::vector<std::string> orders_of(const plan::Plan& plan, const std::vector<plan::Restart>& restarts) {
  std::vector<std::string> out;
  for (const auto& group : plan.groups) {
    const auto is_of = [&](const plan::Group::Member& member, const plan::Restart& each) {
      return each.component == plan.components[static_cast<std::size_t>(member.component)].name;
    };
    const auto gets_another = [&](const plan::Group::Member& member, const std::string& artifact) {
      const auto is_named = [&](const auto& text) { return text.starts_with(artifact + " "); };
      return std::any_of(restarts.begin(), restarts.end(), [&](const auto& each) {
        return is_of(member, each) && std::any_of(each.because.begin(), each.because.end(), is_named);
      });
    };
    const auto of_group = [&](const auto& each) {
      return std::any_of(group.members.begin(), group.members.end(), [&](const auto& member) { return is_of(member, each); });
    };
    if (std::count_if(restarts.begin(), restarts.end(), of_group) > 1)
      out.push_back(fmt::format("those of {} {}", group.section, plan::order_of(group, plan::why_at_once(group, gets_another))));
  }
  return out;
}

void print_text(const std::vector<guide::Change>& changes, const std::vector<plan::Restart>& restarts,
                const std::vector<std::string>& orders) {
  std::cout << guide::render_text(changes);
  if (!restarts.empty()) std::cout << "\nwould restart\n";
  for (const auto& each : restarts)
    std::cout << fmt::format("  {} on {} ({}): {}\n", each.service, each.host, each.component, fmt::join(each.because, ", "));
  for (const auto& each : orders) std::cout << fmt::format("  {}\n", each);
  std::size_t total = 0, refused = 0, leaving = 0;
  for (const auto& each : changes) {
    if (each.derived) continue;
    ++total;
    leaving += each.leaves.empty() ? 0 : 1;
    refused += each.refusal.empty() || !each.leaves.empty() ? 0 : 1;
  }
  const auto count = [](std::size_t n, const char* one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); };
  const auto pruned = leaving == 0 ? std::string() : fmt::format(", {} only with `up --prune`", leaving);
  std::cout << fmt::format("\n{}, {} not possible while the lab is up{}, {}\n", count(total, "difference"), refused, pruned,
                           count(restarts.size(), "restart"));
}

}  // namespace

int diff(const Options& options) {
  const auto before = load_either(options, options.old_target);
  if (!before) return exit_bad_file;
  // Two files of one lab: the name that the newer one would take from its own file's is no difference.
  auto newer = options;
  newer.lab = before->topology.global.lab.value;
  const auto after = load_either(newer, options.target);
  if (!after || !read_again(*after, newer, guide::kept_ordinals(before->topology, after->topology))) return exit_bad_file;
  const auto old_plan = plan::make_up(before->inputs(options), before->diagnostics);
  const auto new_plan = plan::make_up(after->inputs(options), after->diagnostics);
  if (!told_no_errors(*before, options) || !told_no_errors(*after, options)) return exit_bad_file;
  // Beyond this point both are known to be right.
  const auto changes = guide::changes(before->topology, after->topology);
  const auto restarts = plan::make_restarts(old_plan, new_plan);
  if (options.format == "json")
    print_json(changes, restarts);
  else if (changes.empty())
    std::cout << "no difference\n";
  else
    print_text(changes, restarts, orders_of(new_plan, restarts));
  return changes.empty() ? exit_true : exit_false;
}

}  // namespace tidelab::cli
