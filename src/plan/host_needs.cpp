// What the playbook of an instance says that it needs of its host, as numbers.
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "step/amount.hpp"
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

std::optional<long long> read_count(std::string_view text) {
  std::string_view rest;
  const auto number = read_number(text, rest);
  return rest.empty() ? number : std::nullopt;
}

// Not more than a day: clocks that are further apart are not to be worked with.
std::optional<std::chrono::milliseconds> read_distance(std::string_view text) {
  const auto out = step::read_time(text);
  return out && *out <= std::chrono::hours(24) ? out : std::nullopt;
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
    else if (text.value.find("${config[") == text.value.npos)  // what somebody wrote there is for the component to judge
      diagnostics.error("P008", fmt::format("`{}` is not {}", written, form), text.span);
  }

  template <class Read>
  long long sum(const std::vector<Text>& values, const Read& read, const char* form) const {
    long long out = 0;
    for (const auto& each : values) {
      long long one = 0;
      into(each, read, one, form);
      out = plus(out, one);
    }
    return out;
  }
  long long bytes(const source::Text& word, const std::vector<Text>& values) const {
    if (values.empty() || values.front().empty()) diagnostics.error("P008", fmt::format("`{}` says no size", word.value), word.span);
    return sum(values, step::read_size, "a size like `512m` or `2g`");
  }
  long long files(const std::vector<Text>& values) const { return sum(values, read_count, "a number of files"); }
  void distance(const std::vector<Text>& values, std::chrono::milliseconds& out) const {
    if (!values.empty()) into(values.front(), read_distance, out, "a time like `500ms`, `10s` or `1m`");
    if (values.size() > 1) diagnostics.error("P008", "a distance of clocks is one time", values[1].span);
  }
};

HostNeeds::Bad how_bad(const playbook::HostNeed& need) { return need.fail.empty() ? HostNeeds::Bad::warn : HostNeeds::Bad::fail; }

}  // namespace

std::string HostNeeds::help_of(std::string_view word) const {
  std::string out;
  for (const auto& [about, text] : help)
    if (about == word && out.find(text) == out.npos) out += (out.empty() ? "" : "; ") + text;
  return out;
}

HostNeeds Builder::host_needs_of(std::size_t instance, const topology::Scope& scope) const {
  HostNeeds out;
  const Reader reader{scope, diagnostics_};
  for (const auto& need : instances()[instance].playbook->host) {
    if (!topology::applies(need.versions, instances()[instance], inputs_.topology)) continue;
    if (!need.unless_false.empty() && scope.expand(need.unless_false) == "false") continue;
    const auto& word = need.word.value;
    if (!need.help.empty()) out.help.emplace_back(word, scope.expand(need.help));
    if (word == "memory") out.memory_bytes = plus(out.memory_bytes, reader.bytes(need.word, need.values));
    if (word == "data") out.data.emplace_back(scope.expand(need.in), reader.bytes(need.word, need.values));
    if (word == "swap") out.swap = how_bad(need);
    if (word == "huge_pages") out.huge_pages = how_bad(need);
    for (const auto& each : need.values) {
      if (word == "commands") out.commands.push_back(scope.expand(each));
      if (word == "arch") out.arch.push_back(scope.expand(each));
    }
    if (word == "open_files") {
      out.open_files_warn = plus(out.open_files_warn, reader.files(need.warn));
      out.open_files_fail = plus(out.open_files_fail, reader.files(need.fail));
    }
    if (word == "clock") {
      reader.distance(need.warn, out.clock_warn);
      reader.distance(need.fail, out.clock_fail);
    }
  }
  return out;
}

}  // namespace tidelab::plan
