// A plain TCP door.
#pragma once

#include <string>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::client {

using step::Control;
using step::Result;

/// "host:port" or "[v6]:port" split; nullopt-like: port 0 means that it does not parse.
struct Address {
  std::string host;
  int port = 0;
};
Address parse_address(const std::string& text);

/// Connects; with `send`, sends it and reads until the peer closes (at most 1 MiB) and gives what it read.
/// Failures: Why::refused, Why::timed_out, Why::unreachable (name does not resolve, no route), Why::interrupted.
Result<std::string> tcp(const std::string& address, const std::string& send, const Control& control);

}  // namespace tidelab::client
