#include "agent/keeper.hpp"

#include <fmt/format.h>

#include "agent/script.hpp"
#include "host/quote.hpp"

namespace tidelab::agent {
namespace {

// Only in the process of the service: what it is given may have the names of our variables.
std::string exports(const Kept& s) {
  std::string out;
  for (const auto& [key, value] : s.env) out += fmt::format("export {}={}\n", key, host::quote(value));
  return out;
}

std::string directory(const Kept& s) { return host::quote(s.cwd.empty() ? "/" : s.cwd); }

}  // namespace

std::string once_script(const Kept& s) {
  return fmt::format("{}cd {} || exit 1\nexec {}\n", exports(s), directory(s), host::quote_argv(s.argv));
}

std::string exec_script(const Kept& s) {
  return "#!/bin/sh\n# Started by systemd; written by tidelab, which replaces it at the next change.\n" + once_script(s);
}

std::string keeper_script(const Kept& s) {
  return fmt::format(
      "#!/bin/sh\n# Keeps one service running; written by tidelab, which replaces it at the next change.\nR={}\nLOG={}\nSTOP={}\n"
      "run_service() {{\n{}exec {}\n}}\ncd {} || exit 1\n{}",
      host::quote(s.run_dir + "/own"), host::quote(s.log), s.stop_signal.empty() ? "TERM" : s.stop_signal, exports(s),
      host::quote_argv(s.argv), directory(s), program("keeper"));
}

}  // namespace tidelab::agent
