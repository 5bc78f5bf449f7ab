// What is fetched from a server, as opposed to what lies on this machine.
#pragma once

#include <string_view>

namespace tidelab::step {

/// Whether a place that people write is an http or https URL; anything else is a path.
inline bool is_url(std::string_view place) { return place.starts_with("http://") || place.starts_with("https://"); }

}  // namespace tidelab::step
