// What a service answered: JSON, looked into as often as anybody asks, and parsed once.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidelab::step {

/// What is looked into of an answer. Services may send anything; what is larger is no answer of theirs.
inline constexpr std::size_t most_answer_depth = 100;         ///< of lists and objects within each other
inline constexpr std::size_t most_answer_values = 1'000'000;  ///< of all kinds

/// A value of JSON, the whole of an answer or a part of it. Nothing changes it, so copies and parts share what was parsed.
/// Pointers are those of RFC 6901; "" means the whole.
class Answer {
public:
  /// A text that is no JSON, or is beyond bounds, is treated as one JSON string.
  static Answer parse(std::string text);
  /// An object of these members, whose text has them in this order; none of them is parsed again. What was no JSON is a string.
  static Answer object(const std::vector<std::pair<std::string, Answer>>& members);

  /// As it came; of a part, compact JSON.
  std::string text() const;
  /// Why it is not looked into: which bound it exceeds. nullopt: it is within them, or it is no JSON at all.
  std::optional<std::string> beyond() const;
  /// Whether there is something there, and it is not null.
  bool has(const std::string& pointer) const;
  /// What is said there: texts of strings without quotes, everything else as compact JSON; nullopt if nothing is there.
  std::optional<std::string> said(const std::string& pointer) const;
  /// The elements of the array there; empty when it is not an array.
  std::vector<Answer> elements(const std::string& pointer) const;
  /// The same with nothing around it that would be kept along with a part.
  Answer alone() const;

private:
  struct Held;
  explicit Answer(std::shared_ptr<const Held> held) : held_(std::move(held)) {}
  std::shared_ptr<const Held> held_;
};

/// A JSON string literal: for doors that compose answers.
std::string json_string(std::string_view text);

}  // namespace tidelab::step
