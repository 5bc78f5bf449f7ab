#include "step/json_bounds.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tidelab::step {

namespace {

// Behind the quote that ends the string beginning at `at`; the end of the text when none does.
std::size_t behind_string(std::string_view json, std::size_t at) {
  at = json.find_first_of("\"\\", at + 1);
  while (at != std::string_view::npos) {
    if (json[at] == '"') return at + 1;
    at = json.find_first_of("\"\\", at + 2);  // behind what is escaped
  }
  return json.size();
}

}  // namespace

std::string beyond(std::string_view json, const JsonBounds& bounds) {
  if (json.size() > bounds.bytes) return fmt::format("it is larger than {} KiB", bounds.bytes >> 10);
  std::size_t values = 1, depth = 0;
  for (std::size_t at = 0; at < json.size();) {
    at = json.find_first_of("\"[]{},", at);
    if (at == std::string_view::npos) break;
    const char c = json[at];
    if (c == '"') {
      at = behind_string(json, at);
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') depth -= std::min<std::size_t>(depth, 1);
    values += c == ']' || c == '}' ? 0 : 1;
    if (depth > bounds.depth) return fmt::format("it is nested deeper than {}", bounds.depth);
    if (values > bounds.values) return fmt::format("it holds more than {} values", bounds.values);
    ++at;
  }
  return {};
}

}  // namespace tidelab::step
