// What the operating system has to say about files and time, in our words.
#include <sys/statvfs.h>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "artifact/sources.hpp"

namespace tidelab::artifact {

namespace fs = std::filesystem;

bool is_no_room(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

Failure no_room(const std::string& directory, const std::string& what) {
  struct statvfs info {};
  const auto free = ::statvfs(directory.c_str(), &info) == 0 ? info.f_bavail * info.f_frsize : 0;
  Failure failure{Why::failed, fmt::format("disk full: {} does not fit into {} ({} bytes are free)", what, directory, free)};
  failure.help = "free some space there, or move the cache (XDG_CACHE_HOME)";
  return failure;
}

Failure os_failure(const std::string& what, int error) { return {Why::failed, fmt::format("{}: {}", what, std::strerror(error))}; }

tl::unexpected<Refusal> refuse_write(const std::string& path, int error) {
  const fs::path place(path);
  if (is_no_room(error)) return end_search(no_room(place.parent_path(), place.filename()));
  return end_search(os_failure("cannot write " + path, error));
}

Failure ended(const Control& control, const std::string& doing) {
  if (control.stopped()) return {Why::interrupted, "stopped while " + doing};
  return {Why::timed_out, "no time left while " + doing};
}

}  // namespace tidelab::artifact
