// `tidelab validate`: reads, checks, contacts nobody.
#include <algorithm>
#include <iostream>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cli/explain.hpp"
#include "cli/load.hpp"
#include "cli/session.hpp"
#include "report/findings.hpp"

namespace tidelab::cli {

namespace {

std::string count_of(int n, const char* word) { return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s"); }

// What is large and lives until the end anyway ends with the process: freeing it piece by piece is 5 % of the time of a
// large file. Only where there is one file, so that many do not add up. Still reachable, so no leak.
template <class T>
void leave_to_the_end(T&& what, const Options& options) {
  static T* kept = nullptr;
  if (kept == nullptr && options.targets.size() == 1) kept = new T(std::forward<T>(what));
}

// Each file by itself, so that what is wrong with one does not hide what is wrong with the next.
void look_into(Loaded& loaded, const Options& options, report::CheckedFile& out) {
  auto text = read_input(options.target, options.stop);
  if (!text) return complain_unreadable(loaded, out.name, text.error());
  if (!read_into(loaded, options, out.name, std::move(*text), false)) return;
  // Whatever a plan would complain about is a fault of the files, too.
  leave_to_the_end(plan::make_up(loaded.inputs(options), loaded.diagnostics), options);
  (void)plan::make_verify(loaded.inputs(options), loaded.diagnostics);
  check_other_labs(loaded);
  if (loaded.diagnostics.has_errors()) return;
  std::set<std::string> hosts;
  for (const auto& each : loaded.topology.instances)
    if (!each.playbook->hostless) hosts.insert(each.host.value);
  out.instances = static_cast<int>(loaded.topology.instances.size());
  out.hosts = static_cast<int>(hosts.size());
  out.note = loaded.topology.lab_note;
  if (const auto left = topology::left_alone_note(loaded.topology); !left.empty()) out.note += (out.note.empty() ? "" : "; ") + left;
}

void print_text(const report::Findings& findings, const Options& options) {
  if (!findings.diagnostics.empty()) std::cerr << source::render_text(findings.diagnostics, {options.colour_errors}) << "\n";
  for (const auto& file : findings.files) {
    if (file.errors > 0 || (file.instances == 0 && file.note.empty())) continue;
    std::cout << fmt::format("{}: ok, {} on {}\n", file.name, count_of(file.instances, "instance"), count_of(file.hosts, "host"));
    if (!file.note.empty()) std::cout << fmt::format("note: {}\n", file.note);
  }
}

}  // namespace

int validate(const Options& options) {
  auto loaded = load_library(options);
  if (!loaded) return exit_bad_file;
  source::Diagnostics all = std::exchange(loaded->diagnostics, {});
  std::vector<report::CheckedFile> files;
  for (const auto& target : options.targets) {
    const auto name = name_of_input(target);
    if (std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.name == name; })) continue;
    auto& file = files.emplace_back(report::CheckedFile{name});
    if (all.has_errors() && files.size() == 1) break;  // playbooks that cannot be trusted would blame the topology
    auto one = options;
    one.target = target;
    look_into(*loaded, one, file);
    if (options.stop.stop_requested()) return exit_interrupted;
    if (options.strict) loaded->diagnostics.promote_warnings();
    file.errors = loaded->diagnostics.errors();
    file.warnings = loaded->diagnostics.warnings();
    if (file.errors > 0) file.instances = file.hosts = 0;
    all.append(std::exchange(loaded->diagnostics, {}));
  }
  if (options.strict) all.promote_warnings();
  report::Findings findings{program_version(), options.strict, all.has_errors() ? exit_bad_file : exit_true, std::move(files), all, {}};
  if (options.format == "json") std::cout << report::render_json(findings);
  if (options.format == "junit") std::cout << report::render_junit(findings);
  if (options.format == "sarif") {
    findings.explained = read_pages(find_home(options));
    std::cout << report::render_sarif(findings);
  }
  if (options.format == "text") print_text(findings, options);
  leave_to_the_end(std::move(loaded), options);
  return findings.exit_code;
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
