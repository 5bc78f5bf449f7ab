// Private to this room: what hosts print, read. Pure, since whatever a host prints may be anything at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.hpp"
#include "live/log_lines.hpp"
#include "run/effects.hpp"

namespace tidelab::live {

/// What the looks of `count` steps found; what nothing was said about is unknown.
std::vector<run::Looked> read_looks(std::string_view printed, std::size_t count);

/// What came of each of `count` steps of a command; nullopt: nothing was said about it.
std::vector<std::optional<step::Result<run::Done>>> read_results(const host::Output& output, std::size_t count);

/// The same where nothing was said about a step that was to be carried out.
step::Result<run::Done> nothing_said(const host::Output& output, std::size_t n);

/// Of each log its last bytes, and a host's clock when they were read.
inline constexpr std::size_t bytes_of_log = 256 << 10;
struct Logs {
  HostTime now{};
  std::chrono::seconds offset{};
  std::vector<LogEnd> ends;
  std::vector<std::string> unread;  ///< why not, by the same index; empty: it was read
};

/// The output of the command that reads the ends of `files`: the host's clock, then for each file a line with the mark and its
/// size, or the reason why it was not read. Fewer ends than files: it broke off.
Logs read_logs(const std::string& said, const std::string& mark, const std::vector<std::string>& files);

}  // namespace tidelab::live
