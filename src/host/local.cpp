// This machine: an argv as a child process, without any shell.
#include "host/local.hpp"

#include <atomic>
#include <cstring>

#include <fmt/format.h>

#include "host/quote.hpp"

namespace tidelab::host {
namespace {

using step::Why;

class Local final : public Host {
public:
  std::string name() const override { return "this machine"; }
  Traffic traffic() const override { return {commands_, 0, 0, {}}; }

private:
  Result<Output> carry_out(const Command& command, const Control& control) override;

  std::atomic<long> commands_ = 0;
};

Result<Output> Local::carry_out(const Command& command, const Control& control) {
  const auto words = quote_argv(command.argv);
  if (control.stopped()) return step::fail(Why::interrupted, fmt::format("`{}` was not started because of the stop", words));
  if (control.expired()) return step::fail(Why::timed_out, fmt::format("no time was left to start `{}`", words));
  Output output;
  const auto ended = run_child(command, control, {command.on_out, command.on_err});
  if (!ended) return tl::unexpected(ended.error());
  ++commands_;
  if (ended->by) {
    const auto what = *ended->by == Why::interrupted ? fmt::format("`{}` was ended because of the stop", words)
                                                     : fmt::format("`{}` did not end in time on this machine", words);
    return step::fail(*ended->by, what);
  }
  output.code = ended->code;
  if (const auto& told = ended->problem)
    command.on_err(
        fmt::format("{}: {}\n", told->code == process::no_directory ? command.cwd : command.argv.front(), std::strerror(told->error)));
  return output;
}

}  // namespace

Result<process::Ended> run_child(const Command& command, const Control& control, const process::Ears& ears) {
  process::Program program{command.argv};
  for (const auto& [name, value] : command.env) program.env.push_back(name + "=" + value);
  program.cwd = command.cwd;
  return process::run(std::move(program), command.input, control, ears);
}

std::unique_ptr<Host> make_local() { return std::make_unique<Local>(); }

}  // namespace tidelab::host
