// Text that somebody wrote, kept for the whole run so that every value can point back into it.
#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace tidelab::source {

/// One file of text. `name` is what the user typed to reach it, and what diagnostics print.
struct File {
  std::string name;
  std::string text;

  /// The text of a line without its end-of-line bytes; lines count from 1. Empty past the end.
  std::string_view line(int number) const;
};

/// A place in a file. Lines and columns count from 1; columns count characters (UTF-8 code points),
/// as editors do. `file == nullptr` means that the value was not written by a person, line 0 the whole file.
struct Span {
  const File* file = nullptr;
  int line = 0;
  int column = 0;
  int length = 1;

  bool known() const { return file != nullptr; }
  bool has_line() const { return known() && line > 0; }
};

/// `file:line:column`, `file` for a whole file, or an empty text when the span is not known.
std::string render_place(const Span& span);

/// Text with the place where it was written.
struct Text {
  std::string value;
  Span span;

  bool empty() const { return value.empty(); }
  friend bool operator==(const Text& a, const Text& b) { return a.value == b.value; }
};

/// Owns the files of a run. Addresses stay valid for its whole life.
class Files {
public:
  const File& add(std::string name, std::string text);

private:
  std::deque<File> files_;
};

}  // namespace tidelab::source
