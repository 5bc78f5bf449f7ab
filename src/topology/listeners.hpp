// Private to this room: addresses as people write them in settings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/values.hpp"

namespace tidelab::topology {

/// `NAME://host:port`; names in capitals.
struct Listener {
  std::string name, host, port;
  std::string text;  ///< as written
};

/// The pieces of a text, without blanks around them; empty ones, too.
std::vector<std::string> split(std::string_view text, char at);

/// "host:port", "[::1]:port"; the host may be empty.
bool split_address(const std::string& text, std::string& host, std::string& port);

std::optional<Listener> parse_listener(const std::string& text);
/// Those that can be read; the others are told by the word `listeners`.
std::vector<Listener> parse_listeners(const std::string& text);
/// The same of addresses that may come without a name, as in `http://host:port` or `host:port`.
std::vector<Listener> parse_addresses(const std::string& text);

/// Where a piece of a value stands, if the value is written letter by letter.
source::Span span_of(const Found& value, const std::string& piece);

}  // namespace tidelab::topology
