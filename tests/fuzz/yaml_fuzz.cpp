// Any bytes at all as a document: reading never crashes, hangs or eats the machine, and every span
// and every rendered complaint stays inside the file.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "yaml/document.hpp"
#include "yaml/read.hpp"

namespace {

using namespace tidelab;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_inside(const source::Span& span, const source::File& file, int lines) {
  require(span.file == &file);
  require(span.line >= 1 && span.line <= lines);
  require(span.column >= 1 && span.length >= 1);
  // One place behind the last character is allowed: a value that was left out.
  require(static_cast<std::size_t>(span.column) <= file.line(span.line).size() + 1);
}

void visit(const yaml::Node& node, const source::File& file, int lines, int depth) {
  require(depth <= yaml::Limits{}.depth);
  require_inside(node.span, file, lines);
  for (const auto& item : node.items) visit(item, file, lines, depth + 1);
  for (const auto& entry : node.entries) {
    require_inside(entry.key.span, file, lines);
    visit(entry.value, file, lines, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const source::File file{"fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size)};
  source::Diagnostics diagnostics;
  yaml::Limits limits;
  limits.nodes = 20'000;  // an input of 4 KiB can ask for the whole default, which would only be slow
  const auto root = yaml::read_document(file, diagnostics, limits);
  int lines = 1;
  for (const auto c : file.text) lines += c == '\n' ? 1 : 0;
  visit(root, file, lines, 0);
  source::Diagnostics typed;
  yaml::refuse_unknown_keys(root, "the fuzz", {"a", "b"}, typed);
  yaml::read_integer(root, "root", 0, 10, typed);
  yaml::read_duration(root, "root", typed);
  for (const auto* each : diagnostics.ordered()) require_inside(each->span, file, lines);
  require(diagnostics.empty() == render_text(diagnostics).empty());
  require(!render_text(typed).empty());
  return 0;
}
