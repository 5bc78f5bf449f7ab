// Questions that are no steps of a plan: each asked once, all side by side.
#include "live/world.hpp"
#include "step/thread.hpp"

namespace tidelab::live {

std::vector<step::Result<step::Answer>> ask_once(const plan::Plan& plan, Setup& setup, const std::vector<Question>& questions,
                                                 const step::Control& control) {
  std::vector<step::Result<step::Answer>> out(questions.size(), step::fail(step::Why::failed, "not asked"));
  Lent lent(plan, setup);
  std::vector<step::Thread> threads;
  for (std::size_t i = 0; i < questions.size(); ++i)
    threads.emplace_back(
        [&, i] {
          const auto asked = ask(lent.world(), questions[i].action, {questions[i].lane, questions[i].scope}, control);
          if (asked)
            out[i] = asked->answer;
          else
            out[i] = tl::unexpected(asked.error());
        },
        [&, i](const step::Failure& why) { out[i] = tl::unexpected(why); });
  threads.clear();
  return out;
}

}  // namespace tidelab::live
