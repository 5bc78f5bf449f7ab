// What is wrong with a text: collected, ordered by place, and rendered with an excerpt and a caret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/file.hpp"

namespace tidelab::source {

enum class Severity { error, warning };

/// A remark that explains a diagnostic; its span, if known, is printed behind the text.
struct Note {
  std::string text;
  Span span;
};

/// One fault. `code` is stable (a letter and three digits; the letter tells the room: Y yaml,
/// P playbook, C check, T topology, L plan, U usage). `message` is lower case, without a full stop.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;
  std::string message;
  Span span;
  std::string label;  ///< printed behind the carets; may be empty
  std::vector<Note> notes;
  std::string help;  ///< what to do next; may be empty
};

/// Faults of the texts read so far. Readers append and carry on, so that all are told at once.
class Diagnostics {
public:
  Diagnostic& error(std::string code, std::string message, Span span);
  Diagnostic& warning(std::string code, std::string message, Span span);

  bool has_errors() const;
  bool empty() const { return list_.empty(); }
  int errors() const;
  int warnings() const;

  /// In file order: by the order in which files were first named, then by line and column.
  std::vector<const Diagnostic*> ordered() const;

private:
  std::vector<Diagnostic> list_;
};

/// The text that a person sees: header, place, excerpt, caret, notes, help. No trailing blank line.
std::string render_text(const Diagnostic& diagnostic);

/// All of them, separated by blank lines, and one closing line that counts them.
std::string render_text(const Diagnostics& diagnostics);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to be meant.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tidelab::source
