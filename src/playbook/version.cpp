#include "playbook/version.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace tidelab::playbook {

namespace {

struct Parsed {
  Version version;
  int parts = 0;
};

std::optional<Parsed> parse_parts(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  Parsed out;
  while (out.parts < 3) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return std::nullopt;
    out.version.part[static_cast<std::size_t>(out.parts++)] = number;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (out.parts == 3 || !text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  if (!text.empty() && text.front() != '-' && text.front() != '+') return std::nullopt;
  return out;
}

std::string_view next_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  const auto parsed = parse_parts(text);
  return parsed ? std::optional(parsed->version) : std::nullopt;
}

std::optional<Range> Range::parse(std::string_view text) {
  Range out;
  out.alternatives_.emplace_back();
  if (text == "*") return out;
  int bounds = 0;
  for (auto word = next_word(text); !word.empty(); word = next_word(text)) {
    if (word == "||") {
      if (out.alternatives_.back().empty()) return std::nullopt;
      out.alternatives_.emplace_back();
      continue;
    }
    Bound bound{Bound::Is::prefix, {}, 0};
    if (word.starts_with(">="))
      bound.is = Bound::Is::at_least, word.remove_prefix(2);
    else if (word.starts_with("<="))
      bound.is = Bound::Is::at_most, word.remove_prefix(2);
    else if (word.starts_with('>'))
      bound.is = Bound::Is::above, word.remove_prefix(1);
    else if (word.starts_with('<'))
      bound.is = Bound::Is::below, word.remove_prefix(1);
    const auto parsed = parse_parts(word);
    if (!parsed) return std::nullopt;
    bound.version = parsed->version;
    bound.parts = parsed->parts;
    out.alternatives_.back().push_back(bound);
    ++bounds;
  }
  if (bounds == 0 || out.alternatives_.back().empty()) return std::nullopt;
  return out;
}

bool Range::holds(const Version& version) const {
  const auto fits = [&](const Bound& bound) {
    switch (bound.is) {
      case Bound::Is::at_least: return version >= bound.version;
      case Bound::Is::above: return version > bound.version;
      case Bound::Is::at_most: return version <= bound.version;
      case Bound::Is::below: return version < bound.version;
      case Bound::Is::prefix: break;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(bound.parts); ++i)
      if (version.part[i] != bound.version.part[i]) return false;
    return true;
  };
  for (const auto& all : alternatives_) {
    bool holds = true;
    for (const auto& bound : all) holds = holds && fits(bound);
    if (holds) return true;
  }
  return false;
}

std::vector<Version> Range::edges() const {
  std::vector<Version> out = {Version{}};
  for (const auto& all : alternatives_) {
    for (const auto& bound : all) {
      out.push_back(bound.version);
      out.push_back(bound.version);
      if (out.back().part[2] < std::numeric_limits<int>::max()) ++out.back().part[2];
    }
  }
  return out;
}

bool Range::overlaps(const Range& other) const {
  auto candidates = edges();
  const auto more = other.edges();
  candidates.insert(candidates.end(), more.begin(), more.end());
  return std::any_of(candidates.begin(), candidates.end(), [&](const auto& each) { return holds(each) && other.holds(each); });
}

}  // namespace tidelab::playbook
