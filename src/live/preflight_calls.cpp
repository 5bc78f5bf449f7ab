#include "live/preflight_calls.hpp"

#include <fmt/format.h>

#include "host/quote.hpp"

namespace tidelab::live {

std::string preflight_calls(const preflight::Asked& asked, bool after_looks) {
  auto out = std::string(after_looks ? "pre_looks\n" : "") + "pre_clock begin\npre_host\npre_knobs\npre_account\npre_commands";
  for (const auto& each : asked.commands) out += " " + host::quote(each);
  out += "\npre_dirs";
  for (const auto& each : asked.dirs) out += " " + host::quote(each);
  out += "\npre_services\npre_own\npre_labs\npre_ports";
  for (const auto each : asked.ports) out += fmt::format(" {:04X}", each);
  return out + "\npre_clock end\nfact end\n";
}

std::string knob_calls(const preflight::Knob& knob) {
  if (knob.of == preflight::Knob::Of::none) return {};
  const auto* name = knob.of == preflight::Knob::Of::swappiness ? "swappiness" : "huge_pages";
  return fmt::format("pre_set {} {}\n", name, host::quote(knob.value));
}

}  // namespace tidelab::live
