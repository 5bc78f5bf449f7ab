// The agent's script as a shell of this machine runs it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "host/host.hpp"
#include "support/catch.hpp"

namespace tidelab::shell {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tidelab-agent-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

inline step::Control within(std::chrono::seconds limit) { return {step::Clock::now() + limit, {}, {}}; }

inline host::Output run(host::Host& host, const std::string& script) {
  host::Command command;
  command.argv = {"sh", "-s"};
  command.input.text = script;
  const auto output = host.run(command, within(std::chrono::seconds(60)));
  REQUIRE(output);
  return *output;
}

}  // namespace tidelab::shell
