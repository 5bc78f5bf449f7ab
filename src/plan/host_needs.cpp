// What the playbook of an instance says that it needs of its host, as numbers.
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

namespace {

using source::Text;

constexpr auto most = std::numeric_limits<long long>::max();

long long plus(long long a, long long b) { return b > most - a ? most : a + b; }

std::optional<long long> read_number(std::string_view text, std::string_view& rest) {
  long long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || out < 0) return std::nullopt;
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return out;
}

// `512m`, `1g`, `100`: a number of bytes in powers of 1024. More than can be counted is as much as can be.
std::optional<long long> read_bytes(std::string_view text) {
  std::string_view unit;
  const auto number = read_number(text, unit);
  if (!number || unit.size() > 1) return std::nullopt;
  constexpr std::string_view units = "kmgt";
  const auto at = unit.empty() ? 0 : units.find(unit.front()) + 1;
  if (!unit.empty() && at == 0) return std::nullopt;
  const long long factor = 1LL << (10 * at);
  return *number > most / factor ? most : *number * factor;
}

std::optional<long long> read_count(std::string_view text) {
  std::string_view rest;
  const auto number = read_number(text, rest);
  return rest.empty() ? number : std::nullopt;
}

std::optional<std::chrono::milliseconds> read_time(std::string_view text) {
  std::string_view unit;
  const auto number = read_number(text, unit);
  if (!number || *number > 86'400'000) return std::nullopt;
  if (unit == "ms") return std::chrono::milliseconds(*number);
  if (unit == "s") return std::chrono::seconds(*number);
  if (unit == "m") return std::chrono::minutes(*number);
  return std::nullopt;
}

struct Reader {
  const topology::Scope& scope;
  source::Diagnostics& diagnostics;

  template <class Read, class Out>
  void into(const Text& text, const Read& read, Out& out, const char* form) const {
    if (text.empty()) return;
    const auto written = scope.expand(text);
    if (const auto value = read(written))
      out = *value;
    else
      diagnostics.error("P008", fmt::format("`{}` is not {}", written, form), text.span);
  }

  long long sum(const source::Text& word, const std::vector<Text>& values) const {
    long long out = 0;
    for (const auto& each : values) {
      long long one = 0;
      into(each, read_bytes, one, "a size like `512m` or `2g`");
      out = plus(out, one);
    }
    if (values.empty() || values.front().empty()) diagnostics.error("P008", fmt::format("`{}` says no size", word.value), word.span);
    return out;
  }
};

HostNeeds::Bad how_bad(const playbook::HostNeed& need) { return need.fail.empty() ? HostNeeds::Bad::warn : HostNeeds::Bad::fail; }

}  // namespace

HostNeeds Builder::host_needs_of(std::size_t instance, const topology::Scope& scope) const {
  HostNeeds out;
  const Reader reader{scope, diagnostics_};
  for (const auto& need : instances()[instance].playbook->host) {
    if (!topology::applies(need.versions, instances()[instance], inputs_.topology)) continue;
    const auto& word = need.word.value;
    if (word == "memory") out.memory_bytes = plus(out.memory_bytes, reader.sum(need.word, need.values));
    if (word == "data") out.data.emplace_back(scope.expand(need.in), reader.sum(need.word, need.values));
    if (word == "swap") out.swap = how_bad(need);
    if (word == "huge_pages") out.huge_pages = how_bad(need);
    for (const auto& each : need.values) {
      if (word == "commands") out.commands.push_back(scope.expand(each));
      if (word == "arch") out.arch.push_back(scope.expand(each));
    }
    if (word == "open_files") {
      reader.into(need.warn, read_count, out.open_files_warn, "a number of files");
      reader.into(need.fail, read_count, out.open_files_fail, "a number of files");
    }
    if (word == "clock") {
      reader.into(need.warn, read_time, out.clock_warn, "a time like `500ms`, `10s` or `1m`");
      reader.into(need.fail, read_time, out.clock_fail, "a time like `500ms`, `10s` or `1m`");
    }
  }
  return out;
}

}  // namespace tidelab::plan
