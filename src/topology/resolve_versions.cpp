#include <set>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "topology/resolve.hpp"

namespace tidelab::topology {

void resolve_versions(Topology& topology, const Versions& written, const Asked& asked, source::Diagnostics& diagnostics) {
  std::set<std::string> told;  // components whose version is refused already: one cause, one error
  const auto resolve = [&](Instance& instance) {
    const auto& playbook = *instance.playbook;
    const auto& component = playbook.component.value;
    const auto own = asked.versions.find(component), family = asked.versions.find(playbook.version_of.value);
    if (own != asked.versions.end())
      instance.version = {own->second, {}};
    else if (const auto stated = written.find(component); stated != written.end())
      instance.version = stated->second;
    else if (family != asked.versions.end())
      instance.version = {family->second, {}};
    else
      instance.version = playbook.default_version;
    if (instance.version.empty()) return;  // hostless ones may have none, and what is left alone
    const auto version = playbook::parse_version(instance.version.value);
    if (!version && !playbook.provisioned) {
      instance.version = {};  // "nightly": whatever it is, it is not ours
      return;
    }
    const auto range = playbook::Range::parse(playbook.versions.value.empty() ? "*" : playbook.versions.value);
    instance.version_usable = version && (!range || range->holds(*version));
    const bool of_family = own == asked.versions.end() && !written.contains(component) && family != asked.versions.end();
    if (instance.version_usable || !told.insert(of_family ? family->first : component).second) return;
    const auto& span = instance.version.span;
    const auto place = span.known() && span.file == instance.span.file ? span : instance.span;
    if (!version)
      diagnostics.error("T016", fmt::format("`{}` is not a version", instance.version.value), place).help = "for example 3.6.2 or v8.4.0";
    else
      diagnostics.error("T016", fmt::format("{} {} is not served by its playbook", component, instance.version.value), place).help =
          fmt::format("it serves {}", playbook.versions.value);
  };
  for (auto* list : {&topology.instances, &topology.left_alone})
    for (auto& instance : *list) resolve(instance);
}

}  // namespace tidelab::topology
