// Private to yaml: characters that look like YAML's own signs and are none. A parser takes them for letters, and complains
// far from them, or not at all.
#pragma once

#include <optional>
#include <string>

#include "source/diagnostic.hpp"
#include "source/file.hpp"
#include "yaml/place.hpp"

namespace tidelab::yaml {

/// Complains (Y007) about each kind of them once, at the first one. Gives the text as it must be meant, in the same lines and
/// columns, or an empty one when it has none of them; nothing when a character stands for none, so that reading on would tell of what
/// nobody wrote.
std::optional<std::string> replace_look_alikes(const source::File& file, const Places& places, source::Diagnostics& diagnostics);

}  // namespace tidelab::yaml
