// YAML text as an immutable tree in which every key and value knows where it was written.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "source/diagnostic.hpp"
#include "source/file.hpp"

namespace tidelab::yaml {

enum class Kind { null, scalar, sequence, mapping };

class Node;

struct Entry;  // key and value of a mapping

/// A value. Scalars keep their text; what it means is the reader's business (read.hpp).
class Node {
public:
  Kind kind = Kind::null;
  source::Span span;
  std::string text;     ///< of a scalar
  bool quoted = false;  ///< a quoted scalar is a string, whatever it looks like
  std::vector<Node> items;
  std::vector<Entry> entries;  ///< in the order written; keys are unique

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_mapping() const { return kind == Kind::mapping; }

  /// The value under `key`, or nullptr.
  const Node* find(std::string_view key) const;
  source::Text as_text() const { return {text, span}; }
};

struct Entry {
  source::Text key;
  Node value;
};

/// Limits that keep hostile files from eating the machine. Exceeding one is a diagnostic (Y004).
struct Limits {
  std::size_t bytes = 8U << 20;
  int depth = 64;
  std::size_t nodes = 1'000'000;  ///< after aliases are resolved
  std::size_t ahead = 2U << 20;   ///< bytes of one scalar, or of one collection in brackets with all that is in it
};

/// Reads one document. Anchors, aliases and merge keys (`<<`) are resolved; duplicate keys, a second
/// document, tabs in indentation, invalid UTF-8 are diagnostics. Codes:
/// Y001 syntax · Y002 duplicate key · Y003 more than one document · Y004 too large · Y005 not UTF-8 ·
/// Y006 a key that is not a scalar · Y007 a character that passes for another. Never throws for bad text. On a syntax error the root is
/// null.
Node read_document(const source::File& file, source::Diagnostics& diagnostics, const Limits& limits = {});

}  // namespace tidelab::yaml
