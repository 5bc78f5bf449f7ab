#include "cli/session.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "cli/progress.hpp"
#include "cli/reach.hpp"
#include "cli/version.hpp"
#include "run/journal.hpp"
#include "run/runner.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

std::string absolute_or_empty(const std::string& path) { return path.empty() ? path : fs::absolute(path).string(); }

void tell_unfinished(const Record& record) {
  const auto text = unfinished(record, !Lock::holder(record.lab).empty());
  if (!text.empty()) std::cerr << fmt::format("note: {}\n", text);
}

bool write_text(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) std::cerr << fmt::format("tidelab: cannot write {}\n", path.string());
  return static_cast<bool>(out);
}

}  // namespace

std::string program_version() { return fmt::format("tidelab {} ({}, {})", version_text, version_commit, version_build); }

namespace {

// How hosts are reached, as `up` was told, where this command line says nothing else.
void reach_as_recorded(Options& o, const Record& record) {
  if (o.ssh) return;
  const auto& r = record.reach;
  o.ssh = r.ssh, o.ssh_port = r.ssh_port, o.ssh_user = r.ssh_user, o.known_hosts = r.known_hosts, o.identities = r.identities,
  o.accept_new = r.accept_new;
  if (o.ssh_type.empty()) o.ssh_type = r.ssh_type;
  if (o.ssh_config.empty()) o.ssh_config = r.ssh_config;
}

std::unique_ptr<Lab> from_record(std::unique_ptr<Lab> out, const Record& record) {
  out->recorded = true;
  out->kept = record.kept;
  out->state = state_of(record, !Lock::holder(record.lab).empty());
  auto& o = out->options;
  reach_as_recorded(o, record);
  o.lab = record.lab;
  out->loaded = load_text(o, record.name, record.topology);
  return out->loaded ? std::move(out) : nullptr;
}

// The lab of a topology file that is up, or the one that it would be.
std::unique_ptr<Lab> from_file(std::unique_ptr<Lab> out, bool as_it_is) {
  out->loaded = load(out->options);
  if (!out->loaded) return nullptr;
  if (as_it_is) return out;
  const auto record = read_record(out->loaded->topology.global.lab.value);
  if (!record) {
    if (const auto why = foreign_record(out->loaded->topology.global.lab.value); !why.empty()) std::cerr << fmt::format("note: {}\n", why);
    return out;
  }
  if (record->topology != out->loaded->topology_text)
    std::cerr << fmt::format("note: {} has changed since `tidelab up`; this works with the topology as it was applied\n",
                             out->options.target);
  tell_unfinished(*record);
  out->options.versions = record->reach.versions;
  return from_record(std::move(out), *record);
}

}  // namespace

std::unique_ptr<Lab> open_lab(const Options& options, bool as_file) {
  auto out = std::make_unique<Lab>();
  out->options = options;
  out->options.known_hosts = absolute_or_empty(options.known_hosts);
  if (options.ssh_config != "none") out->options.ssh_config = absolute_or_empty(options.ssh_config);
  for (auto& each : out->options.identities) each = absolute_or_empty(each);
  std::error_code error;
  if (options.target == "-" || fs::is_regular_file(options.target, error)) return from_file(std::move(out), as_file);
  const auto record = read_record(options.target);
  // A pipe, a folder: whoever reads it says what is wrong with it.
  if (!record && as_file && fs::exists(options.target, error)) return from_file(std::move(out), as_file);
  if (!record) {
    std::cerr << fmt::format("tidelab: {}\n", no_such_lab(options.target));
    return nullptr;
  }
  // The versions that `up` was told belong to the topology as applied; only `up` and what plans for it may be told others.
  if (!as_file || options.versions.empty()) out->options.versions = record->reach.versions;
  if (!as_file) tell_unfinished(*record);
  return from_record(std::move(out), *record);
}

live::Setup make_setup(const plan::Plan& plan, const Lab& lab, std::map<std::string, artifact::Acquired> acquired) {
  live::Setup out;
  out.acquired = std::move(acquired);
  out.run = lab.run;
  out.claim = lab.claim;
  reach_hosts(out, plan, lab.options, lab.loaded->topology.global);
  return out;
}

report::Report run_plan(const plan::Plan& plan, const Lab& lab, live::Setup setup, std::vector<run::Warned> warned) {
  run::Opened opened;
  opened.command = plan.command;
  opened.lab = plan.lab;
  opened.topology = plan.topology;
  opened.program = program_version();
  opened.when = now_text();
  opened.notes = plan.notes;
  for (const auto& c : plan.components) {
    run::ComponentLine line{c.name, c.node, c.title,   c.version,     plan.lanes[static_cast<std::size_t>(c.lane)].name,
                            c.jre,  {},     c.section, c.serves_with, c.needs};
    const auto found = c.artifacts.empty() ? setup.acquired.end() : setup.acquired.find(c.artifacts.front());
    if (found != setup.acquired.end()) {
      line.source = artifact::name_of(found->second.kind);
      if (!found->second.note.empty()) line.source += ": " + found->second.note;
    }
    opened.components.push_back(std::move(line));
  }
  std::error_code error;
  const fs::path dir = record_dir(plan.lab);
  fs::create_directories(dir, error);
  std::ofstream journal(dir / fmt::format("{}.jsonl", plan.command), std::ios::binary | std::ios::trunc);
  std::vector<run::Event> events;
  Progress progress(plan, watch_as(lab.options.format == "text", lab.options.verbose, lab.options.colour));
  auto effects = live::make_live(plan, std::move(setup));
  run::Options how;
  how.warned = std::move(warned);
  run::carry_out(
      plan, std::move(opened), *effects,
      [&](const run::Event& event) {
        events.push_back(event);
        journal << run::render_line(event) << "\n" << std::flush;
        progress(event);
      },
      lab.options.stop, how);
  if (!journal) std::cerr << fmt::format("tidelab: the journal {} could not be written\n", (dir / plan.command).string());
  return report::fold(events);
}

std::string outcome_of(const report::Report& report) {
  return report.exit_code == exit_true ? "done" : report.interrupted || report.closed.interrupted ? "interrupted" : "failed";
}

void give_report(const report::Report& report, const Options& options, bool print) {
  if (print) {
    if (options.format == "json")
      std::cout << report::render_json(report) << "\n";
    else if (options.format == "junit")
      std::cout << report::render_junit(report) << "\n";
    else if (options.format == "html")
      std::cout << report::render_html(report) << "\n";
    else
      std::cout << "\n" << report::render_text(report, options.colour) << "\n";
    std::cout << std::flush;
  }
  if (options.report_dir.empty()) return;
  std::error_code error;
  fs::create_directories(options.report_dir, error);
  const fs::path dir = options.report_dir;
  const std::string stem = report.opened.command == "verify" ? "report" : "report-" + report.opened.command;
  write_text(dir / (stem + ".json"), report::render_json(report) + "\n");
  write_text(dir / (stem == "report" ? std::string("junit.xml") : "junit-" + report.opened.command + ".xml"),
             report::render_junit(report) + "\n");
  write_text(dir / (stem + ".html"), report::render_html(report) + "\n");
  const auto journal = fs::path(record_dir(report.opened.lab)) / (report.opened.command + ".jsonl");
  fs::copy_file(journal, dir / (report.opened.command + ".jsonl"), fs::copy_options::overwrite_existing, error);
}

}  // namespace tidelab::cli
