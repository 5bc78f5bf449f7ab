// Asks each rule of each playbook, and tells what does not hold.
#include <set>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "topology/rule_words.hpp"
#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::topology {

namespace {

using playbook::Rule;
using source::Diagnostics;

void tell(const Rule& rule, const Fault& fault, const Topology& topology, Diagnostics& diagnostics) {
  Scope scope(topology, fault.instance, diagnostics);
  if (const auto version = playbook::parse_version(fault.instance->version.value))
    scope.set("line", fmt::format("{}.{}", version->part[0], version->part[1]));
  for (const auto& [name, value] : fault.said) scope.set(name, value);
  auto message = scope.expand(rule.message), help = rule.help.empty() ? std::string() : scope.expand(rule.help);
  auto& d = rule.warning ? diagnostics.warning(rule.code.value, std::move(message), fault.span)
                         : diagnostics.error(rule.code.value, std::move(message), fault.span);
  d.help = std::move(help);
  d.label = fault.label;
  d.notes = fault.notes;
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
      std::set<std::pair<int, int>> told;  // one setting of a component can be at fault in each of its instances
      for (const auto& fault : faults)
        if (told.insert({fault.span.line, fault.span.column}).second) tell(rule, fault, topology, diagnostics);
    }
  }
}

}  // namespace

void check_presence(const Topology& topology, Diagnostics& diagnostics) { check_some_rules(topology, diagnostics, true); }
void check_rules(const Topology& topology, Diagnostics& diagnostics) { check_some_rules(topology, diagnostics, false); }

}  // namespace tidelab::topology
