// Private to this room: a node as the value of a param, of its type.
#pragma once

#include "topology/topology.hpp"
#include "yaml/document.hpp"

namespace tidelab::topology {

/// Nothing is written: a key without a value, or an empty text where only a name or a path makes sense.
bool is_unset(const Param& param, const yaml::Node& node);

/// Complaints: Y010 another kind, Y011 out of range, T003 not one of the words, T004 not a host, T007 not as it must be
/// spelled, T014 not an absolute path, T001 a key that it has not, T026 a home that is none. Whatever is refused is not usable.
Value read_value(const Param& param, const yaml::Node& node, const playbook::Common& common, source::Diagnostics& diagnostics);

/// The first of what is written that tidelab does not act on.
bool asks_for_nothing(const Param& param, const Value& value);

}  // namespace tidelab::topology
