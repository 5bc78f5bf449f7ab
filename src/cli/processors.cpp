#include "cli/processors.hpp"

namespace tidelab::cli {

tl::expected<bool, int> fit_to_hosts(Lab& lab, plan::Plan& made, const Make& make, const std::vector<std::string>& said) {
  auto& loaded = *lab.loaded;
  if (!plan::learn_processors(loaded.topology, loaded.library.common, made, said)) return false;
  made = make();
  if (!told_no_errors(loaded, lab.options)) return tl::unexpected<int>(exit_bad_file);
  return true;
}

tl::expected<bool, int> fit_to_hosts(Lab& lab, plan::Plan& made, const Make& make, live::Setup& setup, plan::Known known) {
  const auto lanes = plan::lanes_to_ask(lab.loaded->topology, made, known);
  if (lanes.empty()) return false;
  const step::Control brief{step::Clock::now() + std::chrono::minutes(2), lab.options.stop, {}};
  return fit_to_hosts(lab, made, make, live::ask_processors(made, setup, lanes, brief));
}

}  // namespace tidelab::cli
