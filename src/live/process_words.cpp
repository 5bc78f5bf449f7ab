// A process in words: see the header.
#include "live/process_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "step/match.hpp"

namespace tidelab::live {

namespace {

// Nobody can tell a component that starts from one that hangs; this long it has the benefit of the doubt.
constexpr long still_starting = 60;
constexpr long largest = 100'000'000'000;  // seconds, in some 3,000 years: what is more is no number of a host's
constexpr long killed = 128 + SIGKILL;

struct Process {
  const step::Answer& answer;
  std::string text(const char* pointer) const { return step::value_at(answer, pointer).value_or(std::string()); }
  long number(const char* pointer, long otherwise = 0) const {
    const auto found = text(pointer);
    long value = 0;
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), value);
    const bool whole = error == std::errc() && end == found.data() + found.size();
    return whole && value >= 0 && value <= largest ? value : otherwise;
  }
};

std::string span_text(long whole) {
  if (whole < 120) return fmt::format("{} s", whole);
  return whole < 7200 ? fmt::format("{} min", whole / 60) : fmt::format("{} h", whole / 3600);
}

std::string end_text(long code) {
  struct Name {
    int signal;
    const char* name;
  };
  constexpr std::array names{Name{SIGKILL, "SIGKILL"}, Name{SIGTERM, "SIGTERM"}, Name{SIGABRT, "SIGABRT"}, Name{SIGSEGV, "SIGSEGV"},
                             Name{SIGBUS, "SIGBUS"},   Name{SIGINT, "SIGINT"},   Name{SIGHUP, "SIGHUP"}};
  for (const auto& each : names)
    if (code == 128 + each.signal) return fmt::format("was killed by {} (exit code {})", each.name, code);
  return fmt::format("ended with exit code {}", code);
}

std::string times_text(long times) { return times == 1 ? std::string("once") : fmt::format("{} times", times); }

// How its last process ended, and when; empty where nobody saw it.
std::string last_end(const Process& process) {
  const long code = process.number("/exit", -1), ended = process.number("/ended_seconds", -1);
  if (code < 0) return {};
  auto out = "its last process " + end_text(code);
  if (code == killed && process.number("/oom") > 0) out = "its last process was killed by the kernel (out of memory)";
  if (ended >= 0) out += fmt::format(", {} ago", span_text(ended));
  return out;
}

constexpr std::size_t most_said = 64 << 10;
constexpr long long largest_of_json = 1LL << 53;  // what all readers of JSON have in common

using nlohmann::json;

bool is_modest(const json& number) {
  if (number.is_number_unsigned()) return number.get<std::uint64_t>() <= std::uint64_t(largest_of_json);
  const auto value = number.get<std::int64_t>();
  return value >= -largest_of_json && value <= largest_of_json;
}

// Empty: it has the form.
std::string fault_in_process(const json& said) {
  if (!said.is_object() || !said.contains("running") || !said.contains("state")) return "it is no JSON object of that form";
  for (const auto& [name, value] : said.items()) {
    const bool flag = name == "running" || name == "restarting", text = name == "state" || name == "exe";
    if (flag && !value.is_boolean()) return fmt::format("`{}` is neither true nor false", name);
    if (text && !value.is_string()) return fmt::format("`{}` is no text", name);
    if (!flag && !text && !value.is_number_integer() && !value.is_null()) return fmt::format("`{}` is no whole number", name);
    if (value.is_number() && !is_modest(value)) return fmt::format("`{}` is too large", name);
  }
  constexpr std::array states{"running", "stopped", "zombie", "restarting", "down"};
  const bool known = std::find(states.begin(), states.end(), said["state"].get<std::string>()) != states.end();
  return known ? std::string() : "`state` is none of its words";
}

}  // namespace

step::Result<std::string> read_process(std::string_view said, const std::string& service, const std::string& host) {
  auto fault = fmt::format("it has more than {} bytes", most_said);
  // Depth is nothing to fear: the parser goes down no stack, and what is nested is no number.
  if (said.size() <= most_said) {
    const auto parsed = json::parse(said, nullptr, false);
    fault = parsed.is_discarded() ? "it is no JSON" : fault_in_process(parsed);
  }
  if (fault.empty()) return std::string(said);
  step::Failure failure{step::Why::unreachable, {}, std::string(said.substr(0, 300)), {}, {}, {}};
  failure.what = fmt::format("what {} says of the service {} cannot be used: {}", host, service, fault);
  failure.help = "look on that host at the files of the service below run/ in the state directory";
  return tl::unexpected(std::move(failure));
}

ProcessWords describe_process(const ProcessOf& of, const step::Answer& answer) {
  const Process process{answer};
  const auto word = process.text("/state"), pid = process.text("/pid");
  const long up = process.number("/up_seconds"), restarts = process.number("/restarts"), ended = process.number("/ended_seconds", -1);
  const auto end = last_end(process);
  const bool for_memory = process.number("/exit", -1) == killed && process.number("/oom") > 0;
  const auto again = restarts > 0 ? fmt::format(", restarted {} so far", times_text(restarts)) : std::string();
  const auto restart = fmt::format("`tidelab restart {} --node {}`", of.lab, of.node);
  const auto behind = [](const std::string& text) { return text.empty() ? text : "; " + text; };
  ProcessWords out;
  if (ended >= 0) out.ended = ended;
  if (word == "stopped") {
    out.state = "stopped";
    out.ended = std::nullopt;
    out.text = fmt::format("{}: its process {} is stopped (state T, as by SIGSTOP), up {}{}\n→ `kill -CONT {}` on {}, or {}", of.component,
                           pid, span_text(up), again, pid, of.host, restart);
  } else if (word == "zombie") {
    out.state = "zombie";
    out.text = fmt::format("{}: its process {} has ended, and is a zombie: whoever started it does not take note of it{}\n→ {}",
                           of.component, pid, again, restart);
  } else if (word == "restarting") {
    out.state = for_memory ? "out of memory" : "restarting";
    out.text = fmt::format("{}: it has no process at the moment{}, and will be started again{}", of.component, again, behind(end));
  } else if (word == "down") {
    out.state = for_memory ? "out of memory" : "down";
    out.text = fmt::format("{}: it is not running{}\n→ `tidelab up` starts it, or {}", of.component, behind(end), restart);
  } else if (up < still_starting && restarts > 0) {
    out.state = for_memory ? "out of memory" : "restarting";
    out.text = fmt::format("{}: its process {} is up for {} only{}{}", of.component, pid, span_text(up), again, behind(end));
  } else {
    out.ended = std::nullopt;
    if (up < still_starting) out.state = "starting";
    out.text = fmt::format("{}: its process {} runs, up {}{}{}", of.component, pid, span_text(up), again,
                           up < still_starting ? ": it may still be starting" : "");
  }
  return out;
}

}  // namespace tidelab::live
