// Questions to an answer. Every probe's answer is JSON text; what must hold of it is a list of conditions
// on JSON pointers (RFC 6901), so one small language serves http, sql, exec, tcp and kafka alike.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/file.hpp"

namespace tidelab::step {

using source::Text;

enum class Op { equals, not_equals, contains, lacks, matches, at_least, at_most, one_of, exists, before };

/// `pointer` "" means the whole answer. `exists` compares with "true" or "false". Numbers that both sides
/// can be read as are compared as numbers (64-bit integers exactly, so a commit timestamp keeps all its bits).
/// `before` compares two moments of one answer, by the clock of whoever answers: `value` is "POINTER MILLISECONDS", and this
/// one must be at least so long before that one.
struct Condition {
  Text pointer;
  Op op = Op::equals;
  Text value;
};

using Match = std::vector<Condition>;

/// Takes the first element of the array at `from` for which `where` holds, in place of the whole answer.
/// When there is none, the answer becomes null. An empty `from` with no `where` takes nothing away.
struct Pick {
  Text from;
  Match where;
  bool used = false;
};

/// A value taken out of an answer under a name, for `@{name}` in the steps that follow. `last`: only the last of its lines
/// that matches this pattern (of a stack trace, the cause), and of that the first group, if there is one.
struct Take {
  Text name;
  Text pointer;
  Text last{};
};

using Takes = std::vector<Take>;
using Values = std::map<std::string, std::string>;

/// What is looked into of an answer. Services may send anything; what is larger is no answer of theirs.
inline constexpr std::size_t most_answer_depth = 100;         ///< of lists and objects within each other
inline constexpr std::size_t most_answer_values = 1'000'000;  ///< of all kinds

/// Why an answer is not looked into: which bound it exceeds. nullopt: it is within them, or it is no JSON at all.
std::optional<std::string> beyond_bounds(std::string_view answer, std::size_t depth = most_answer_depth);

/// Whether it is JSON that can stand as a value within an answer.
bool is_json(const std::string& text);

/// Whether a pattern is found in a text of others. A regular expression takes stack for each character, so a text of more than
/// 4,000 bytes is looked at line by line, and of each line 2,000 bytes. False for what is no pattern.
bool finds(const std::string& text, const std::string& pattern);

/// The picked part of an answer, as JSON text ("null" if nothing fits).
std::string pick(const std::string& answer, const Pick& pick);

/// One sentence for each condition that does not hold; empty when all hold. An answer that is not JSON, or is beyond
/// bounds, is treated as one JSON string.
struct Mismatch {
  std::string expected;
  std::string actual;
};
std::optional<Mismatch> mismatch(const std::string& answer, const Match& match);

/// Texts of strings without quotes, everything else as compact JSON; nullopt if there is no such value.
std::optional<std::string> value_at(const std::string& answer, const std::string& pointer);

/// The whole number there, also one within a string; nullopt if there is none, or it has no room in 64 bits.
std::optional<long long> number_at(const std::string& answer, const std::string& pointer);

/// Fills `values`; the name of the first one that is not there otherwise.
std::optional<std::string> take(const std::string& answer, const Takes& takes, Values& values);

/// The elements of the array at `pointer`, each as JSON text; empty when it is not an array.
std::vector<std::string> elements(const std::string& answer, const std::string& pointer);

/// `"/state" = normal, "/error" absent`: for titles, plans and failures.
std::string render_match(const Match& match);

/// A JSON string literal, and an object of strings: for doors that compose answers.
std::string json_string(std::string_view text);

}  // namespace tidelab::step
