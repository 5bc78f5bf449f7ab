// Private to this room: files that are no topologies.
#pragma once

#include "playbook/playbook.hpp"
#include "source/diagnostic.hpp"
#include "topology/meaning.hpp"
#include "yaml/document.hpp"

namespace tidelab::topology {

/// T024: whether this is a file of another program, or one that has nothing of a topology; then that is told, and there is no
/// sense in reading it. `broken`: the text is no YAML.
bool is_foreign(const source::File& file, const yaml::Node& root, bool broken, const playbook::Library& library,
                source::Diagnostics& diagnostics);

}  // namespace tidelab::topology
