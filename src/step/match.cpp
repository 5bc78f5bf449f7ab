#include "step/match.hpp"
#include "step/json_bounds.hpp"

#include <charconv>
#include <regex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tidelab::step {

using nlohmann::json;

namespace {

// The parser itself goes down no stack, but who copies, writes or compares what it made does.
json parse(const std::string& answer) {
  if (beyond_bounds(answer)) return json(answer);
  auto parsed = json::parse(answer, nullptr, false);
  return parsed.is_discarded() ? json(answer) : parsed;
}

const json* at(const json& value, const std::string& pointer) {
  if (pointer.empty()) return &value;
  try {
    const json::json_pointer where(pointer);
    // An object under `value` may lack any part of the way; contains() never throws for that.
    return value.contains(where) ? &value.at(where) : nullptr;
  } catch (const json::exception&) {
    return nullptr;
  }
}

std::string as_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

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
bool is_before(const json& whole, const std::string& moment, const std::string& want) {
  const auto blank = want.rfind(' ');
  const auto* other = at(whole, want.substr(0, blank));
  const long long from = as_integer(moment).value_or(0), to = other == nullptr ? 0 : as_integer(as_text(*other)).value_or(0);
  const auto by = blank == std::string::npos ? std::nullopt : as_integer(want.substr(blank + 1));
  return by && from > 0 && to > 0 && to - from >= *by;
}

bool holds(const json& whole, const Condition& condition) {
  const auto* found = at(whole, condition.pointer.value);
  const auto& want = condition.value.value;
  if (condition.op == Op::exists) return (found != nullptr && !found->is_null()) == (want == "true");
  if (found == nullptr) return condition.op == Op::not_equals || condition.op == Op::lacks;
  const auto text = as_text(*found);
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
    case Op::before: return is_before(whole, text, want);
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

std::optional<std::string> beyond_bounds(std::string_view answer, std::size_t depth) {
  const auto first = answer.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (answer[first] != '{' && answer[first] != '[')) return std::nullopt;
  auto out = beyond(answer, {answer.size(), most_answer_values, depth});
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

bool is_json(const std::string& text) { return !beyond_bounds(text, most_answer_depth - 1) && json::accept(text); }

bool finds(const std::string& text, const std::string& pattern) {
  try {
    const std::regex wanted(pattern, std::regex::ECMAScript);
    if (text.size() <= most_at_once) return std::regex_search(text, wanted);
    return any_line(text, [&](const std::string& line) { return std::regex_search(line, wanted); });
  } catch (const std::regex_error&) {
    return false;  // patterns are checked when they are read; one made of @{…} may still be wrong
  }
}

std::string pick(const std::string& answer, const Pick& pick) {
  if (!pick.used) return answer;
  const auto whole = parse(answer);
  const auto* list = at(whole, pick.from.value);
  if (list == nullptr || !list->is_array()) return "null";
  for (const auto& element : *list) {
    bool all = true;
    for (const auto& condition : pick.where) all = all && holds(element, condition);
    if (all) return element.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return "null";
}

std::optional<Mismatch> mismatch(const std::string& answer, const Match& match) {
  if (match.empty()) return std::nullopt;
  const auto whole = parse(answer);
  std::string expected, actual;
  for (const auto& condition : match) {
    const auto* found = at(whole, condition.pointer.value);
    if (holds(whole, condition)) continue;
    if (!expected.empty()) expected += ", ", actual += ", ";
    expected += render_condition(condition);
    const auto what = condition.pointer.value.empty() ? std::string("the answer") : condition.pointer.value;
    actual += found == nullptr ? what + " is not there" : fmt::format("{} = {}", what, shorten(as_text(*found)));
  }
  if (expected.empty()) return std::nullopt;
  return Mismatch{expected, actual};
}

std::optional<std::string> value_at(const std::string& answer, const std::string& pointer) {
  const auto whole = parse(answer);
  const auto* found = at(whole, pointer);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return as_text(*found);
}

std::optional<long long> number_at(const std::string& answer, const std::string& pointer) {
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

std::optional<std::string> take(const std::string& answer, const Takes& takes, Values& values) {
  for (const auto& each : takes) {
    auto found = value_at(answer, each.pointer.value);
    if (found && !each.last.empty()) found = last_line(*found, each.last.value);
    if (!found) return each.name.value;
    values[each.name.value] = std::move(*found);
  }
  return std::nullopt;
}

std::vector<std::string> elements(const std::string& answer, const std::string& pointer) {
  std::vector<std::string> out;
  const auto whole = parse(answer);
  const auto* list = at(whole, pointer);
  if (list != nullptr && list->is_array()) {
    for (const auto& element : *list) out.push_back(element.dump(-1, ' ', false, json::error_handler_t::replace));
  }
  return out;
}

std::string render_match(const Match& match) {
  std::string out;
  for (const auto& condition : match) out += (out.empty() ? "" : ", ") + render_condition(condition);
  return out;
}

std::string json_string(std::string_view text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace tidelab::step
