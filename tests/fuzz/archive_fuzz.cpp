// Any bytes at all as an archive: nothing but files and directories is made, all of it below the folder, and no more than may be.
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "artifact/unpacker.hpp"

namespace fs = std::filesystem;
using namespace tidelab::artifact;

namespace {

constexpr long long most = 1 << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

// Of memory, so that a run costs no disk: /dev/shm.
const fs::path& place() {
  static const fs::path made = [] {
    std::string name = "/dev/shm/tidelab-fuzz-XXXXXX";
    require(::mkdtemp(name.data()) != nullptr);
    return fs::path(name);
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto folder = place() / "in";
  fs::create_directories(folder);
  Allowance allowance(folder, most);
  Unpacker unpacker(folder, {most / 2, 20}, allowance, {});
  unpacker.feed({reinterpret_cast<const char*>(data), size});
  const auto made = unpacker.finish();
  require(made.left_out.size() <= 101);
  std::uintmax_t bytes = 0;
  for (const auto& each : fs::recursive_directory_iterator(folder)) {
    const auto kind = each.symlink_status().type();
    require(kind == fs::file_type::regular || kind == fs::file_type::directory);
    if (kind == fs::file_type::regular) bytes += each.file_size();
  }
  require(bytes <= static_cast<std::uintmax_t>(most));
  require(std::distance(fs::directory_iterator(place()), fs::directory_iterator()) == 1);
  fs::remove_all(folder);
  return 0;
}
