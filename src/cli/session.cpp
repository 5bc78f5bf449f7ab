#include "cli/session.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "cli/progress.hpp"
#include "cli/reach.hpp"
#include "cli/version.hpp"
#include "run/journal.hpp"
#include "run/runner.hpp"
#include "source/file.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

// False after saying why. Recorded, and used from wherever the next command is called.
bool make_absolute(std::string& path) {
  if (path.empty()) return true;
  auto whole = absolute_path(path);
  if (!whole) return std::cerr << fmt::format("tidelab: {}\n", whole.error().what), false;
  path = std::move(*whole);
  return true;
}

bool make_absolute(Options& options) {
  auto& reach = options.reach;
  bool good = make_absolute(reach.known_hosts) && (reach.config == "none" || make_absolute(reach.config));
  for (auto& each : reach.identities) good = good && make_absolute(each);
  return good;
}

void tell_unfinished(const lab::Record& record) {
  const auto text = lab::unfinished(record, !lab::Lock::holder(record.lab).empty());
  if (!text.empty()) std::cerr << fmt::format("note: {}\n", text);
}

/// The journal of a run in the lab's record: a new file, so that none that others know is written to.
class Journal {
public:
  Journal(const std::string& lab, const std::string& command) : name_(journal_of(command)) {
    const auto dir = lab::make_record_dir(lab);
    if (!dir) {
      problem_ = dir.error().what;
      return;
    }
    auto file = dir->create(name_);
    if (file)
      file_ = std::move(*file);
    else
      problem_ = file.error().what;
  }
  void write(const std::string& line) {
    if (file_ && problem_.empty() && !disk::write_all(file_.get(), line + "\n"))
      problem_ = fmt::format("{}: {}", name_, std::strerror(errno));
  }
  /// Why it is not whole; empty: it is.
  const std::string& problem() const { return problem_; }

private:
  std::string name_, problem_;
  process::Fd file_;
};

}  // namespace

std::string journal_of(const std::string& command) { return command + ".jsonl"; }

std::unique_ptr<artifact::Store> open_store() {
  const auto dir = artifact::default_cache_dir();
  const auto good = dir ? artifact::check_cache(*dir) : tl::unexpected(dir.error());
  if (good) return std::make_unique<artifact::Store>(*dir);
  std::cerr << fmt::format("tidelab: {}\nhelp: {}\n", good.error().what, good.error().help);
  return nullptr;
}

std::string program_version() { return fmt::format("tidelab {} ({}, {})", version_text, version_commit, version_build); }
std::string program_release() { return version_text; }
std::string program_date() { return version_date; }

namespace {

// How hosts are reached, as `up` was told, where this command line says nothing else.
void reach_as_recorded(lab::Reach& reach, const lab::Reach& recorded) {
  if (reach.ssh) return;
  const auto said = std::exchange(reach, recorded);
  if (!said.type.empty()) reach.type = said.type;
  if (!said.config.empty()) reach.config = said.config;
}

std::unique_ptr<Lab> from_record(std::unique_ptr<Lab> out, const lab::Record& record) {
  out->recorded = true;
  out->kept = record.kept;
  out->state = lab::state_of(record, !lab::Lock::holder(record.lab).empty());
  auto& o = out->options;
  reach_as_recorded(o.reach, record.reach);
  o.lab = record.lab, o.ordinals = record.ordinals;
  out->loaded = load_text(o, record.name, record.topology);
  return out->loaded ? std::move(out) : nullptr;
}

// The lab of a topology file that is up, or the one that it would be. A record that cannot be read keeps nobody from working with
// the file; one that others could have written is no reason to go on.
std::unique_ptr<Lab> from_file(std::unique_ptr<Lab> out, bool as_it_is) {
  out->loaded = load(out->options);
  if (!out->loaded) return nullptr;
  if (as_it_is) return out;
  const auto& lab = out->loaded->topology.global.lab.value;
  const auto known = lab::read_record(lab);
  if (!known && (known.error().why == lab::Unknowable::Why::nowhere || known.error().why == lab::Unknowable::Why::unsafe))
    return tell(known.error()), nullptr;
  if (!known || !*known) {
    const auto foreign = lab::foreign_record(lab);
    const auto why = !foreign.empty() ? foreign : known ? std::string() : known.error().what;
    if (!why.empty()) std::cerr << fmt::format("note: {}\n", why);
    return out;
  }
  const auto& record = **known;
  if (record.topology != out->loaded->topology_text)
    std::cerr << fmt::format("note: {} has changed since `tidelab up`; this works with the topology as it was applied\n",
                             out->options.target);
  tell_unfinished(record);
  out->options.versions = record.versions;
  return from_record(std::move(out), record);
}

}  // namespace

