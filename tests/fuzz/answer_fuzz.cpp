// Any bytes at all as the answer of a service: the first line is a pointer, a second one a value to compare with, the rest is
// the answer. Questions to it are answered, and what is taken out of JSON is JSON.
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "library.hpp"
#include "step/match.hpp"

namespace {

using namespace tidelab;
using fuzz::require;
using step::Op;

std::string take_line(std::string& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.erase(0, std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  const source::Text pointer{take_line(text), {}}, value{take_line(text), {}};
  const auto answer = step::Answer::parse(text);
  require(answer.text() == text, "an answer's text is as it came");
  const auto found = step::value_at(answer, pointer.value);
  for (const auto op :
       {Op::equals, Op::not_equals, Op::contains, Op::lacks, Op::at_least, Op::at_most, Op::one_of, Op::exists, Op::before}) {
    const step::Condition condition{pointer, op, value};
    if (const auto wrong = step::mismatch(answer, {condition}))
      require(!wrong->expected.empty() && !wrong->actual.empty(), "both sides are told");
    const auto picked = step::pick(answer, {pointer, {{{}, op, value}}, true});
    require(nlohmann::json::accept(picked.text()), "what is picked is JSON");
    require(picked.said("") == step::Answer::parse(picked.text()).said(""), "what is picked is what its text says");
  }
  const step::Condition pattern{pointer, Op::matches, {"(^|\n)[^?]*x([?]|$)", {}}};
  (void)step::mismatch(answer, {pattern});
  for (const auto& each : answer.elements(pointer.value)) require(nlohmann::json::accept(each.alone().text()), "an element is JSON");
  step::Values values;
  const auto missing = step::take(answer, {{{"name", {}}, pointer, {"^(.*)x", {}}}}, values);
  require(missing || (found && values.contains("name")), "what is taken was there");
  require(nlohmann::json::accept(step::json_string(text)), "any text is a JSON string");
  const auto made = step::Answer::object({{"this", answer}, {"other", step::Answer::parse("7")}});
  require(made.said("") == step::Answer::parse(made.text()).said(""), "an object of answers is what its text says");
  return 0;
}
