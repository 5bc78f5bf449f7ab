#include "plan/processors.hpp"

namespace tidelab::plan {

std::set<int> lanes_to_ask(const topology::Topology& topology, const Plan& plan, Known known) {
  std::set<int> out;
  for (std::size_t i = 0; i < plan.components.size(); ++i) {
    const auto& component = plan.components[i];
    const auto& instance = topology.instances[i];
    if (component.lane < 1 || component.artifacts.empty() || topology.arch_is_written(instance)) continue;
    if (known == Known::asked_again || !topology.arch_found.contains(instance.host.value)) out.insert(component.lane);
  }
  return out;
}

bool learn_processors(topology::Topology& topology, const playbook::Common& common, const Plan& plan,
                      const std::vector<std::string>& said) {
  bool others = false;
  for (std::size_t i = 0; i < plan.components.size(); ++i) {
    const auto lane = plan.components[i].lane;
    // What a host says would stand in names of files here: only a value of `arch` is taken.
    if (lane > 0 && topology.learn_arch(topology.instances[i], topology::arch_word(common, said[static_cast<std::size_t>(lane)])))
      others = true;
  }
  return others;
}

}  // namespace tidelab::plan