std::unique_ptr<Lab> open_lab(const Options& options, bool as_file) {
  auto out = std::make_unique<Lab>();
  out->options = options;
  if (!make_absolute(out->options)) return nullptr;
  std::error_code error;
  if (options.target == "-" || fs::is_regular_file(options.target, error)) return from_file(std::move(out), as_file);
  const auto known = lab::read_record(options.target);
  if (!known && known.error().why != lab::Unknowable::Why::closed) return tell(known.error()), nullptr;
  // A pipe, a folder: whoever reads it says what is wrong with it.
  const bool recorded = known && *known;
  if (!recorded && as_file && fs::exists(options.target, error)) return from_file(std::move(out), as_file);
  if (!recorded) {
    std::cerr << fmt::format("tidelab: {}\n", lab::no_such_lab(options.target));
    return nullptr;
  }
  const auto& record = **known;
  // The versions that `up` was told belong to the topology as applied; only `up` and what plans for it may be told others.
  if (!as_file || options.versions.empty()) out->options.versions = record.versions;
  if (!as_file) tell_unfinished(record);
  return from_record(std::move(out), record);
}

void tell(const std::vector<step::Failure>& failures) {
  constexpr int most_lines = 20;
  for (const auto& each : failures) {
    std::cerr << "  ✗ " << each.what << "\n";
    std::string_view rest = each.evidence;
    for (int line = 0; !rest.empty() && line < most_lines; ++line) {
      const auto end = std::min(rest.find('\n'), rest.size());
      std::cerr << "      " << rest.substr(0, end) << "\n";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!each.help.empty()) std::cerr << "      help: " << each.help << "\n";
  }
}

std::unique_ptr<lab::Lock> take_lock(Lab& lab, const std::string& name, const std::string& command) {
  auto lock = lab::Lock::take(name, command, lab.options.take_over);
  if (!lock) return tell(lock.error()), nullptr;
  for (const auto& each : lock->problems()) std::cerr << fmt::format("tidelab: {}\n", each);
  lab.run = lock->run(), lab.claim = lock->claim();
  return std::make_unique<lab::Lock>(std::move(*lock));
}

bool noted(const lab::Known<void>& done) {
  if (!done) tell(done.error());
  return done.has_value();
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
  opened.when = lab::now_text();
  opened.notes = plan.notes;
  for (const auto& c : plan.components) {
    run::ComponentLine line{c.name,
                            c.node,
                            c.title,
                            c.version,
                            plan.lanes[static_cast<std::size_t>(c.lane)].name,
                            c.jre,
                            {},
                            c.section,
                            c.serves_with,
                            c.needs,
                            source::render_place(c.span),
                            plan.lanes[static_cast<std::size_t>(c.lane)].lost};
    const auto found = c.artifacts.empty() ? setup.acquired.end() : setup.acquired.find(c.artifacts.front());
    if (found != setup.acquired.end()) {
      line.source = artifact::name_of(found->second.kind);
      if (!found->second.note.empty()) line.source += ": " + found->second.note;
    }
    // A line of releases was asked for: the report names the release that runs.
    for (const auto& [key, got] : setup.acquired)
      if (!got.release.empty() && key.starts_with("jre " + c.jre) && std::count(c.artifacts.begin(), c.artifacts.end(), key) != 0)
        line.jre = got.release;
    opened.components.push_back(std::move(line));
  }
  Journal journal(plan.lab, plan.command);
  std::vector<run::Event> events;
  Progress progress(plan, watch_as(lab.options.format == "text", lab.options.verbose, lab.options.colour));
  auto effects = live::make_live(plan, std::move(setup));
  run::Options how;
  how.warned = std::move(warned);
  run::carry_out(
      plan, std::move(opened), *effects,
      [&](const run::Event& event) {
        events.push_back(event);
        journal.write(run::render_line(event));
        progress(event);
      },
      lab.options.stop, how);
  if (!journal.problem().empty()) std::cerr << fmt::format("tidelab: the journal could not be written: {}\n", journal.problem());
  return report::fold(events);
}

std::string outcome_of(const report::Report& report) {
  return report.exit_code == exit_true ? "done" : report.interrupted || report.closed.interrupted ? "interrupted" : "failed";
}

namespace {

// The journal's own rights are those of a record; here it lies beside the reports, for who may see them.
void copy_journal(const std::string& lab, const std::string& command, const fs::path& to) {
  const auto from = lab::open_record_dir(lab);
  if (!from || !*from) return;  // a journal that was brought from elsewhere
  const auto text = (*from)->read(journal_of(command), most_of_a_journal);
  if (text) write_file((to / journal_of(command)).string(), *text);
  if (!text && text.error().kind != disk::Kind::missing) std::cerr << fmt::format("tidelab: {}\n", text.error().what);
}

void write_reports(const report::Report& report, const fs::path& dir, const std::string* journal) {
  std::error_code error;
  fs::create_directories(dir, error);
  const auto& command = report.opened.command;
  const std::string stem = command == "verify" ? "report" : "report-" + command;
  write_file((dir / (stem + ".json")).string(), report::render_json(report) + "\n");
  write_file((dir / (stem == "report" ? std::string("junit.xml") : "junit-" + command + ".xml")).string(),
             report::render_junit(report) + "\n");
  write_file((dir / (stem + ".html")).string(), report::render_html(report) + "\n");
  if (journal != nullptr)
    write_file((dir / journal_of(command)).string(), *journal);
  else
    copy_journal(report.opened.lab, command, dir);
}

}  // namespace

void give_report(const report::Report& report, const Options& options, bool print, const std::string* journal) {
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
  if (!options.report_dir.empty()) write_reports(report, options.report_dir, journal);
}

}  // namespace tidelab::cli
