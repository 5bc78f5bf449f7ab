// The records of this user's labs against a topology that would come beside them.
#include <iostream>

#include <fmt/format.h>

#include "cli/load.hpp"
#include "topology/conflicts.hpp"

namespace tidelab::cli {

namespace {

// No fault of the topology at hand. Where nothing is kept there are no labs.
void tell_unlooked(const lab::Unknowable& why) {
  if (why.why != lab::Unknowable::Why::nowhere) std::cerr << fmt::format("note: other labs were not all looked at: {}\n", why.what);
}

}  // namespace

void check_other_labs(Loaded& loaded) {
  const auto labs = lab::recorded_labs();
  if (!labs) return tell_unlooked(labs.error());
  for (const auto& lab : *labs) {
    if (lab == loaded.topology.global.lab.value) continue;
    const auto known = lab::read_record(lab);
    if (!known) tell_unlooked(known.error());
    if (!known || !*known) continue;
    const auto* record = &**known;
    source::Diagnostics unheard;  // an older file may not be understood any more, and is no fault of this one
    const auto& file = loaded.files.add(record->name + " (lab " + lab + ")", record->topology);
    topology::Asked asked{lab, {}, versions_of(record->versions)};
    const auto other = topology::read_topology(file, loaded.library, asked, unheard);
    if (!unheard.has_errors()) topology::check_other_lab(loaded.topology, other, loaded.diagnostics);
  }
}

}  // namespace tidelab::cli
