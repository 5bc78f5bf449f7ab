#include "guide/pairs.hpp"

#include <set>

#include <fmt/format.h>

#include "topology/hosts.hpp"
#include "topology/scope.hpp"

namespace tidelab::guide {

using topology::Instance;
using topology::Topology;

namespace {

// Host and main port, or the name of one without a host: how a lab that is up knows its instances.
std::string node_of(const Topology& topology, const Instance& instance) {
  source::Diagnostics unheard;
  return topology::Scope(topology, &instance, unheard).expand(instance.playbook->node);
}

}  // namespace

std::string shown(const Topology& topology, const Instance& instance) {
  const auto node = node_of(topology, instance);
  return node.empty() ? instance.name() : fmt::format("{} ({})", instance.name(), node);
}

std::vector<Pair> pair_instances(const Topology& before, const Topology& after) {
  std::vector<Pair> out;
  std::set<const Instance*> taken;
  const auto take = [&](const Instance& instance, auto same) -> const Instance* {
    for (const auto* list : {&before.instances, &before.left_alone})
      for (const auto& each : *list)
        if (each.section == instance.section && taken.count(&each) == 0 && same(each)) return taken.insert(&each), &each;
    return nullptr;
  };
  for (const auto* list : {&after.instances, &after.left_alone})
    for (const auto& each : *list) {
      const auto node = node_of(after, each);
      out.push_back({take(each, [&](const Instance& old) { return node_of(before, old) == node; }), &each});
    }
  for (auto& pair : out)
    if (pair.before == nullptr && !pair.after->playbook->hostless)
      pair.before = take(*pair.after, [&](const Instance& old) {
        return topology::same_host(old.host.value) == topology::same_host(pair.after->host.value);
      });
  for (const auto* list : {&before.instances, &before.left_alone})
    for (const auto& each : *list)
      if (taken.count(&each) == 0) out.push_back({&each, nullptr});
  return out;
}

}  // namespace tidelab::guide
