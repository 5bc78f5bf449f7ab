// How much an archive is when it is unpacked, without unpacking it.
#include <array>
#include <filesystem>
#include <fstream>

#include "artifact/artifact.hpp"

namespace tidelab::artifact {

namespace {

constexpr long long guessed_times = 4;           // xz and bzip2 do not say
constexpr long long gzip_counts_to = 1LL << 32;  // it notes the size modulo this

}  // namespace

long long unpacked_bytes(const std::string& path) {
  std::error_code error;
  const auto size = static_cast<long long>(std::filesystem::file_size(path, error));
  if (error) return 0;
  if (path.ends_with(".xz") || path.ends_with(".bz2")) return size * guessed_times;
  if (!path.ends_with(".gz") && !path.ends_with(".tgz")) return size;
  std::array<unsigned char, 4> end{};
  std::ifstream file(path, std::ios::binary);
  file.seekg(-4, std::ios::end);
  if (!file.read(reinterpret_cast<char*>(end.data()), end.size())) return size;
  long long out = 0;
  for (auto byte = end.rbegin(); byte != end.rend(); ++byte) out = out * 256 + *byte;
  while (out < size) out += gzip_counts_to;  // nothing that gzip makes is much larger than what went in
  return out;
}

}  // namespace tidelab::artifact
