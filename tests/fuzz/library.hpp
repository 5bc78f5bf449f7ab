// The real playbooks, for targets that read topologies.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "playbook/playbook.hpp"
#include "source/diagnostic.hpp"

namespace tidelab::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n";
  std::abort();
}

struct World {
  source::Files files;
  source::Diagnostics diagnostics;
  playbook::Library library;

  const source::File& open(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    require(in.good(), path.c_str());
    return files.add(path.string(), std::string((std::istreambuf_iterator<char>(in)), {}));
  }
};

/// Read once for the life of the process.
inline const World& world() {
  static const World* made = [] {
    auto* out = new World;  // never freed: libFuzzer ends without destructors
    const std::filesystem::path home = TIDELAB_FUZZ_HOME;
    out->library.common = playbook::read_common(out->open(home / "playbooks" / "common.yaml"), out->diagnostics);
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(home / "playbooks")) folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    playbook::Fragments fragments;
    for (const auto& entry : std::filesystem::directory_iterator(home / "playbooks" / "lib"))
      if (entry.path().extension() == ".yaml") fragments[entry.path().stem().string()] = &out->open(entry.path());
    for (const auto& folder : folders) {
      if (!std::filesystem::exists(folder / "playbook.yaml")) continue;
      auto playbook = playbook::read_playbook(out->open(folder / "playbook.yaml"), folder.string(), out->diagnostics, fragments);
      if (playbook.section.empty())
        out->library.runtimes.emplace(playbook.component.value, std::move(playbook));
      else
        out->library.by_section.emplace(playbook.section.value, std::move(playbook));
    }
    require(!out->diagnostics.has_errors(), "the playbooks are good");
    return out;
  }();
  return *made;
}

}  // namespace tidelab::fuzz
