// An HTTP door for probes and small API calls.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::client {

using step::Control;
using step::Result;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// Any complete answer is an answer, whatever its status. Failures: Why::refused (connection refused, reset,
/// not HTTP), Why::timed_out, Why::interrupted, Why::unreachable (name does not resolve, no route).
/// Connections are kept and reused per thread. Proxies from the environment are ignored: a lab's addresses are local.
/// Redirects are not followed. A body above 16 MiB, and headers above 256 KiB, are refused (Why::refused).
Result<HttpAnswer> http(const HttpRequest& request, const Control& control);

}  // namespace tidelab::client
