#include "cli/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "disk/own_dir.hpp"
#include "disk/read_text.hpp"
#include "yaml/document.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

std::optional<std::string> read_file(const std::string& path) {
  auto text = disk::read_text(path, yaml::Limits{}.bytes);
  if (!text) return std::nullopt;
  return std::move(*text);
}

disk::Outcome<std::string> absolute_path(const std::string& path) {
  std::error_code error;
  auto out = fs::absolute(path, error).string();
  if (error) return disk::refused(fmt::format("where {} is cannot be told; the current directory", path), error.value());
  return out;
}

bool write_file(const std::string& path, const std::string& text) {
  constexpr mode_t as_asked = 0666;  // narrowed by the umask
  const auto part = path + ".part";
  ::unlink(part.c_str());  // of a run that was killed
  process::Fd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, as_asked));
  if (file && disk::write_all(file.get(), text) && ::rename(part.c_str(), path.c_str()) == 0) return true;
  std::cerr << fmt::format("tidelab: cannot write {}: {}\n", path, std::strerror(errno));
  return false;
}

}  // namespace tidelab::cli
