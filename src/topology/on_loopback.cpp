// A lab of which some are at a loopback address and others are not: what is told as 127.0.0.1 is another machine for each.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "topology/conflicts.hpp"
#include "topology/hosts.hpp"

namespace tidelab::topology {

namespace {

bool lists(const step::Texts& texts, const std::string& section) {
  return std::any_of(texts.begin(), texts.end(), [&](const auto& each) { return each.value == section; });
}

// Whether the two talk to each other: one needs the other, they are of one section, or something that is there needs both.
bool are_joined(const Topology& topology, const Instance& a, const Instance& b) {
  if (a.section == b.section || lists(a.playbook->needs, b.section) || lists(b.playbook->needs, a.section)) return true;
  return std::any_of(topology.instances.begin(), topology.instances.end(),
                     [&](const auto& each) { return lists(each.playbook->needs, a.section) && lists(each.playbook->needs, b.section); });
}

}  // namespace

void check_loopback(const Topology& topology, source::Diagnostics& diagnostics) {
  std::vector<const Instance*> here, elsewhere;
  for (const auto& each : topology.instances)
    if (!each.playbook->hostless && each.placed) (is_loopback(each.host.value) ? here : elsewhere).push_back(&each);
  if (here.empty() || elsewhere.empty()) return;
  const Instance *self = here.front(), *other = elsewhere.front();
  bool joined = false;
  for (const auto* a : here)
    for (const auto* b : elsewhere)
      if (!joined && are_joined(topology, *a, *b)) self = a, other = b, joined = true;
  const auto place = [](const Instance& each) { return each.host.span.known() ? each.host.span : each.span; };
  auto message = joined ? fmt::format("{} is at {}, and {} on {} would look for it on its own machine", self->name(), self->host.value,
                                      other->name(), other->host.value)
                        : fmt::format("{} is at {}, and {} is on {}: only one of them can be where the other is not", self->name(),
                                      self->host.value, other->name(), other->host.value);
  auto& d =
      joined ? diagnostics.error("T023", std::move(message), place(*self)) : diagnostics.warning("T023", std::move(message), place(*self));
  d.notes.push_back({"the other one", place(*other)});
  if (here.size() > 1)
    d.notes.push_back({fmt::format("so {} {} more of the topology", here.size() == 2 ? "is" : "are", here.size() - 1), {}});
  d.help = "write the address that all hosts reach this machine at, or put everything on 127.0.0.1";
}

void check_listening(const Topology& topology, source::Diagnostics& diagnostics) {
  std::set<std::pair<int, int>> told;  // what `global` says reaches many
  for (const auto& instance : topology.instances) {
    if (!instance.placed || is_loopback(instance.host.value)) continue;
    for (const auto& [name, value] : instance.values) {
      if (value.param == nullptr || !value.param->wildcard || !value.usable || !is_loopback(value.text.value)) continue;
      const bool written = value.text.span.known() && value.text.span.file == instance.span.file;
      const auto& span = written ? value.text.span : instance.span;
      if (!told.insert({span.line, span.column}).second) continue;
      auto& d = diagnostics.error(
          "T028",
          fmt::format("{} listens on {} only, and is looked for at its host, {}", instance.name(), value.text.value, instance.host.value),
          span);
      d.help = fmt::format("leave `{}` out, write `0.0.0.0`, or the address that others reach it at", name);
    }
  }
}

}  // namespace tidelab::topology
