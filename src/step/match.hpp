// Questions to an answer. Every probe's answer is JSON; what must hold of it is a list of conditions
// on JSON pointers (RFC 6901), so one small language serves http, sql, exec, tcp and kafka alike.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "source/file.hpp"
#include "step/answer.hpp"

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

/// Whether a pattern is found in a text of others. A regular expression takes stack for each character, so a text of more than
/// 4,000 bytes is looked at line by line, and of each line 2,000 bytes. False for what is no pattern.
bool finds(const std::string& text, const std::string& pattern);

/// The picked part of an answer; null if nothing fits.
Answer pick(const Answer& answer, const Pick& pick);

/// One sentence for each condition that does not hold; empty when all hold.
struct Mismatch {
  std::string expected;
  std::string actual;
};
std::optional<Mismatch> mismatch(const Answer& answer, const Match& match);

/// What is said there, where that is not null.
std::optional<std::string> value_at(const Answer& answer, const std::string& pointer);

/// The whole number there, also one within a string; nullopt if there is none, or it has no room in 64 bits.
std::optional<long long> number_at(const Answer& answer, const std::string& pointer);

/// Fills `values`; the name of the first one that is not there otherwise.
std::optional<std::string> take(const Answer& answer, const Takes& takes, Values& values);

/// `"/state" = normal, "/error" absent`: for titles, plans and failures.
std::string render_match(const Match& match);

}  // namespace tidelab::step
