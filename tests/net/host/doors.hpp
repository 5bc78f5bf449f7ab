// What tests of hosts have in common: a time to keep to, texts, and a host behind each of the three doors.
#pragma once

#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "host/host.hpp"
#include "support/sshd.hpp"

namespace tidelab::doors {

inline host::Control within(std::chrono::seconds time) {
  host::Control control;
  control.deadline = step::Clock::now() + time;
  return control;
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

enum class Door { local, builtin, system };

/// This machine, or an sshd of its own through one of the two clients.
struct Place {
  explicit Place(Door door) {
    if (door == Door::local) {
      host = host::make_local();
      return;
    }
    sshd.emplace();
    host::SshTarget target{"127.0.0.1", sshd->port(), sshd->user(), {sshd->identity()}, sshd->known_hosts()};
    target.config_file = "none";
    host = door == Door::builtin ? host::make_ssh(target) : host::make_system_ssh(target);
  }
  std::optional<support::Sshd> sshd;
  std::unique_ptr<host::Host> host;
};

}  // namespace tidelab::doors
