// What is wrong with a text: collected, ordered by place, and rendered with an excerpt and a caret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/file.hpp"

namespace tidelab::source {

enum class Severity { error, warning };

/// A remark that explains a diagnostic. With a span it is the other side of a conflict, and shown with its own line.
struct Note {
  std::string text;
  Span span;
};

/// One fault. `code` is stable (a letter and three digits; the letter tells the room: Y yaml,
/// P playbook, C check, S step, T topology, R a playbook's rule, L plan, U the file itself). `message` is lower case, without a full stop.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;
  std::string message;
  Span span;
  std::string label;  ///< printed behind the carets; may be empty
  std::vector<Note> notes;
  std::string help;  ///< what to do next; may be empty
};

/// Faults of the texts read so far. Readers append and carry on, so that all are told at once; behind `most_kept`
/// they are counted only, for a file of a million mistakes must not become gigabytes of complaints.
class Diagnostics {
public:
  Diagnostic& error(std::string code, std::string message, Span span);
  Diagnostic& warning(std::string code, std::string message, Span span);

  /// Adds all of another list.
  void append(Diagnostics other);

  /// Warnings become errors: `--strict`.
  void promote_warnings();

  bool has_errors() const { return errors_ > 0; }
  bool empty() const { return list_.empty(); }
  int errors() const { return errors_; }
  int warnings() const { return warnings_; }
  /// Those that are counted and not kept.
  int left_out() const { return errors_ + warnings_ - static_cast<int>(list_.size()); }

  static constexpr std::size_t most_kept = 5000;

  /// In file order: by the order in which files were first named, then by line and column.
  std::vector<const Diagnostic*> ordered() const;

private:
  Diagnostic& add(Diagnostic made);

  std::vector<Diagnostic> list_;
  Diagnostic last_left_out_;  ///< what a reader may go on to fill in, though nobody will see it
  int errors_ = 0, warnings_ = 0;
};

/// How a text for people is dressed.
struct Style {
  bool colour = false;  ///< escape sequences of a terminal
};

/// The text that a person sees: header, place, excerpt with carets, the same of each note that has a place, notes,
/// help. Nothing in it can move a cursor, whatever the file holds. No trailing blank line.
std::string render_text(const Diagnostic& diagnostic, const Style& style = {});

/// All of them, separated by blank lines, and one closing line that counts them.
std::string render_text(const Diagnostics& diagnostics, const Style& style = {});

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to be meant.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tidelab::source
