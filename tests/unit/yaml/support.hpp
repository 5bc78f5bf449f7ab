// Reads a text as a document and keeps its file alive; values are shown with their places.
#pragma once

#include <string>

#include <fmt/format.h>

#include "yaml/document.hpp"

namespace tidelab::yaml {

struct Case {
  explicit Case(std::string text, const Limits& limits = {})
      : file{"t.yaml", std::move(text)}, root(read_document(file, diagnostics, limits)) {}

  std::string complaints() const { return render_text(diagnostics); }
  std::string first_code() const { return diagnostics.empty() ? "" : diagnostics.ordered().front()->code; }

  source::File file;
  source::Diagnostics diagnostics;
  Node root;
};

/// `a@1:1+1 = b@1:4+1`: every value with line, column and length.
inline std::string show(const Node& node) {
  const auto place = [](const source::Span& s) { return fmt::format("@{}:{}+{}", s.line, s.column, s.length); };
  std::string out;
  switch (node.kind) {
    case Kind::null: return "null" + place(node.span);
    case Kind::scalar: return fmt::format("{0}{1}{0}{2}", node.quoted ? "'" : "", node.text, place(node.span));
    case Kind::sequence:
      for (const auto& item : node.items) out += (out.empty() ? "" : ", ") + show(item);
      return "[" + out + "]" + place(node.span);
    case Kind::mapping: break;
  }
  for (const auto& entry : node.entries)
    out += (out.empty() ? "" : ", ") + entry.key.value + place(entry.key.span) + " = " + show(entry.value);
  return "{" + out + "}" + place(node.span);
}

}  // namespace tidelab::yaml
