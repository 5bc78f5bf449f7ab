// How far words are from each other.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidelab::source {

/// How many slips of the finger lie between the two: a letter more, less or other, or two neighbours swapped.
std::size_t edits_between(std::string_view word, std::string_view other);

}  // namespace tidelab::source
