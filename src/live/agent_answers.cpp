// What hosts print, read: see the header.
#include "live/agent_answers.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "agent/answers.hpp"

namespace tidelab::live {

namespace {

using agent::Said;
using step::Why;

constexpr long long most_seconds = 100'000'000'000;  // since 1970; some 3,000 years, so that nothing made of it overflows

// Digits and nothing else, and no more than `most`.
std::optional<long long> number_in(std::string_view text, long long most) {
  long long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.starts_with('-');
  return whole && out <= most ? std::optional(out) : std::nullopt;
}

// "+0100"
std::chrono::seconds zone_of(std::string_view text) {
  const auto number = text.size() == 5 ? number_in(text.substr(1), 9999) : std::nullopt;
  const auto out = std::chrono::seconds(number.value_or(0) / 100 * 3600 + number.value_or(0) % 100 * 60);
  return text.starts_with('-') ? -out : out;
}

// "1024", which some print with blanks before it.
std::optional<long long> size_of(std::string_view told) {
  told.remove_prefix(std::min(told.find_first_not_of(' '), told.size()));
  return number_in(told, std::numeric_limits<long long>::max());
}

}  // namespace

std::vector<run::Looked> read_looks(std::string_view printed, std::size_t count) {
  std::vector<run::Looked> out;
  for (auto& said : agent::read_said(printed, count)) {
    auto state = run::Looked::State::unasked;
    if (said.state == Said::State::nothing) state = run::Looked::State::unknown;
    if (said.state == Said::State::holds) state = run::Looked::State::holds;
    const bool outdated = said.state == Said::State::outdated;
    if (said.state == Said::State::differs || outdated) state = run::Looked::State::differs;
    out.push_back({state, std::move(said.note), outdated});
  }
  return out;
}

namespace {

// The note of a step that failed: a code, and behind it what the host knows to be the reason.
step::Result<run::Done> failure_of(const std::string& note, std::string evidence) {
  const auto known = note.find(' ');
  auto reason = known == std::string::npos ? evidence.substr(0, evidence.find('\n')) : note.substr(known + 1);
  if (reason.empty()) reason = fmt::format("it ended with {}", note);
  return step::fail(Why::failed, reason, std::move(evidence));
}

}  // namespace

std::vector<std::optional<step::Result<run::Done>>> read_results(const host::Output& output, std::size_t count) {
  std::vector<std::optional<step::Result<run::Done>>> out(count);
  const auto all = agent::read_said(output.out, count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto& said = all[n];
    const bool restarted = said.state == Said::State::restarted, made = restarted || said.state == Said::State::made;
    if (said.state == Said::State::holds || made)
      out[n] = run::Done{made, said.note, {}, restarted};
    else if (said.state == Said::State::failed)
      out[n] = failure_of(said.note, agent::read_evidence(output.err, n));
    else if (said.state != Said::State::nothing)
      out[n] = step::fail(Why::failed, "its host answered what the agent does not say: " + said.note, agent::read_evidence(output.err, n));
  }
  return out;
}

step::Result<run::Done> nothing_said(const host::Output& output, std::size_t n) {
  auto evidence = agent::read_evidence(output.err, n);
  while (evidence.ends_with('\n')) evidence.pop_back();
  const auto reason = evidence.substr(evidence.rfind('\n') + 1);  // what is said last is nearest to why it ended
  return step::fail(Why::failed, reason.empty() ? fmt::format("it ended with {}", output.code) : reason, evidence);
}

Logs read_logs(const std::string& said, const std::string& mark, const std::vector<std::string>& files) {
  Logs out;
  const auto head = said.substr(0, said.find('\n'));
  const auto blank = head.find(' ');
  out.now = std::chrono::seconds(number_in(std::string_view(head).substr(0, blank), most_seconds).value_or(0));
  if (blank != std::string::npos) out.offset = zone_of(std::string_view(head).substr(blank + 1));
  for (std::size_t at = said.find("\n" + mark + " "); at != std::string::npos && out.ends.size() < files.size();) {
    const auto line = at + 1 + mark.size() + 1, end = std::min(said.find('\n', line), said.size());
    const auto next = said.find("\n" + mark + " ", end);
    const auto told = said.substr(line, end - line);
    const auto size = size_of(told);
    const auto from = std::min(end + 1, said.size()), to = std::max(from, std::min(next, said.size()));
    LogEnd log{files[out.ends.size()], size ? said.substr(from, to - from) : std::string(), out.ends.empty(), true, out.offset};
    log.whole = !size || *size <= static_cast<long long>(bytes_of_log);
    out.ends.push_back(std::move(log));
    out.unread.push_back(size ? std::string() : told);
    at = next;
  }
  return out;
}

}  // namespace tidelab::live
