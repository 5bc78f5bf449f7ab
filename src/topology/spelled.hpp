// Private to this room: values that people write in several ways.
#pragma once

#include <string>
#include <vector>

#include "playbook/playbook.hpp"

namespace tidelab::topology {

/// What a value means as it is written, or why it cannot stand as it is; both empty: it is written in none of the ways.
struct Spelled {
  std::string means, refused;
};

Spelled read_spelling(const std::vector<playbook::Spelling>& spellings, const std::string& written);

/// Those of a name; none for an empty one.
const std::vector<playbook::Spelling>& spellings_of(const playbook::Common& common, const source::Text& name);

}  // namespace tidelab::topology
