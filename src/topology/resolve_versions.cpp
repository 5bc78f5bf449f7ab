#include <set>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "topology/resolve.hpp"
#include "topology/spelled.hpp"

namespace tidelab::topology {

void resolve_versions(Topology& topology, const playbook::Common& common, const Versions& written, const Asked& asked,
                      source::Diagnostics& diagnostics) {
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
    const auto written_as = instance.version;
    const auto spelled = read_spelling(spellings_of(common, playbook.version_spelling), instance.version.value);
    if (!spelled.means.empty()) instance.version.value = spelled.means;
    const auto version = spelled.refused.empty() ? playbook::parse_version(instance.version.value) : std::nullopt;
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
      diagnostics.error("T016", fmt::format("`{}` is not a version of {}", written_as.value, component), place).help =
          spelled.refused.empty()
              ? fmt::format("for example {}", playbook.default_version.empty() ? "3.6.2" : playbook.default_version.value)
              : spelled.refused;
    else
      diagnostics.error("T016", fmt::format("{} {} is not supported by its playbook", component, instance.version.value), place).help =
          fmt::format("it serves {}", playbook.versions.value);
  };
  for (auto* list : {&topology.instances, &topology.left_alone})
    for (auto& instance : *list) resolve(instance);
}

}  // namespace tidelab::topology
