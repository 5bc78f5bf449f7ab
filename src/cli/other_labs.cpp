// The records of this user's labs against a topology that would come beside them.
#include "cli/load.hpp"
#include "cli/record.hpp"
#include "topology/conflicts.hpp"

namespace tidelab::cli {

void check_other_labs(Loaded& loaded) {
  for (const auto& lab : recorded_labs()) {
    const auto record = read_record(lab);
    if (lab == loaded.topology.global.lab.value || !record) continue;
    source::Diagnostics unheard;  // an older file may not be understood any more, and is no fault of this one
    const auto& file = loaded.files.add(record->name + " (lab " + lab + ")", record->topology);
    topology::Asked asked{lab, {}, versions_of(record->reach)};
    const auto other = topology::read_topology(file, loaded.library, asked, unheard);
    if (!unheard.has_errors()) topology::check_other_lab(loaded.topology, other, loaded.diagnostics);
  }
}

}  // namespace tidelab::cli
