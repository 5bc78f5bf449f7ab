#include "source/diagnostic.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/format.h>

namespace tidelab::source {

Diagnostic& Diagnostics::error(std::string code, std::string message, Span span) {
  list_.push_back({Severity::error, std::move(code), std::move(message), span, {}, {}, {}});
  return list_.back();
}

Diagnostic& Diagnostics::warning(std::string code, std::string message, Span span) {
  auto& made = error(std::move(code), std::move(message), span);
  made.severity = Severity::warning;
  return made;
}

int Diagnostics::errors() const {
  return static_cast<int>(std::count_if(list_.begin(), list_.end(), [](const auto& d) { return d.severity == Severity::error; }));
}

int Diagnostics::warnings() const { return static_cast<int>(list_.size()) - errors(); }

bool Diagnostics::has_errors() const { return errors() > 0; }

std::vector<const Diagnostic*> Diagnostics::ordered() const {
  std::map<const File*, int> rank;
  std::vector<const Diagnostic*> out;
  for (const auto& each : list_) {
    rank.emplace(each.span.file, static_cast<int>(rank.size()));
    out.push_back(&each);
  }
  std::stable_sort(out.begin(), out.end(), [&](const auto* a, const auto* b) {
    return std::tuple(rank[a->span.file], a->span.line, a->span.column) < std::tuple(rank[b->span.file], b->span.line, b->span.column);
  });
  return out;
}

namespace {

// Terminals show one cell a code point for all that configuration files usually hold; tabs are
// printed as one blank so that the caret stays under its word.
std::string as_cells(std::string_view line) {
  std::string out(line);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

constexpr std::size_t widest_excerpt = 240;  // a minified file must not fill the terminal

}  // namespace

std::string render_text(const Diagnostic& d) {
  std::string out = fmt::format("{}[{}]: {}", d.severity == Severity::error ? "error" : "warning", d.code, d.message);
  const auto number = std::to_string(d.span.line);
  const std::string pad(d.span.known() ? number.size() : 1, ' ');
  if (d.span.known()) {
    out += fmt::format("\n{}--> {}\n{} |", pad, render_place(d.span), pad);
    const auto text = as_cells(d.span.file->line(d.span.line));
    if (text.size() <= widest_excerpt) {
      const std::string carets(static_cast<std::size_t>(std::max(1, d.span.length)), '^');
      out += fmt::format("\n{} | {}\n{} | {}{}", number, text, pad,
                         std::string(static_cast<std::size_t>(std::max(0, d.span.column - 1)), ' '), carets);
      if (!d.label.empty()) out += " " + d.label;
    }
  }
  for (const auto& note : d.notes) {
    out += fmt::format("\n{} = note: {}", pad, note.text);
    if (note.span.known()) out += " at " + render_place(note.span);
  }
  if (!d.help.empty()) out += fmt::format("\n{} = help: {}", pad, d.help);
  return out;
}

std::string render_text(const Diagnostics& diagnostics) {
  std::string out;
  for (const auto* each : diagnostics.ordered()) out += render_text(*each) + "\n\n";
  const auto count = [](int n, const char* word) { return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s"); };
  if (diagnostics.errors() > 0) out += count(diagnostics.errors(), "error");
  if (diagnostics.warnings() > 0) out += (diagnostics.errors() > 0 ? ", " : "") + count(diagnostics.warnings(), "warning");
  return out;
}

namespace {

// How many slips of the finger lie between the two: a letter more, less or other, or two neighbours swapped.
std::size_t edits_between(std::string_view word, std::string_view other) {
  std::vector<std::size_t> before(other.size() + 1), above(other.size() + 1), row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= word.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (word[i - 1] == other[j - 1] ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && word[i - 1] == other[j - 2] && word[i - 2] == other[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  auto nearest = std::max<std::size_t>(1, std::min<std::size_t>(word.size(), 64) / 3) + 1;
  if (word.size() > 64) return best;  // not a slip of the finger
  for (const auto& candidate : candidates) {
    if (candidate.size() > 64) continue;
    if (const auto d = edits_between(word, candidate); d < nearest && d < candidate.size()) {
      nearest = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace tidelab::source
