// A whole file as text: apart, since records and reports need it and nothing else of loading.
#include <fstream>
#include <iterator>

#include "cli/load.hpp"

namespace tidelab::cli {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (in.bad()) return std::nullopt;
  return text;
}

}  // namespace tidelab::cli
