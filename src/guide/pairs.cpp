#include "guide/pairs.hpp"

#include <deque>
#include <map>
#include <set>
#include <utility>

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

namespace {

/// Instances of the older topology by something that tells them apart, in their order; each is given once.
class Known {
public:
  using Key = std::pair<std::string, std::string>;  ///< section, and what it is
  void add(Key key, const Instance& instance) { by_key_[std::move(key)].push_back(&instance); }
  /// The first that nobody has taken; nullptr: there is none.
  const Instance* take(const Key& key, std::set<const Instance*>& taken) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    auto& rest = found->second;
    while (!rest.empty()) {
      const auto* first = rest.front();
      rest.pop_front();
      if (taken.insert(first).second) return first;
    }
    return nullptr;
  }

private:
  std::map<Key, std::deque<const Instance*>> by_key_;
};

}  // namespace

std::vector<Pair> pair_instances(const Topology& before, const Topology& after) {
  std::vector<Pair> out;
  std::set<const Instance*> taken;
  Known by_node, by_host;
  for (const auto* list : {&before.instances, &before.left_alone})
    for (const auto& each : *list) {
      by_node.add({each.section, node_of(before, each)}, each);
      by_host.add({each.section, topology::same_host(each.host.value)}, each);
    }
  for (const auto* list : {&after.instances, &after.left_alone})
    for (const auto& each : *list) out.push_back({by_node.take({each.section, node_of(after, each)}, taken), &each});
  for (auto& pair : out)
    if (pair.before == nullptr && !pair.after->playbook->hostless)
      pair.before = by_host.take({pair.after->section, topology::same_host(pair.after->host.value)}, taken);
  for (const auto* list : {&before.instances, &before.left_alone})
    for (const auto& each : *list)
      if (taken.count(&each) == 0) out.push_back({&each, nullptr});
  return out;
}

}  // namespace tidelab::guide
