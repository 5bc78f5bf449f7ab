// Asks each rule of each playbook, and tells what does not hold.
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "topology/rule_words.hpp"
#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::topology {

namespace {

using playbook::Rule;
using source::Diagnostics;

/// What a rule says, and of how many places.
struct Told {
  const Fault* fault;
  std::string message, help;
  std::vector<int> more;  ///< lines of the others of which it would say the same
};

Told render(const Rule& rule, const Fault& fault, const Topology& topology, Diagnostics& diagnostics) {
  Scope scope(topology, fault.instance, diagnostics);
  if (const auto version = playbook::parse_version(fault.instance->version.value))
    scope.set("line", fmt::format("{}.{}", version->part[0], version->part[1]));
  for (const auto& [name, value] : fault.said) scope.set(name, value);
  return {&fault, scope.expand(rule.message), rule.help.empty() ? std::string() : scope.expand(rule.help), {}};
}

void tell(const Rule& rule, const Told& told, Diagnostics& diagnostics) {
  const auto& fault = *told.fault;
  auto& d = rule.warning ? diagnostics.warning(rule.code.value, told.message, fault.span)
                         : diagnostics.error(rule.code.value, told.message, fault.span);
  d.help = told.help;
  d.label = fault.label;
  d.notes = fault.notes;
  if (!told.more.empty())
    d.notes.push_back(
        {fmt::format("and {} more like it, in line{} {}", told.more.size(), told.more.size() == 1 ? "" : "s", fmt::join(told.more, ", ")),
         {}});
}

/// Warnings that say the same word for word are one; where something is wrong, each place is told.
void tell_all(const Rule& rule, const Faults& faults, const Topology& topology, Diagnostics& diagnostics) {
  std::set<std::pair<int, int>> places;  // one setting of a component can be at fault in each of its instances
  std::vector<Told> all;
  std::map<std::tuple<std::string, std::string, const source::File*>, std::size_t> known;  // where in `all`
  for (const auto& fault : faults) {
    if (!places.insert({fault.span.line, fault.span.column}).second) continue;
    auto told = render(rule, fault, topology, diagnostics);
    const auto [same, fresh] = known.try_emplace({told.message, told.help, fault.span.file}, all.size());
    if (fresh || !rule.warning)
      all.push_back(std::move(told));
    else
      all[same->second].more.push_back(fault.span.line);
  }
  for (const auto& each : all) tell(rule, each, diagnostics);
}

void check_some_rules(const Topology& topology, Diagnostics& diagnostics, bool presence) {
  const auto members = make_members(topology);
  for (const auto& [section, instances] : members) {
    for (const auto& rule : instances.front()->playbook->rules) {
      const auto* row = find_word(rule.word.value);
      // All instances of a section have one version.
      if (row == nullptr || row->presence != presence || !instances.front()->version_usable ||
          !applies(rule.versions, *instances.front(), topology))
        continue;
      Faults faults;
      for (const auto* instance : instances) {
        row->word({rule, *instance, topology, members}, faults);
        if (row->once) break;
      }
      tell_all(rule, faults, topology, diagnostics);
    }
  }
}

}  // namespace

void check_presence(const Topology& topology, Diagnostics& diagnostics) { check_some_rules(topology, diagnostics, true); }
void check_rules(const Topology& topology, Diagnostics& diagnostics) { check_some_rules(topology, diagnostics, false); }

}  // namespace tidelab::topology
