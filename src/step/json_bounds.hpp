// How much a JSON text may hold before anybody builds values of it: a few bytes of text can be many of memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidelab::step {

struct JsonBounds {
  std::size_t bytes;
  std::size_t values;  ///< members of objects, elements of lists and what holds them
  std::size_t depth;   ///< lists and objects within each other
};

/// What of the text is more than that, as in "it is nested deeper than 64"; empty when nothing is. The text need not be JSON:
/// what is wrong with it otherwise is for who parses it.
std::string beyond(std::string_view json, const JsonBounds& bounds);

}  // namespace tidelab::step
