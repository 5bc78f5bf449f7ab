// `tidelab validate`: reads, checks, contacts nobody.
#include <iostream>

#include <fmt/format.h>

#include "cli/load.hpp"

namespace tidelab::cli {

int validate(const Options& options) {
  auto loaded = load(options);
  if (!loaded) return exit_bad_file;
  // Whatever a plan would complain about is a fault of the files, too.
  (void)plan::make_up(loaded->inputs(options), loaded->diagnostics);
  (void)plan::make_verify(loaded->inputs(options), loaded->diagnostics);
  check_other_labs(*loaded);
  if (!told_no_errors(*loaded, options)) return exit_bad_file;
  std::map<std::string, int> hosts;
  for (const auto& each : loaded->topology.instances)
    if (!each.playbook->hostless) ++hosts[each.host.value];
  const auto count = [](std::size_t n, const char* word) { return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s"); };
  std::cout << fmt::format("{}: ok, {} on {}\n", options.target, count(loaded->topology.instances.size(), "instance"),
                           count(hosts.size(), "host"));
  if (const auto note = topology::left_alone_note(loaded->topology); !note.empty()) std::cout << fmt::format("note: {}\n", note);
  return exit_true;
}

int playbooks(const Options& options) {
  auto loaded = load_library(options);
  if (!loaded || !told_no_errors(*loaded, options)) return exit_bad_file;
  for (const auto& [section, playbook] : loaded->library.by_section)
    std::cout << fmt::format("{:<24} {:<20} {}\n", section, playbook.title.value,
                             !playbook.provisioned       ? std::string("understood, not provisioned")
                             : playbook.versions.empty() ? std::string("")
                                                         : "versions " + playbook.versions.value);
  return exit_true;
}

}  // namespace tidelab::cli
