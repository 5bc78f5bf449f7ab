// Any bytes at all as a service's answer: whatever is asked of it, nothing throws, and no stack is used up.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "step/match.hpp"

using namespace tidelab::step;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string answer(reinterpret_cast<const char*>(data), size);
  const Match match{{{"/a/0", {}}, Op::equals, {"1", {}}},
                    {{"", {}}, Op::matches, {"(a|b)*c$", {}}},
                    {{"/a", {}}, Op::at_least, {"3", {}}},
                    {{"/b", {}}, Op::before, {"/a 3", {}}}};
  Pick wanted;
  wanted.from = {"/a", {}};
  wanted.where = {match.front()};
  wanted.used = true;
  Values values;
  mismatch(answer, match);
  number_at(answer, "/a");
  take(answer, {{{"v", {}}, {"", {}}, {"(x)y", {}}}}, values);
  // What is taken out of an answer within bounds is JSON again, or a text.
  const auto picked = pick(answer, wanted);
  if (!is_json(picked) && !beyond_bounds(picked, most_answer_depth - 1)) std::abort();
  for (const auto& each : elements(answer, ""))
    if (!value_at("[" + each + "]", "/0") && each != "null") std::abort();
  return 0;
}
