// Which lines of a log matter: see the header. A record is a line with a time and the lines without one behind it.
#include "live/log_lines.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <utility>

#include <fmt/format.h>

namespace tidelab::live {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t time_within = 48;    // a time begins the line, or stands behind a short field
constexpr std::size_t level_within = 160;  // and so does the level: a message may well speak of an ERROR
constexpr std::size_t looked_at = 2000;    // characters of a line that patterns see: regular expressions recurse
constexpr std::size_t trace_lines = 4;     // of a stack trace, and its causes beside

// Words by which lines call themselves a warning or an error, and what programs that end without a logger print.
const std::regex& usual_levels() {
  static const std::regex all(
      R"re((^|[^A-Za-z])(WARN|WARNING|ERROR|FATAL|SEVERE|CRITICAL|PANIC|DPANIC)([^A-Za-z]|$)|"level" ?: ?"(warn|warning|error|fatal|panic|dpanic)")re");
  return all;
}
const std::regex& usual_ends() {
  static const std::regex all(
      R"re(^(panic: |fatal error: |Exception in thread |Error: |# A fatal error|\S+ tidelab: the process ended ))re");
  return all;
}

struct Record {
  std::vector<std::string_view> lines;
  std::optional<HostTime> time;  // where it has none, of the next one: it was not later
};

int digits(std::string_view text, std::size_t at, std::size_t count) {
  int out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    out = out * 10 + (text[i] - '0');
  }
  return out;
}

// ".123", ",123456"; and behind it "Z", "+0100", " +01:00".
milliseconds fraction_at(std::string_view text, std::size_t& at) {
  if (at >= text.size() || (text[at] != '.' && text[at] != ',')) return milliseconds(0);
  int out = 0, count = 0;
  for (++at; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])); ++at)
    if (count < 3) out = out * 10 + (text[at] - '0'), ++count;
  for (; count < 3; ++count) out *= 10;
  return milliseconds(out);
}

seconds zone_at(std::string_view text, std::size_t at, seconds otherwise) {
  if (at < text.size() && text[at] == 'Z') return seconds(0);
  if (at < text.size() && text[at] == ' ') ++at;
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return otherwise;
  const bool colon = at + 3 < text.size() && text[at + 3] == ':';
  const int hours = digits(text, at + 1, 2), minutes = digits(text, at + (colon ? 4 : 3), 2);
  if (hours < 0 || minutes < 0) return otherwise;
  const auto out = seconds(hours * 3600 + minutes * 60);
  return text[at] == '-' ? -out : out;
}

// "2026-11-28 21:00:05", with - or / between, and T or a blank.
std::optional<HostTime> date_at(std::string_view text, std::size_t at, seconds offset) {
  const int year = digits(text, at, 4), month = digits(text, at + 5, 2), day = digits(text, at + 8, 2);
  const int hour = digits(text, at + 11, 2), minute = digits(text, at + 14, 2), second = digits(text, at + 17, 2);
  if (std::min({year, month, day, hour, minute, second}) < 0) return std::nullopt;
  const bool marks = (text[at + 4] == '-' || text[at + 4] == '/') && text[at + 7] == text[at + 4] &&
                     (text[at + 10] == ' ' || text[at + 10] == 'T') && text[at + 13] == ':' && text[at + 16] == ':';
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!marks || !date.ok()) return std::nullopt;
  auto end = at + 19;
  const auto fraction = fraction_at(text, end);
  const auto zone = zone_at(text, end, offset);
  return std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second) +
         fraction - zone;
}

// "ts":1764363605.123, as loggers of JSON have it.
std::optional<HostTime> epoch_in(std::string_view line) {
  const auto found = line.substr(0, 200).find("\"ts\":");
  if (found == std::string_view::npos) return std::nullopt;
  auto at = found + 5;
  const int high = digits(line, at, 5), low = digits(line, at + 5, 5);
  if (high < 0 || low < 0) return std::nullopt;
  at += 10;
  return seconds(static_cast<long long>(high) * 100'000 + low) + fraction_at(line, at);
}

std::vector<std::string_view> lines_in(const LogEnd& log) {
  std::vector<std::string_view> out;
  std::string_view rest = log.text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.push_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!log.whole && !out.empty()) out.erase(out.begin());
  return out;
}

bool finds(std::string_view line, const std::regex& pattern, std::size_t within) {
  line = line.substr(0, within);
  return std::regex_search(line.begin(), line.end(), pattern);
}

std::vector<Record> records_of(const LogEnd& log) {
  std::vector<Record> out;
  for (const auto line : lines_in(log)) {
    const auto time = time_of(line, log.offset);
    if (time || out.empty() || finds(line, usual_ends(), looked_at))
      out.push_back({{line}, time});
    else if (!line.empty())
      out.back().lines.push_back(line);
  }
  for (std::size_t i = out.size(); i-- > 1;)
    if (!out[i - 1].time) out[i - 1].time = out[i].time;
  return out;
}

