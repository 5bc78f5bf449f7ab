// `tidelab logs`: the end of each component's log, or one of them as it grows.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "agent/script.hpp"
#include "cli/files.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"

namespace tidelab::cli {

namespace {

struct Opened {
  std::unique_ptr<Lab> lab;
  plan::Plan plan;
  live::Setup setup;
};

std::unique_ptr<Opened> open_logs(const Options& options) {
  auto out = std::make_unique<Opened>();
  out->lab = open_lab(options, false);
  if (!out->lab) return nullptr;
  out->plan = plan::make_status(out->lab->loaded->inputs(out->lab->options), out->lab->loaded->diagnostics);
  if (!told_no_errors(*out->lab->loaded, options)) return nullptr;
  out->setup = make_setup(out->plan, *out->lab);
  return out;
}

// What an account wrote is read as that account: it may have put a link there. What is no file could be read for ever.
host::Command reading(const Opened& opened, const plan::Component& c, std::vector<std::string> tail) {
  tail.insert(tail.begin(), {"sh", "-c", agent::program("of_file"), "sh", c.log});
  return {live::words_of_services(opened.setup, static_cast<std::size_t>(c.lane), std::move(tail)), {}, {}, {}, {}};
}

bool asked_for(const plan::Plan& plan, const plan::Component& c, const Options& options) {
  return c.lane > 0 && !c.log.empty() && plan::means_any(plan, c, options.nodes);
}

}  // namespace

int archive_logs(const Options& options);  // archive.cpp

int logs(const Options& options) {
  if (!options.archive.empty()) return archive_logs(options);
  const auto opened = open_logs(options);
  if (!opened) return exit_bad_file;
  int code = exit_true;
  for (const auto& c : opened->plan.components) {
    if (!asked_for(opened->plan, c, options)) continue;
    if (!options.follow) std::cout << fmt::format("━━ {} {}: {}\n", c.title, c.node, c.log);
    std::vector<std::string> tail{"tail", "-n", std::to_string(options.lines)};
    if (options.follow) tail.emplace_back("-F");
    auto command = reading(*opened, c, std::move(tail));
    command.on_out = [](std::string_view text) { print_bytes(std::cout, text); };
    const auto deadline = options.follow ? step::Clock::time_point::max() : step::Clock::now() + std::chrono::seconds(30);
    const auto output = opened->setup.hosts[static_cast<std::size_t>(c.lane)]->run(command, {deadline, options.stop, {}});
    if (options.stop.stop_requested()) return exit_interrupted;
    if (output && output->code == 0) continue;
    std::cerr << fmt::format("tidelab: {}: {}\n", c.log, output ? output->err : output.error().what);
    code = exit_unknown;
  }
  return code;
}

constexpr int most_collected = 4'000'000;  // bytes; more than the host room keeps of one command would stop it

int collect_logs(const Options& options, const std::string& dir) {
  const auto opened = open_logs(options);
  if (!opened) return exit_bad_file;
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(dir, error))) {
    std::cerr << fmt::format("tidelab: {} is a link, and what it leads to may be somebody else's: no logs are collected there\n", dir);
    return exit_unknown;
  }
  for (const auto& c : opened->plan.components) {
    if (!asked_for(opened->plan, c, options)) continue;
    auto name = c.section + "-" + c.node + ".log";
    std::replace(name.begin(), name.end(), '/', '_');
    const auto output =
        opened->setup.hosts[static_cast<std::size_t>(c.lane)]->run(reading(*opened, c, {"tail", "-c", std::to_string(most_collected)}),
                                                                   {step::Clock::now() + std::chrono::seconds(60), options.stop, {}});
    if (!output || output->code != 0)
      std::cerr << fmt::format("tidelab: the log of {} {} could not be collected: {}\n", c.title, c.node,
                               output ? output->err : output.error().what);
    else
      write_file((std::filesystem::path(dir) / name).string(), plan::mask(output->out, opened->plan.secrets));
  }
  return exit_true;
}

}  // namespace tidelab::cli
