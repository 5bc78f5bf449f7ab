// A directory for one test, that vanishes.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tidelab::tests {

struct Scratch {
  std::string root = [] {
    std::string name = "/tmp/tidelab-disk.XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  mode_t umask = ::umask(0);  // so that nothing but the code narrows what it makes

  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    ::umask(umask);
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }

  std::string path(const std::string& name) const { return root + "/" + name; }
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), mode);
    return path(name);
  }
  std::string folder(const std::string& name, mode_t mode = 0700) const {
    std::filesystem::create_directories(path(name));
    ::chmod(path(name).c_str(), mode);
    return path(name);
  }
};

inline mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

inline std::string content_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr uid_t somebody = 65534;  // who has no account of the tests; only root can give files away
inline bool can_give_away() { return ::geteuid() == 0; }

}  // namespace tidelab::tests
