#include "cli/session.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/chrono.h>
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

std::string now_text() {
  const auto now = std::time(nullptr);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
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

std::unique_ptr<Lab> open_lab(const Options& options, bool from_file) {
  auto out = std::make_unique<Lab>();
  out->options = options;
  out->options.known_hosts = absolute_or_empty(options.known_hosts);
  if (options.ssh_config != "none") out->options.ssh_config = absolute_or_empty(options.ssh_config);
  for (auto& each : out->options.identities) each = absolute_or_empty(each);
  const bool is_file = fs::is_regular_file(options.target) || options.target == "-";
  if (from_file) {
    out->loaded = load(out->options);
    return out->loaded ? std::move(out) : nullptr;
  }
  auto lab = options.target;
  if (is_file) {
    auto loaded = load(out->options);
    if (!loaded) return nullptr;
    lab = loaded->topology.global.lab.value;
    const auto record = read_record(lab);
    if (!record) {
      out->loaded = std::move(loaded);
      return out;
    }
    if (record->topology != loaded->topology_text)
      std::cerr << fmt::format("note: {} has changed since `tidelab up`; this works with the topology as it was applied\n", options.target);
  }
  const auto record = read_record(lab);
  if (!record) {
    std::cerr << fmt::format("tidelab: {} is neither a file nor a lab that is up\n", options.target);
    return nullptr;
  }
  out->recorded = true;
  out->kept = record->kept;
  auto& o = out->options;
  o.versions = record->reach.versions;
  if (!o.ssh) {
    const auto& r = record->reach;
    o.ssh = r.ssh, o.ssh_port = r.ssh_port, o.ssh_user = r.ssh_user, o.known_hosts = r.known_hosts, o.identities = r.identities,
    o.accept_new = r.accept_new;
    if (o.ssh_type.empty()) o.ssh_type = r.ssh_type;
    if (o.ssh_config.empty()) o.ssh_config = r.ssh_config;
  }
  o.lab = lab;
  out->loaded = load_text(o, record->name, record->topology);
  return out->loaded ? std::move(out) : nullptr;
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
    run::ComponentLine line{c.name, c.node, c.title, c.version, plan.lanes[static_cast<std::size_t>(c.lane)].name, c.jre, {},
                            c.section, c.serves_with, c.needs};
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
  Progress progress(plan, lab.options.verbose, lab.options.colour);
  const bool watched = lab.options.format == "text";
  auto effects = live::make_live(plan, std::move(setup));
  run::Options how;
  how.warned = std::move(warned);
  run::carry_out(
      plan, std::move(opened), *effects,
      [&](const run::Event& event) {
        events.push_back(event);
        journal << run::render_line(event) << "\n" << std::flush;
        if (watched) progress(event);
      },
      lab.options.stop, how);
  if (!journal) std::cerr << fmt::format("tidelab: the journal {} could not be written\n", (dir / plan.command).string());
  return report::fold(events);
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
