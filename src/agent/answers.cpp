#include "agent/answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace tidelab::agent {
namespace {

using State = Said::State;

State state_of(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, State>, 6> states{{{"holds", State::holds},
                                                                             {"differs", State::differs},
                                                                             {"outdated", State::outdated},
                                                                             {"made", State::made},
                                                                             {"restarted", State::restarted},
                                                                             {"failed", State::failed}}};
  const auto* found = std::find_if(states.begin(), states.end(), [&](const auto& each) { return each.first == word; });
  return found == states.end() ? State::other : found->second;
}

// One line, into what is said of its step.
void read_line(std::string_view line, std::vector<Said>& out) {
  const auto first = line.find('\t'), second = line.find('\t', first + 1);
  if (!line.starts_with('=') || second == std::string_view::npos) return;
  std::size_t number = 0;
  const auto* end = line.data() + first;
  const auto [stopped, error] = std::from_chars(line.data() + 1, end, number);
  if (error == std::errc() && stopped == end && number < out.size())
    out[number] = {state_of(line.substr(first + 1, second - first - 1)), std::string(line.substr(second + 1))};
}

}  // namespace

std::vector<Said> read_said(std::string_view printed, std::size_t count) {
  std::vector<Said> out(count);
  for (auto end = printed.find('\n'); end != std::string_view::npos; end = printed.find('\n')) {
    read_line(printed.substr(0, end), out);
    printed.remove_prefix(end + 1);
  }
  return out;
}

std::string read_evidence(std::string_view printed, std::size_t n) {
  const auto all = fmt::format("\n{}", printed);
  const auto mark = fmt::format("\n={}\n", n);
  const auto at = all.find(mark);
  const auto begin = at == std::string::npos ? 1 : at + mark.size();
  return all.substr(begin, std::max(begin, all.find("\n=", begin - 1)) - begin);
}

}  // namespace tidelab::agent
