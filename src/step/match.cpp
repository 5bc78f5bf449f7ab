#include "step/match.hpp"

#include <charconv>
#include <regex>

#include <fmt/format.h>

namespace tidelab::step {

namespace {

std::optional<long long> as_integer(const std::string& text) {
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> as_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// -1, 0, 1; integers exactly, since a commit timestamp does not fit into a double.
std::optional<int> compare(const std::string& a, const std::string& b) {
  if (const auto x = as_integer(a), y = as_integer(b); x && y) return *x < *y ? -1 : *x > *y;
  if (const auto x = as_number(a), y = as_number(b); x && y) return *x < *y ? -1 : *x > *y;
  return std::nullopt;
}

constexpr std::size_t most_of_a_line = 2000, most_at_once = 4000;  // bytes that a regular expression is given

// Calls `each` with the beginnings of the lines until it says that it is enough; what it said last.
template <class Each>
bool any_line(std::string_view text, Each&& each) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (each(std::string(text.substr(0, std::min(end, most_of_a_line))))) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

bool in_list(const std::string& text, std::string_view list) {
  while (!list.empty()) {
    const auto end = std::min(list.find('|'), list.size());
    if (list.substr(0, end) == text) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

const char* word_of(Op op) {
  switch (op) {
    case Op::equals: return "=";
    case Op::not_equals: return "is not";
    case Op::contains: return "contains";
    case Op::lacks: return "lacks";
    case Op::matches: return "matches";
    case Op::at_least: return ">=";
    case Op::at_most: return "<=";
    case Op::one_of: return "is one of";
    case Op::exists: return "exists";
    case Op::before: return "is before";
  }
  return "=";
}

// "POINTER MILLISECONDS": the moment at the pointer is at least so much later. Epoch milliseconds fit into 64 bits by far.
bool is_before(const Answer& answer, const std::string& moment, const std::string& want) {
  const auto blank = want.rfind(' ');
  const long long from = as_integer(moment).value_or(0), to = number_at(answer, want.substr(0, blank)).value_or(0);
  const auto by = blank == std::string::npos ? std::nullopt : as_integer(want.substr(blank + 1));
  return by && from > 0 && to > 0 && to - from >= *by;
}

bool holds(const Answer& answer, const Condition& condition) {
  const auto& want = condition.value.value;
  if (condition.op == Op::exists) return answer.has(condition.pointer.value) == (want == "true");
  const auto found = answer.said(condition.pointer.value);
  if (!found) return condition.op == Op::not_equals || condition.op == Op::lacks;
  const auto& text = *found;
  const auto equal = [&] { return text == want || compare(text, want) == 0; };
  switch (condition.op) {
    case Op::equals: return equal();
    case Op::not_equals: return !equal();
    case Op::contains: return text.find(want) != std::string::npos;
    case Op::lacks: return text.find(want) == std::string::npos;
    case Op::matches: return finds(text, want);
    case Op::at_least: return compare(text, want).value_or(-1) >= 0;
    case Op::at_most: return compare(text, want).value_or(1) <= 0;
    case Op::one_of: return in_list(text, want);
    case Op::before: return is_before(answer, text, want);
    case Op::exists: break;
  }
  return false;
}

std::string shorten(std::string text) {
  constexpr std::size_t most = 400;
  if (text.size() <= most) return text;
  auto cut = most;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a character
  return text.substr(0, cut) + "…";
}

std::string render_condition(const Condition& c) {
  const auto what = c.pointer.value.empty() ? std::string("the answer") : c.pointer.value;
  if (c.op == Op::exists) return fmt::format("{} {}", what, c.value.value == "true" ? "is there" : "is not there");
  if (c.op == Op::before) return fmt::format("{} is before {} ms", what, c.value.value);
  return fmt::format("{} {} {}", what, word_of(c.op), c.value.value.empty() ? "\"\"" : c.value.value);
}

}  // namespace

bool finds(const std::string& text, const std::string& pattern) {
  try {
    const std::regex wanted(pattern, std::regex::ECMAScript);
    if (text.size() <= most_at_once) return std::regex_search(text, wanted);
    return any_line(text, [&](const std::string& line) { return std::regex_search(line, wanted); });
  } catch (const std::regex_error&) {
    return false;  // patterns are checked when they are read; one made of @{…} may still be wrong
  }
}

Answer pick(const Answer& answer, const Pick& pick) {
  if (!pick.used) return answer;
  for (const auto& element : answer.elements(pick.from.value)) {
    bool all = true;
    for (const auto& condition : pick.where) all = all && holds(element, condition);
    if (all) return element;
  }
  return Answer::parse("null");
}

std::optional<Mismatch> mismatch(const Answer& answer, const Match& match) {
  std::string expected, actual;
  for (const auto& condition : match) {
    if (holds(answer, condition)) continue;
    if (!expected.empty()) expected += ", ", actual += ", ";
    expected += render_condition(condition);
    const auto what = condition.pointer.value.empty() ? std::string("the answer") : condition.pointer.value;
    const auto found = answer.said(condition.pointer.value);
    actual += found ? fmt::format("{} = {}", what, shorten(*found)) : what + " is not there";
  }
  if (expected.empty()) return std::nullopt;
  return Mismatch{expected, actual};
}

std::optional<std::string> value_at(const Answer& answer, const std::string& pointer) {
  return answer.has(pointer) ? answer.said(pointer) : std::nullopt;
}

std::optional<long long> number_at(const Answer& answer, const std::string& pointer) {
  const auto found = value_at(answer, pointer);
  return found ? as_integer(*found) : std::nullopt;
}

namespace {

std::optional<std::string> last_line(const std::string& text, const std::string& pattern) {
  const std::regex wanted(pattern, std::regex::ECMAScript);
  std::optional<std::string> out;
  any_line(text, [&](const std::string& line) {
    std::smatch found;
    if (std::regex_search(line, found, wanted)) out = found.size() > 1 ? found[1].str() : found[0].str();
    return false;
  });
  return out;
}

}  // namespace

std::optional<std::string> take(const Answer& answer, const Takes& takes, Values& values) {
  for (const auto& each : takes) {
    auto found = value_at(answer, each.pointer.value);
    if (found && !each.last.empty()) found = last_line(*found, each.last.value);
    if (!found) return each.name.value;
    values[each.name.value] = std::move(*found);
  }
  return std::nullopt;
}

std::string render_match(const Match& match) {
  std::string out;
  for (const auto& condition : match) out += (out.empty() ? "" : ", ") + render_condition(condition);
  return out;
}

}  // namespace tidelab::step
