// Diagnostics as a person reads them: what, where, the line with a caret, the other places, what to do.
#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "source/cells.hpp"
#include "source/diagnostic.hpp"
#include "source/paint.hpp"

namespace tidelab::source {

namespace {

constexpr std::size_t widest_excerpt = 120;  // cells; a minified file must not fill the terminal
constexpr std::size_t longest_text = 600;    // characters; a value of a megabyte may be quoted in a message

namespace paint {
constexpr const char* error = "1;31";
constexpr const char* warning = "1;33";
constexpr const char* frame = "1;34";
constexpr const char* strong = "1";
constexpr const char* help = "1;36";
}  // namespace paint

class Renderer {
public:
  explicit Renderer(const Style& style) : colour_(style.colour) {}

  std::string render(const Diagnostic& d);

private:
  std::string painted(const std::string& text, const char* code) const {
    return colour_ && !text.empty() ? source::painted(text, code) : text;
  }
  std::string place(const Span& span, const char* arrow) const;
  void add_excerpt(const Span& span, char sign, const char* code, const std::string& label);
  void add_remark(const char* name, const char* code, const std::string& text);
  std::string_view line_of(const Span& span);

  bool colour_;
  std::string out_;
  std::string margin_;                                     ///< blanks as wide as the widest line number
  std::map<const File*, std::vector<std::size_t>> lines_;  ///< where the lines begin, of the files met so far
};

// The file is searched for its lines once, not once for each diagnostic.
std::string_view Renderer::line_of(const Span& span) {
  const std::string_view text = span.file->text;
  auto& begins = lines_[span.file];
  if (begins.empty()) {
    begins.push_back(0);
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) begins.push_back(at + 1);
  }
  const auto number = static_cast<std::size_t>(span.line) - 1;
  if (number >= begins.size()) return {};
  auto line = text.substr(begins[number], text.find('\n', begins[number]) - begins[number]);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (number == 0 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);  // columns do not count it
  return line;
}

std::string Renderer::place(const Span& span, const char* arrow) const {
  return fmt::format("\n{}{} {}", margin_, painted(arrow, paint::frame), printable(render_place(span), longest_text));
}

void Renderer::add_excerpt(const Span& span, char sign, const char* code, const std::string& label) {
  if (!span.has_line()) return;
  const auto excerpt = make_excerpt(line_of(span), span.column, span.length, widest_excerpt);
  const auto number = fmt::format("{:<{}} |", span.line, margin_.size());
  const auto bar = painted(margin_ + " |", paint::frame);
  const auto under = std::string(excerpt.width, sign) + (label.empty() ? "" : " " + printable(label, longest_text));
  out_ += fmt::format("\n{}\n{}{}{}\n{} {}{}", bar, painted(number, paint::frame), excerpt.text.empty() ? "" : " ", excerpt.text, bar,
                      std::string(excerpt.indent, ' '), painted(under, code));
}

void Renderer::add_remark(const char* name, const char* code, const std::string& text) {
  out_ += fmt::format("\n{} {} {}: {}", margin_, painted("=", paint::frame), painted(name, code), printable(text, longest_text));
}

std::string Renderer::render(const Diagnostic& d) {
  const bool is_error = d.severity == Severity::error;
  const char* code = is_error ? paint::error : paint::warning;
  auto widest = std::max(1, d.span.line);
  for (const auto& note : d.notes) widest = std::max(widest, note.span.line);
  margin_ = std::string(std::to_string(widest).size(), ' ');
  out_ = painted(fmt::format("{}[{}]", is_error ? "error" : "warning", d.code), code) +
         painted(": " + printable(d.message, longest_text), paint::strong);
  if (d.span.known()) out_ += place(d.span, "-->");
  add_excerpt(d.span, '^', code, d.label);
  for (const auto& note : d.notes) {
    if (!note.span.has_line()) continue;
    out_ += place(note.span, ":::");
    add_excerpt(note.span, '-', paint::frame, note.text);
  }
  for (const auto& note : d.notes)
    if (!note.span.has_line()) add_remark("note", paint::strong, note.text + (note.span.known() ? " in " + render_place(note.span) : ""));
  if (!d.help.empty()) add_remark("help", paint::help, d.help);
  return out_;
}

}  // namespace

std::string render_text(const Diagnostic& diagnostic, const Style& style) { return Renderer(style).render(diagnostic); }

std::string render_text(const Diagnostics& diagnostics, const Style& style) {
  Renderer renderer(style);
  std::string out;
  for (const auto* each : diagnostics.ordered()) out += renderer.render(*each) + "\n\n";
  const auto count = [](int n, const char* word) { return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s"); };
  if (diagnostics.errors() > 0) out += count(diagnostics.errors(), "error");
  if (diagnostics.warnings() > 0) out += (diagnostics.errors() > 0 ? ", " : "") + count(diagnostics.warnings(), "warning");
  if (diagnostics.left_out() > 0) out += fmt::format("; the last {} are not shown", diagnostics.left_out());
  return out;
}

}  // namespace tidelab::source
