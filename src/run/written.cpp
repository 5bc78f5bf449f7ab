#include "run/written.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace tidelab::run {

namespace {

constexpr std::size_t most_told = 5;

bool of_a_name(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

// As a whole: `max-size` is not in `max-size-bytes`. A full stop behind it ends a sentence.
bool occurs(std::string_view name, std::string_view words) {
  for (auto at = words.find(name); at != words.npos; at = words.find(name, at + 1)) {
    auto behind = words.substr(at + name.size());
    if (behind.starts_with('.') && (behind.size() == 1 || !of_a_name(static_cast<unsigned char>(behind[1])))) behind = {};
    const bool begins = at == 0 || !of_a_name(static_cast<unsigned char>(words[at - 1]));
    if (begins && (behind.empty() || !of_a_name(static_cast<unsigned char>(behind.front())))) return true;
  }
  return false;
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::string where_written(const std::vector<std::pair<std::string, std::string>>& settings, const std::string& words) {
  std::vector<std::string> told, seen;
  for (const bool whole : {true, false}) {
    for (auto each = settings.rbegin(); each != settings.rend(); ++each) {
      const auto& [name, place] = *each;
      if (name.empty() || place.empty() || std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      if (!occurs(whole ? std::string_view(name) : last_part(name), words)) continue;
      seen.push_back(name);
      told.push_back(fmt::format("`{}` is written at {}", name, place));
    }
    if (!told.empty()) break;
  }
  std::reverse(told.begin(), told.end());
  if (told.size() > most_told) told.resize(most_told);
  return fmt::format("{}", fmt::join(told, ", "));
}

}  // namespace tidelab::run
