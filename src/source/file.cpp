#include "source/file.hpp"

#include <fmt/format.h>

namespace tidelab::source {

std::string_view File::line(int number) const {
  std::string_view rest = text;
  for (int at = 1; at < number; ++at) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  auto end = rest.find('\n');
  if (end == std::string_view::npos) end = rest.size();
  auto found = rest.substr(0, end);
  if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
  return found;
}

std::string render_place(const Span& span) {
  if (!span.known()) return {};
  if (!span.has_line()) return span.file->name;
  return fmt::format("{}:{}:{}", span.file->name, span.line, span.column);
}

const File& Files::add(std::string name, std::string text) { return files_.emplace_back(File{std::move(name), std::move(text)}); }

}  // namespace tidelab::source
