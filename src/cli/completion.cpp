// `tidelab completion SHELL`: what makes a shell ask `tidelab complete`.
#include <algorithm>
#include <iostream>

#include "cli/completion.hpp"
#include "cli/options.hpp"

namespace tidelab::cli {

int completion(const Options& options) {
  const auto& all = completions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Completion& each) { return each.shell == options.target; });
  std::cout << found->script;  // the command line takes no other word
  return exit_true;
}

}  // namespace tidelab::cli
