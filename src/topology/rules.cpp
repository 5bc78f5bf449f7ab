#include "topology/rules.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "topology/machine_words.hpp"
#include "topology/scope.hpp"

namespace tidelab::topology {

namespace {

using playbook::Rule;
using playbook::Type;
using source::Diagnostics;

std::string argument(const Rule& rule, const std::string& name) {
  for (const auto& [key, value] : rule.with)
    if (key.value == name || (key.value.empty() && rule.with.size() == 1)) return value.value;
  return {};
}

const Value* value_of(const Instance& instance, const std::string& name) {
  const auto found = instance.values.find(name);
  return found == instance.values.end() ? nullptr : &found->second;
}

// True when the rule is kept; `span` is moved to the value at fault.
bool kept(const Rule& rule, const Instance& instance, const Topology& topology, source::Span& span) {
  const auto& word = rule.word.value;
  if (word == "requires") return topology.has(argument(rule, "section"));
  if (word == "forbids") return !topology.has(argument(rule, "section"));
  const auto* value = value_of(instance, argument(rule, "param"));
  if (value == nullptr || !value->usable || (value->text.empty() && value->list.empty())) return true;
  if (value->stated && value->text.span.known()) span = value->text.span;
  if (word == "java") {
    const auto version = playbook::parse_version(value->text.value);
    const auto range = playbook::Range::parse(argument(rule, "range"));
    return version && range && range->holds(*version);
  }
  if (word == "at_most") {
    const auto limit = topology.count(argument(rule, "count_of"));
    if (limit == 0) return true;  // that there are none is the fault, and told as such
    return playbook::parse_version(value->text.value).value_or(playbook::Version{}).part[0] <= static_cast<int>(limit);
  }
  if (word == "not_matched") {
    const auto* patterns = value_of(instance, argument(rule, "patterns"));
    if (patterns == nullptr) return true;
    bool matched = false;
    for (const auto& each : patterns->list) {
      const bool negated = each.value.starts_with('!');
      if (matches_wildcard(value->text.value, negated ? std::string_view(each.value).substr(1) : each.value)) matched = !negated;
    }
    return !matched;
  }
  return true;
}

void complain(const Rule& rule, const Instance& instance, const Topology& topology, const Breach& breach, Diagnostics& diagnostics) {
  Scope scope(topology, &instance, diagnostics);
  for (const auto& [name, text] : breach.said) scope.set(name, text);
  auto& d = rule.warning ? diagnostics.warning(rule.code.value, {}, breach.span) : diagnostics.error(rule.code.value, {}, breach.span);
  d.notes = breach.notes;
  d.message = scope.expand(rule.message);
  d.help = rule.help.empty() ? "" : scope.expand(rule.help);
}

void check_some_rules(const Topology& topology, Diagnostics& diagnostics, bool presence) {
  std::map<std::pair<std::string_view, int>, int> counts;
  for (const auto* list : {&topology.instances, &topology.left_alone})
    for (const auto& instance : *list)
      if (instance.machine >= 0) ++counts[{instance.section, instance.machine}];
  const auto on_machine = [&](const Instance& instance) {
    const auto found = counts.find({instance.section, instance.machine});
    return found == counts.end() ? 0 : found->second;
  };
  for (const auto* list : {&topology.instances, &topology.left_alone}) {
    for (const auto& instance : *list) {
      for (const auto& rule : instance.playbook->rules) {
        const bool about_presence = rule.word.value == "requires" || rule.word.value == "forbids";
        if (about_presence != presence || !instance.version_usable || !applies(rule.versions, instance, topology)) continue;
        if (const auto word = find_machine_word(rule.word.value); word != nullptr) {
          std::vector<Breach> breaches;
          word({instance, topology, [&](const char* name) { return argument(rule, name); }, on_machine}, breaches);
          for (const auto& each : breaches) complain(rule, instance, topology, each, diagnostics);
          continue;
        }
        auto span = instance.span;
        if (kept(rule, instance, topology, span)) continue;
        const Scope scope(topology, &instance, diagnostics);
        diagnostics.error(rule.code.value, scope.expand(rule.message), span).help = rule.help.empty() ? "" : scope.expand(rule.help);
      }
    }
  }
}

}  // namespace

bool matches_wildcard(std::string_view text, std::string_view pattern) {
  // Iterative, so that "a*a*a*…" cannot take exponential time.
  std::size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++t, ++p;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool applies(const playbook::Versions& versions, const Instance& instance, const Topology& topology) {
  for (const auto& [section, range_text] : versions) {
    const auto range = playbook::Range::parse(range_text.value);
    if (!range) return false;
    const Instance* whose = &instance;
    if (!section.value.empty()) {
      whose = topology.first(section.value);
      if (whose == nullptr) return false;
    }
    const auto version = playbook::parse_version(whose->version.value);
    if (!version || !range->holds(*version)) return false;
  }
  return true;
}

void check_presence(const Topology& topology, Diagnostics& diagnostics) { check_some_rules(topology, diagnostics, true); }
void check_rules(const Topology& topology, Diagnostics& diagnostics) { check_some_rules(topology, diagnostics, false); }

}  // namespace tidelab::topology
