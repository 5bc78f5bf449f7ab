// Any bytes at all as a topology, with the real playbooks: diagnostics or a topology that is whole, and never a crash,
// a hang, or more memory than the text deserves.
#include <cstdint>
#include <string>

#include "library.hpp"
#include "topology/topology.hpp"

namespace {

using namespace tidelab;
using fuzz::require;

void require_inside(const source::Span& span, const source::File& file) {
  if (span.file != &file) return;  // in a playbook
  require(span.line >= 1 && span.column >= 1, "a place is in a line");
}

void require_whole(const topology::Topology& lab) {
  require(!lab.instances.empty(), "a topology without a complaint has an instance");
  for (const auto& instance : lab.instances) {
    require(instance.playbook != nullptr, "an instance has a playbook");
    require(instance.playbook->hostless || !instance.host.empty(), "an instance has a host");
    for (const auto& [name, value] : instance.values) require(value.resolved, "values are resolved");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const source::File file{"fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size)};
  source::Diagnostics diagnostics;
  const auto lab = topology::read_topology(file, fuzz::world().library, {"fuzz", ""}, diagnostics);
  if (!diagnostics.has_errors()) require_whole(lab);
  for (const auto* each : diagnostics.ordered()) {
    require_inside(each->span, file);
    for (const auto& note : each->notes) require_inside(note.span, file);
    require(!each->code.empty() && !each->message.empty(), "a complaint says something");
  }
  require(diagnostics.empty() == render_text(diagnostics).empty(), "complaints are rendered");
  return 0;
}