/// The patterns of a look, made once.
class Judge {
public:
  explicit Judge(const plan::LogLook& look) {
    if (!look.matters.empty()) matters_.emplace_back(look.matters);
    if (!look.out_of_memory.empty()) memory_.emplace_back(look.out_of_memory);
    for (const auto& each : look.ours) ours_.emplace_back(each);
  }
  bool matters(const Record& record) const {
    const auto first = record.lines.front();
    const bool named = finds(first, usual_levels(), level_within) || finds(first, usual_ends(), looked_at) || any(first, matters_);
    return (named || memory_line(record)) && !is_ours(record);
  }
  std::optional<std::string_view> memory_line(const Record& record) const {
    for (const auto line : record.lines)
      if (any(line, memory_)) return line;
    return std::nullopt;
  }

private:
  static bool any(std::string_view line, const std::vector<std::regex>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const auto& each) { return finds(line, each, looked_at); });
  }
  bool is_ours(const Record& record) const {
    return std::any_of(record.lines.begin(), record.lines.end(), [&](const auto line) { return any(line, ours_); });
  }
  std::vector<std::regex> matters_, memory_, ours_;
};

// The line, the top of its trace, and each cause.
std::vector<std::string> told_of(const Record& record) {
  std::vector<std::string> out;
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < record.lines.size(); ++i) {
    const auto line = record.lines[i];
    if (i < trace_lines || (line.starts_with("Caused by:") && out.size() < 2 * trace_lines))
      out.emplace_back(line);
    else
      ++left_out;
  }
  if (left_out > 0) out.push_back(fmt::format("    … {} more line{} of it", left_out, left_out == 1 ? "" : "s"));
  return out;
}

// What makes two records one: the same but for numbers, and so for times.
std::string kind_of(const Record& record) {
  std::string out;
  for (const char c : record.lines.front().substr(0, looked_at))
    if (!std::isdigit(static_cast<unsigned char>(c))) out += c;
  return out;
}

// The newest of each kind, in order, with how often it came.
std::vector<std::pair<const Record*, int>> without_repeats(const std::vector<const Record*>& records) {
  std::map<std::string, int> often;
  std::vector<std::pair<const Record*, int>> out;
  for (const auto* each : records) ++often[kind_of(*each)];
  for (auto each = records.rbegin(); each != records.rend(); ++each)
    if (const auto count = std::exchange(often[kind_of(**each)], 0); count > 0) out.emplace_back(*each, count);
  std::reverse(out.begin(), out.end());
  return out;
}

// As many of the newest as there is room for; of the newest at least its first lines.
void fill(LogChoice& choice, const std::vector<std::pair<const Record*, int>>& records, std::size_t most) {
  std::vector<std::vector<std::string>> kept;
  std::size_t room = most;
  for (auto each = records.rbegin(); each != records.rend(); ++each) {
    auto told = told_of(*each->first);
    if (each->second > 1) told.front() += fmt::format("   (×{})", each->second);
    if (kept.empty() && told.size() > room) told.resize(room);
    if (told.size() > room) {
      choice.left_out = static_cast<std::size_t>(records.rend() - each);
      break;
    }
    room -= told.size();
    kept.push_back(std::move(told));
  }
  for (auto each = kept.rbegin(); each != kept.rend(); ++each) choice.lines.insert(choice.lines.end(), each->begin(), each->end());
}

}  // namespace

std::optional<HostTime> time_of(std::string_view line, seconds offset) {
  for (std::size_t at = 0; at < time_within && at + 19 <= line.size(); ++at) {
    if (!std::isdigit(static_cast<unsigned char>(line[at]))) continue;
    if (const auto time = date_at(line, at, offset)) return time;
  }
  return line.starts_with('{') ? epoch_in(line) : std::nullopt;
}

std::string clock_text(HostTime time, seconds offset) {
  const auto of_day = (std::chrono::duration_cast<seconds>(time) + offset).count() % 86'400;
  return fmt::format("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
}

LogChoice choose_lines(const LogEnd& log, const plan::LogLook& look, std::optional<HostTime> since, std::size_t most) {
  LogChoice choice;
  const auto records = records_of(log);
  for (const auto& each : records)
    if (each.time) choice.timed = true, choice.last = std::max(choice.last.value_or(*each.time), *each.time);
  const auto first = std::find_if(records.begin(), records.end(), [](const auto& each) { return each.time.has_value(); });
  choice.reaches_back = log.whole || !since || first == records.end() || *first->time <= *since;
  if (!choice.timed && log.main) {
    const auto lines = lines_in(log);
    for (auto i = lines.size() - std::min(most, lines.size()); i < lines.size(); ++i) choice.lines.emplace_back(lines[i]);
    return choice;
  }
  const Judge judge(look);
  std::vector<const Record*> chosen;
  for (const auto& each : records) {
    if (since && each.time && *each.time < *since) continue;
    if (!judge.matters(each)) continue;
    chosen.push_back(&each);
    if (const auto line = judge.memory_line(each)) choice.out_of_memory = std::string(*line);
  }
  fill(choice, without_repeats(chosen), most);
  return choice;
}

}  // namespace tidelab::live
