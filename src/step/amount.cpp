#include "step/amount.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace tidelab::step {

namespace {

constexpr auto most_bytes = std::numeric_limits<long long>::max();

// Takes the digits at the beginning.
std::optional<long long> take_number(std::string_view& text) {
  long long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || text.front() == '-') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return out;
}

long long times(long long a, long long b) { return a > most_bytes / b ? most_bytes : a * b; }
long long plus(long long a, long long b) { return b > most_bytes - a ? most_bytes : a + b; }

// "", "b", "k", "kb", "kib", …, whatever its letters' case: the power of 1024.
std::optional<int> power_of(std::string_view written) {
  std::string unit(written);
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (unit.empty() || unit == "b") return 0;
  constexpr std::string_view letters = "kmgt";
  const auto at = letters.find(unit.front());
  const auto rest = unit.substr(1);
  if (at == letters.npos || (!rest.empty() && rest != "b" && rest != "ib")) return std::nullopt;
  return static_cast<int>(at) + 1;
}

std::optional<long long> milliseconds_of(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1'000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return std::nullopt;
}

}  // namespace

std::optional<long long> read_size(std::string_view text) {
  const auto whole = take_number(text);
  if (!whole) return std::nullopt;
  std::string_view fraction;
  if (text.starts_with('.')) {
    fraction = text.substr(1, std::min(text.find_first_not_of("0123456789", 1), text.size()) - 1);
    if (fraction.empty()) return std::nullopt;
    text.remove_prefix(fraction.size() + 1);
  }
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto power = power_of(text);
  if (!power || (!fraction.empty() && *power == 0)) return std::nullopt;
  const auto factor = 1LL << (10 * *power);
  double part = 0, digit = 1;
  for (const char c : fraction) part += (c - '0') * (digit /= 10);
  return plus(times(*whole, factor), static_cast<long long>(part * static_cast<double>(factor)));
}

std::optional<std::chrono::milliseconds> read_time(std::string_view text) {
  // Nothing that is waited for or measured here is longer than a hundred years.
  constexpr long long longest = 100LL * 365 * 86'400'000;
  if (text.empty()) return std::nullopt;
  long long out = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const auto unit = text.substr(0, std::min(text.find_first_of("0123456789"), text.size()));
    const auto each = milliseconds_of(unit);
    if (!each) return std::nullopt;
    out = plus(out, times(*number, *each));
    text.remove_prefix(unit.size());
  }
  if (out > longest) return std::nullopt;
  return std::chrono::milliseconds(out);
}

}  // namespace tidelab::step
