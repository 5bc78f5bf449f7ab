// All services of a lab at once: one command on each host.
#include <sstream>

#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/process_words.hpp"
#include "live/world.hpp"
#include "step/thread.hpp"

namespace tidelab::live {

namespace {

// One line of JSON each, in the order asked; fewer when the host could not go on.
std::vector<Result<std::string>> ask_lane(World& world, int lane, const std::vector<std::string>& services, const Control& control) {
  std::string calls = "foresee_content";
  for (const auto& each : services) calls += " " + host::quote(world.run_dir(lane, each));
  calls += " --\n";
  for (const auto& each : services) calls += "process_of " + host::quote(world.run_dir(lane, each)) + "\n";
  const auto output = world.agent(lane, calls, {}, control);
  std::vector<Result<std::string>> out;
  if (!output) {
    out.assign(services.size(), tl::unexpected(output.error()));
    return out;
  }
  std::istringstream lines(output->out);
  for (const auto& each : services) {
    std::string line;
    if (std::getline(lines, line))
      out.push_back(read_process(line, each, world.host(lane).name()));
    else
      out.push_back(step::fail(Why::unreachable, "the state of " + each + " could not be read", output->err));
  }
  return out;
}

}  // namespace

void look_at_services(const plan::Plan& plan, Setup& setup, const std::vector<std::string>& nodes, const Control& control) {
  std::map<int, std::vector<std::string>> wanted;
  for (const auto& step : plan.steps) {
    const auto* process = std::get_if<step::Process>(&step.action);
    if (process != nullptr && plan::means_any(plan, plan.components[static_cast<std::size_t>(step.component)], nodes))
      wanted[step.lane].push_back(process->name.value);
  }
  std::map<int, std::vector<Result<std::string>>> found;
  for (const auto& [lane, services] : wanted) found[lane];  // so that no thread changes the map
  {
    Lent lent(plan, setup);
    std::vector<step::Thread> threads;
    for (const auto& [lane, services] : wanted)
      threads.emplace_back(
          [&, at = lane, &names = services] { found.at(at) = ask_lane(lent.world(), at, names, control); },
          [&, at = lane, &names = services](const step::Failure& why) { found.at(at).assign(names.size(), tl::unexpected(why)); });
  }
  for (const auto& [lane, services] : wanted)
    for (std::size_t i = 0; i < services.size(); ++i) setup.processes.insert_or_assign({lane, services[i]}, found.at(lane)[i]);
}

}  // namespace tidelab::live
