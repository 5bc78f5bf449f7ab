// What the tests of this room share: a cache and a folder of scripts that vanish, and what was said meanwhile.
#pragma once

#include <sys/stat.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "artifact/artifact.hpp"

namespace tidelab::tests {

namespace fs = std::filesystem;

struct Lab {
  std::string root = make_root();
  std::string cache = root + "/cache";
  std::mutex mutex{};
  std::vector<std::string> said{};

  Lab() = default;
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  static std::string make_root() {
    std::string name = "/tmp/tidelab-artifact.XXXXXX";
    return ::mkdtemp(name.data());
  }
  step::Control control(std::stop_token stop = {}) {
    step::Control made;
    made.deadline = step::Clock::now() + std::chrono::seconds(60);
    made.stop = std::move(stop);
    made.progress = [this](const std::string& line) {
      const std::lock_guard lock(mutex);
      said.push_back(line);
    };
    return made;
  }
  int said_with(const std::string& part) {
    const std::lock_guard lock(mutex);
    int count = 0;
    for (const auto& line : said) count += line.find(part) != line.npos ? 1 : 0;
    return count;
  }
  std::string write(const std::string& name, const std::string& text, bool runs = false) const {
    const auto path = root + "/" + name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), runs ? 0755 : 0644);
    return path;
  }
  /// A script that answers --versions, notes each build in `runs`, and then does `body`.
  std::string script(const std::string& body) const {
    return write(
        "playbook/assemble",
        "#!/bin/sh\nif [ \"$1\" = --versions ]; then echo 2.7.0; echo 4.1.0; exit 0; fi\necho x >>" + root + "/runs\n" + body + "\n", true);
  }
  long runs() const { return fs::exists(root + "/runs") ? static_cast<long>(fs::file_size(root + "/runs")) / 2 : 0; }
  /// Everything in the cache but locks.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    if (!fs::exists(cache)) return names;
    for (const auto& each : fs::recursive_directory_iterator(cache))
      if (!each.is_directory() && each.path().filename() != ".lock") names.push_back(each.path().filename());
    return names;
  }
};

inline std::string read_all(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline artifact::Wanted wanted(std::vector<artifact::Source> sources, const std::string& version = "2.7.0") {
  return {"kafka", version, "kafka.tgz", std::move(sources)};
}
inline artifact::Source official(const std::string& url, const std::string& checksum) {
  artifact::Source source;
  source.urls = {url};
  source.checksum = checksum;
  return source;
}
inline artifact::Source assembled(const std::string& script) {
  artifact::Source source;
  source.kind = artifact::Kind::assembled;
  source.script = script;
  source.note = "stand-in";
  return source;
}
inline artifact::Source file(const std::string& path) {
  artifact::Source source;
  source.kind = artifact::Kind::file;
  source.paths = {path};
  return source;
}

}  // namespace tidelab::tests
