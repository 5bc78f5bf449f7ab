#include "topology/rules.hpp"

#include <algorithm>

#include "playbook/version.hpp"

namespace tidelab::topology {

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

namespace {

bool is_outside(const std::string& section, const Instance& instance, const Topology& topology) {
  const auto is_said_by = [&](const auto& row) {
    const auto& config = instance.config;
    return row.first.value == section &&
           std::any_of(config.begin(), config.end(), [&](const auto& each) { return each.key.value == row.second.value; });
  };
  const auto& outside = instance.playbook->outside;
  return !topology.has(section) && std::any_of(outside.begin(), outside.end(), is_said_by);
}

}  // namespace

bool applies(const playbook::Versions& versions, const Instance& instance, const Topology& topology, Outside outside) {
  for (const auto& [section, range_text] : versions) {
    if (outside == Outside::is_there && is_outside(section.value, instance, topology)) {
      if (range_text.value != "*") return false;
      continue;
    }
    if (range_text.value == playbook::of_no_version) {
      if (topology.has(section.value)) return false;
      continue;
    }
    if (range_text.value == playbook::of_several || range_text.value == playbook::of_one) {
      const auto count = topology.count(section.value);
      if (range_text.value == playbook::of_one ? count != 1 : count < 2) return false;
      continue;
    }
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

}  // namespace tidelab::topology
