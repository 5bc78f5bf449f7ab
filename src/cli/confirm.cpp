// Before data are destroyed: the lab's name is typed, or `--yes` was said.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

namespace {

// A line of the terminal; none at its end, or when the user wants to stop. The terminal gives whole lines.
std::optional<std::string> read_answer(const std::stop_token& stop) {
  constexpr int glance_ms = 200;
  std::string line;
  std::array<char, 256> buffer{};
  while (!stop.stop_requested()) {
    pollfd wait{STDIN_FILENO, POLLIN, 0};
    if (::poll(&wait, 1, glance_ms) <= 0) continue;
    const auto got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    line.append(buffer.data(), static_cast<std::size_t>(got));
    if (const auto end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    if (line.size() > 4096) return line;
  }
  return std::nullopt;
}

}  // namespace

Consent ask_for_consent(const std::string& lab, const std::string& what, const Options& options) {
  if (options.yes) return Consent::given;
  if (::isatty(STDIN_FILENO) == 0) {
    std::cerr << fmt::format("tidelab: {}, and there is no terminal to ask whether that is meant; nothing was changed\n", what)
              << "help: say `--yes`; `tidelab down --keep-data` leaves the data\n";
    return Consent::nobody;
  }
  std::cerr << fmt::format("{}.\nType the lab's name, {}, to go on: ", what, lab) << std::flush;
  const auto answer = read_answer(options.stop);
  if (answer == lab) return Consent::given;
  std::cerr << (answer ? fmt::format("that is not {}; nothing was changed\n", lab) : std::string("\nnothing was changed\n"));
  return Consent::refused;
}

}  // namespace tidelab::cli
