#include "step/unit_file.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace tidelab::step {

namespace {

bool is_alnum(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool all_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(static_cast<unsigned char>(c)) || others.find(c) != others.npos; });
}

bool has_control(std::string_view text, std::string_view but) {
  return std::any_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 || byte == 0x7f) && but.find(c) == but.npos;
  });
}

// Well-formed as Unicode has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int more = lead < 0x80                   ? 0
                     : lead >= 0xc2 && lead < 0xe0 ? 1
                     : lead >= 0xe0 && lead < 0xf0 ? 2
                     : lead >= 0xf0 && lead < 0xf5 ? 3
                                                   : -1;
    if (more < 0 || i + static_cast<std::size_t>(more) >= text.size()) return false;
    for (int k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]);
      const bool low = k == 1 && ((lead == 0xe0 && next < 0xa0) || (lead == 0xf0 && next < 0x90));
      const bool high = k == 1 && ((lead == 0xed && next > 0x9f) || (lead == 0xf4 && next > 0x8f));
      if ((next & 0xc0) != 0x80 || low || high) return false;
    }
    i += static_cast<std::size_t>(more) + 1;
  }
  return true;
}

bool sayable(std::string_view text, std::string_view controls) { return is_utf8(text) && !has_control(text, controls); }

// A path that takes the rest of its line: blanks at the end are cut off there, and a backslash joins the next line.
bool sayable_path(std::string_view path) {
  return path.empty() || (path.front() == '/' && sayable(path, "") && path.back() != ' ' && path.back() != '\\');
}

std::string doubled(std::string_view text, char what) {
  std::string out;
  for (const char c : text) out.append(c == what ? 2 : 1, c);
  return out;
}

// One word of a line that is split: specifiers doubled, and in quotes what is not plain.
std::string word(std::string_view text) {
  if (!text.empty() && all_of(text, "/_.:=,@+-")) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out.append(c == '%' ? 2 : 1, c);
  }
  return out + "\"";
}

// For people: nothing in it may end the line or join it to the next.
std::string remark(std::string_view text) {
  auto out = doubled(text, '%');
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') c = '?';
  return out;
}

}  // namespace

std::string unit_name(const std::string& lab, const std::string& service) {
  std::string out = "tidelab-" + lab + ".";
  for (const char c : service) {
    const auto byte = static_cast<unsigned char>(c);
    out += is_alnum(byte) || c == '_' || c == '.' || c == ':' || c == '-' ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return out + ".service";
}

bool unit_can_say(const UnitFile& unit) {
  if (unit.argv.empty() || unit.argv.front().empty()) return false;
  const auto& program = unit.argv.front();
  const bool found = program.front() == '/' || program.find('/') == program.npos;
  if (!found || !is_alnum(static_cast<unsigned char>(program[program.front() == '/' && program.size() > 1 ? 1 : 0])) ||
      !all_of(program, "/_.,+-"))
    return false;
  const auto argument = [](const std::string& each) { return sayable(each, "\t\n"); };
  const auto variable = [](const auto& each) {
    return !each.first.empty() && all_of(each.first, "_") && (each.first[0] < '0' || each.first[0] > '9') && sayable(each.second, "\t\n");
  };
  return std::all_of(unit.argv.begin(), unit.argv.end(), argument) && std::all_of(unit.env.begin(), unit.env.end(), variable) &&
         sayable_path(unit.cwd) && sayable_path(unit.log);
}

std::string render_unit(const UnitFile& unit) {
  std::string out = fmt::format(
      "# tidelab: {}\n# Written by tidelab, which replaces it at the next change and removes it with the lab.\n\n", unit.state_dir);
  out += fmt::format("[Unit]\nDescription={} of lab {}\n", remark(unit.service), remark(unit.lab));
  if (!unit.of_user) out += "Wants=network-online.target\nAfter=network-online.target\n";
  out += "StartLimitIntervalSec=0\n\n[Service]\nType=exec\n";
  if (!unit.user.empty()) out += fmt::format("User={}\n", unit.user);
  if (!unit.cwd.empty()) out += fmt::format("WorkingDirectory={}\n", doubled(unit.cwd, '%'));
  for (const auto& [key, value] : unit.env) out += fmt::format("Environment={}\n", word(key + "=" + value));
  // systemd would open the log as root, through whatever link its account may have put there: the account opens it itself.
  const bool opens_log = !unit.log.empty() && !unit.user.empty() && !unit.of_user;
  out += "ExecStart=";
  if (opens_log) {
    if (unit.argv.front().front() == '/')
      out.insert(out.size() - 10, fmt::format("ExecStartPre=/usr/bin/test -x {}\n", word(unit.argv[0])));
    out += "/bin/sh -c \"exec >>\\\"$$0\\\" 2>&1; exec \\\"$$@\\\"\" " + doubled(word(unit.log), '$') + " ";
  }
  for (std::size_t i = 0; i < unit.argv.size(); ++i) out += (i == 0 ? "" : " ") + doubled(word(unit.argv[i]), '$');
  out += "\n";
  if (!unit.log.empty() && !opens_log) out += fmt::format("StandardOutput=append:{}\nStandardError=inherit\n", doubled(unit.log, '%'));
  // A JVM that was asked to end says 143.
  out += "Restart=always\nRestartSec=2s\nSuccessExitStatus=143\n";
  out += fmt::format("KillMode=mixed\nKillSignal=SIG{}\nTimeoutStopSec={}s\n", unit.stop_signal.empty() ? "TERM" : unit.stop_signal,
                     unit.stop_seconds);
  // More than a host allows is lowered to what it allows.
  out += "LimitNOFILE=1000000\n\n";
  out += fmt::format("[Install]\nWantedBy={}\n", unit.of_user ? "default.target" : "multi-user.target");
  return out;
}

}  // namespace tidelab::step
