// Any bytes at all as a text with `${…}`, as a default of a playbook or a value of a topology may hold them: it is
// expanded or refused, and grows by no more than its limit.
#include <cstdint>
#include <string>

#include "library.hpp"
#include "topology/scope.hpp"

namespace {

using namespace tidelab;
using fuzz::require;

// A lab with all sections, so that names and functions have something to stand for.
const topology::Topology& lab() {
  static const topology::Topology* made = [] {
    static fuzz::World files;
    static source::Diagnostics diagnostics;
    const auto& file = files.open(std::filesystem::path(TIDELAB_FUZZ_HOME) / "topologies" / "one_host.yaml");
    auto* out = new topology::Topology(topology::read_topology(file, fuzz::world().library, {"fuzz", ""}, diagnostics));
    require(!diagnostics.has_errors(), "the lab is good");
    return out;
  }();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const source::File file{"fuzz", std::string(reinterpret_cast<const char*>(data), size)};
  const source::Text text{file.text, {&file, 1, 1, 1}};
  for (const auto& instance : lab().instances) {
    source::Diagnostics diagnostics;
    topology::Scope scope(lab(), &instance, diagnostics);
    scope.set("token", "t1");
    const auto expanded = scope.expand(text);
    (void)scope.whole_value(text);
    require(expanded.size() <= topology::most_expanded, "an expanded text stays below its limit");
    if (text.value.find('$') == std::string::npos)
      require(expanded == text.value && diagnostics.empty(), "a text without a dollar is itself");
    for (const auto* each : diagnostics.ordered()) require(!each->message.empty(), "a complaint says something");
    require(diagnostics.empty() == render_text(diagnostics).empty(), "complaints are rendered");
  }
  return 0;
}
