// The list of faults, its order, and guesses at what was meant.
#include "source/diagnostic.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "source/spelling.hpp"

namespace tidelab::source {

Diagnostic& Diagnostics::add(Diagnostic made) {
  ++(made.severity == Severity::error ? errors_ : warnings_);
  if (list_.size() < most_kept) return list_.emplace_back(std::move(made));
  return last_left_out_ = std::move(made);
}

Diagnostic& Diagnostics::error(std::string code, std::string message, Span span) {
  return add({Severity::error, std::move(code), std::move(message), span, {}, {}, {}});
}

Diagnostic& Diagnostics::warning(std::string code, std::string message, Span span) {
  return add({Severity::warning, std::move(code), std::move(message), span, {}, {}, {}});
}

void Diagnostics::append(Diagnostics other) {
  const auto errors = errors_ + other.errors_, warnings = warnings_ + other.warnings_;
  for (auto& each : other.list_) add(std::move(each));
  errors_ = errors;
  warnings_ = warnings;
}

void Diagnostics::promote_warnings() {
  for (auto& each : list_) each.severity = Severity::error;
  errors_ += std::exchange(warnings_, 0);
}

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

namespace {

// `big_servers` and `box_servers` are alike only in the part that many names have: what counts is the rest of them.
std::size_t most_edits(std::string_view word, std::string_view other) {
  const auto shorter = [&] { return std::min(word.size(), other.size()); };
  std::size_t front = 0, back = 0;
  for (std::size_t i = 0; i < shorter() && word[i] == other[i]; ++i)
    if (word[i] == '_') front = i + 1;
  for (std::size_t i = 0; i + front < shorter() && word[word.size() - 1 - i] == other[other.size() - 1 - i]; ++i)
    if (word[word.size() - 1 - i] == '_') back = i + 1;
  const auto rest = std::max(word.size(), other.size()) - front - back;
  return std::max<std::size_t>(1, rest / 3);
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  auto nearest = word.size();
  if (word.size() > 64) return best;  // not a slip of the finger
  for (const auto& candidate : candidates) {
    if (candidate.size() > 64) continue;
    if (const auto d = edits_between(word, candidate); d < nearest && d < candidate.size() && d <= most_edits(word, candidate)) {
      nearest = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace tidelab::source
