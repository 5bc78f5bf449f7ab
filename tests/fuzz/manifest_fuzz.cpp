// Documents of a TiUP mirror: any text is one or is refused, and what was cut out of it is what it says.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "artifact/manifest.hpp"
#include "artifact/release.hpp"

using namespace tidelab::artifact;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto* type : {"root", "component"}) {
    const auto manifest = read_manifest(text, type);
    if (!manifest) continue;
    if (text.find(manifest->signed_bytes) == std::string::npos ||
        nlohmann::json::parse(manifest->signed_bytes) != nlohmann::json::parse(text)["signed"])
      std::abort();
    if (const auto role = read_role(object_at(object_at(manifest->body, "roles"), "root")); role && check_signatures(*manifest, *role))
      continue;
    const auto release = pick_release(*manifest, "m", "v8.5.0", "linux/amd64");
    if (release && (!release->place.starts_with("m/") || release->place.find('/', 2) != std::string::npos)) std::abort();
  }
  return 0;
}
