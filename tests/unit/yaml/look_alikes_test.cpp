// Characters that pass for others: which are told, where, and what is read on as it must be meant.

#include "unit/yaml/support.hpp"

#include "support/catch.hpp"

using namespace tidelab::yaml;

namespace {

// "2:1+2 a no-break space (U+00A0) in the indentation"
std::string brief(const Case& c) {
  std::string out;
  for (const auto* d : c.diagnostics.ordered())
    out += fmt::format("{}{} {}:{}+{} {}", out.empty() ? "" : "\n", d->code, d->span.line, d->span.column, d->span.length, d->message);
  return out;
}

std::string brief(const char* text) { return brief(Case(text)); }

}  // namespace

TEST_CASE("Y007: a blank that is none is told, and read as one") {
  const Case c("a:\n\u00a0\u00a0b: 1\n  c: [2\n");
  CHECK(
      brief(c) ==
      "Y007 2:1+2 a no-break space (U+00A0) in the indentation\nY001 4:1+1 this list is not closed, or an item is not followed by a comma");
  const Case whole("a:\n\u00a0 b: 1\n  c: 2\n");
  CHECK(brief(whole) == "Y007 2:1+1 a no-break space (U+00A0) in the indentation");
  CHECK(show(whole.root) == "{a@1:1+1 = {b@2:3+1 = 1@2:6+1, c@3:3+1 = 2@3:6+1}@2:3+1}@1:1+1");
  CHECK(brief("a:\u30001\n") == "Y007 1:3+1 an ideographic space (U+3000)");
}

TEST_CASE("Y007: one kind is one mistake") {
  const Case c("a:\n\u00a0 b: 1\n\u00a0 c: 1\n\u00a0 d: 1\n");
  CHECK(c.diagnostics.errors() == 1);
  CHECK(c.diagnostics.ordered().front()->notes.front().text == "and 2 more of it, in line 3, 4");
}

TEST_CASE("Y007: what nobody sees, and signs of full width, in the place of YAML's own") {
  CHECK(brief("ho\u200bst: a\n") == "Y007 1:3+1 a zero width space (U+200B)");
  CHECK(brief("a: 1\n\ufeffb: 2\n") == "Y007 2:1+1 a byte order mark (U+FEFF) in the indentation");
  CHECK(brief("a\uff1a 1\n") == "Y007 1:2+1 a full-width `:` (U+FF1A)");
  CHECK(brief("- a\uff1a1\n") == "Y007 1:4+1 a full-width `:` (U+FF1A)");
  CHECK(brief("a: {b: 1\uff0cc: 2}\n") == "Y007 1:9+1 a full-width `,` (U+FF0C)");
  CHECK(brief("a: \u201cb\u201d\n") == "Y007 1:4+1 a left double quotation mark (U+201C)");
  CHECK(brief("a: \uff3b1]\n") == "Y007 1:4+1 a full-width `[` (U+FF3B)");
  CHECK(brief("\u2013 a\n") == "Y007 1:1+1 an en dash (U+2013)");
}

TEST_CASE("what stands in quotes, in comments and in texts is the author's own") {
  for (const char* fine : {"# \u00a0\u201c\na: 1 # \uff1a\n", "a: \"\u00a0\uff1a\u200b\"\nb: '\u201cx\u201d'\n",
                           "a: |\n  b\u00a0c\uff1a\n  \u201cd\u201d\nb: 1\n", "a: x\u201cy\u201d\n", "a: see\uff1athat\n", "a: 1\u20132\n",
                           "a: \u6ce8\u610f\uff1a\u771f\uff0c\n", "\ufeffa: 1\n"}) {
    CAPTURE(fine);
    CHECK(brief(fine) == "");
  }
}
