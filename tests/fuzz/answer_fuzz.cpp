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
  std::string answer(reinterpret_cast<const char*>(data), size);
  const source::Text pointer{take_line(answer), {}}, value{take_line(answer), {}};
  const auto found = step::value_at(answer, pointer.value);
  for (const auto op :
       {Op::equals, Op::not_equals, Op::contains, Op::lacks, Op::at_least, Op::at_most, Op::one_of, Op::exists, Op::before}) {
    const step::Condition condition{pointer, op, value};
    if (const auto wrong = step::mismatch(answer, {condition}))
      require(!wrong->expected.empty() && !wrong->actual.empty(), "both sides are told");
    require(nlohmann::json::accept(step::pick(answer, {pointer, {{{}, op, value}}, true})), "what is picked is JSON");
  }
  const step::Condition pattern{pointer, Op::matches, {"(^|\n)[^?]*x([?]|$)", {}}};
  (void)step::mismatch(answer, {pattern});
  for (const auto& each : step::elements(answer, pointer.value)) require(nlohmann::json::accept(each), "an element is JSON");
  step::Values values;
  const auto missing = step::take(answer, {{{"name", {}}, pointer, {"^(.*)x", {}}}}, values);
  require(missing || (found && values.contains("name")), "what is taken was there");
  require(nlohmann::json::accept(step::json_string(answer)), "any text is a JSON string");
  return 0;
}
