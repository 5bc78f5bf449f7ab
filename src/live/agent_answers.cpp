// What hosts print, read: see the header.
#include "live/agent_answers.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace tidelab::live {

namespace {

using step::Why;

constexpr long long most_seconds = 100'000'000'000;  // since 1970; some 3,000 years, so that nothing made of it overflows

// Digits and nothing else, and no more than `most`.
std::optional<long long> number_in(std::string_view text, long long most) {
  long long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.starts_with('-');
  return whole && out <= most ? std::optional(out) : std::nullopt;
}

// What was said on stderr about one of the steps; without a mark of it, what was said before any of them.
std::string said_of(const std::string& text, std::size_t n) {
  const auto all = "\n" + text;
  const auto mark = fmt::format("\n={}\n", n);
  const auto at = all.find(mark);
  const auto begin = at == std::string::npos ? 1 : at + mark.size();
  return all.substr(begin, std::max(begin, all.find("\n=", begin - 1)) - begin);
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

std::vector<run::Looked> read_looks(std::string_view rest, std::size_t count) {
  std::vector<run::Looked> out(count);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.starts_with('=')) continue;
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    if (second == std::string_view::npos) continue;
    const auto number = number_in(line.substr(1, first - 1), std::numeric_limits<int>::max());
    if (!number || static_cast<std::size_t>(*number) >= count) continue;
    const auto state = line.substr(first + 1, second - first - 1);
    const auto meant = state == "differs" ? run::Looked::State::differs
                       : state == "holds" ? run::Looked::State::holds
                                          : run::Looked::State::unasked;
    out[static_cast<std::size_t>(*number)] = {meant, std::string(line.substr(second + 1))};
  }
  return out;
}

std::optional<step::Result<run::Done>> result_of(const host::Output& output, std::size_t n) {
  const auto all = "\n" + output.out;
  const auto at = all.find(fmt::format("\n={}\t", n));
  if (at == std::string::npos) return std::nullopt;
  const auto line = all.substr(at + 1, all.find('\n', at + 1) - at - 1);
  const auto state = line.find('\t') + 1, note = line.find('\t', state) + 1;
  if (note == 0) return std::nullopt;  // it broke off
  if (!line.substr(state).starts_with("failed")) return run::Done{!line.substr(state).starts_with("holds"), line.substr(note), {}};
  const auto evidence = said_of(output.err, n);
  const auto known = line.find(' ', note);  // the code, and behind it what the host knows to be the reason
  auto reason = known == std::string::npos ? evidence.substr(0, evidence.find('\n')) : line.substr(known + 1);
  if (reason.empty()) reason = fmt::format("it ended with {}", line.substr(note));
  return step::fail(Why::failed, reason, evidence);
}

step::Result<run::Done> nothing_said(const host::Output& output, std::size_t n) {
  auto evidence = said_of(output.err, n);
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
