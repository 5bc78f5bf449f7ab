// Looks of text on a terminal, ours and nobody else's.
#pragma once

#include <string>
#include <string_view>

namespace tidelab::source {

/// `text` in a look, by the numbers of ECMA-48's SGR ("31", "1;33"); the usual one follows.
std::string painted(std::string_view text, std::string_view look);

/// How each sequence of ours begins. "\x1b[", until tell_ours_apart() was called.
const std::string& own_sequence();

/// From now on sequences of ours begin with a word that only this process knows, for a Screen to make "\x1b[" of: what hosts
/// and services send looks like none. Called once, before there are other threads.
void tell_ours_apart();

}  // namespace tidelab::source
