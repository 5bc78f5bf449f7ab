#include "cli/load.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "disk/accounts.hpp"
#include "guide/changes.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

bool is_home(const fs::path& dir) {
  std::error_code error;
  return fs::is_directory(dir / "playbooks", error) && fs::is_directory(dir / "checks", error);
}

/// What lies around the program, as far as it is of those who could exchange the program, too: a directory on the way may be one that
/// all may write.
class Beside {
public:
  Beside() : program_(fs::read_symlink("/proc/self/exe", error_)) {
    struct stat info {};
    for (auto path = program_; path.has_relative_path(); path = path.parent_path())
      if (::stat(path.c_str(), &info) == 0) owners_.insert(info.st_uid);
  }
  /// An installation's share/tidelab, or the checkout that the program was built in; empty: neither is there.
  fs::path find() {
    auto dir = program_.parent_path();
    const auto share = dir.parent_path() / "share";
    if (is_home(share / "tidelab") && are_ours({share, share / "tidelab"})) return share / "tidelab";
    for (; dir.has_relative_path(); dir = dir.parent_path())
      if (is_home(dir) && are_ours({dir / "playbooks", dir / "checks"})) return dir;
    return {};
  }
  const std::string& passed_over() const { return passed_over_; }

private:
  bool are_ours(const std::vector<fs::path>& places) {
    for (const auto& place : places) {
      struct stat info {};
      if (::lstat(place.c_str(), &info) == 0 && owners_.contains(info.st_uid)) continue;
      passed_over_ = fmt::format("{} belongs to {}", place.string(), disk::name_of_account(info.st_uid));
      return false;
    }
    return true;
  }

  std::error_code error_;
  fs::path program_;
  std::set<uid_t> owners_{0, ::geteuid()};
  std::string passed_over_;
};

/// `passed_over`: what would have been taken, if it were not another account's.
std::string look_for_home(const Options& options, std::string& passed_over) {
  if (!options.home.empty()) return is_home(options.home) ? options.home : std::string();
  if (const char* home = std::getenv("TIDELAB_HOME"); home != nullptr && is_home(home)) return home;
  Beside beside;
  auto found = beside.find();
  passed_over = beside.passed_over();
  return found.string();
}

std::vector<fs::path> sorted_entries(const fs::path& dir) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) out.push_back(at->path());
  std::sort(out.begin(), out.end());
  return out;
}

// Shown as `playbooks/kafka/playbook.yaml`, whatever the place of the installation.
const source::File* add_file(Loaded& out, const fs::path& home, const fs::path& path) {
  auto text = read_file(path);
  if (!text) return nullptr;
  return &out.files.add(path.lexically_relative(home).string(), std::move(*text));
}

enum class Parts { all, names };

// Most of a playbook tells what is done, and what would be wrong. What is left names its component, and has its params.
std::string without_deeds(const std::string& text) {
  static const std::set<std::string_view> deeds = {"rules",    "settings",  "questions", "install",       "start",  "ready",
                                                   "remove",   "artifacts", "host",      "hints",         "log",    "shows",
                                                   "tools",    "opens",     "flow",      "leads",         "whole",  "fixed_members",
                                                   "together", "leave",     "left",      "fixed_leaving", "fewest", "joins"};
  std::string out;
  bool keep = true;
  for (std::string_view rest = text; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.empty() ? rest.size() : line.size());
    if (!line.empty() && std::islower(static_cast<unsigned char>(line.front())) != 0)
      keep = !deeds.contains(line.substr(0, line.find(':')));
    if (keep) out += line;
  }
  return out;
}

const source::File* add_playbook(Loaded& out, const fs::path& home, const fs::path& path, Parts parts) {
  if (parts == Parts::all) return add_file(out, home, path);
  const auto text = read_file(path);
  return text ? &out.files.add(path.lexically_relative(home).string(), without_deeds(*text)) : nullptr;
}

// A file that is read by itself, with what is wrong with it.
template <class Made>
struct Piece {
  const source::File* file = nullptr;
  std::string folder;
  Made made{};
  source::Diagnostics diagnostics{};
};
using Playbooks = std::vector<Piece<playbook::Playbook>>;
using Checks = std::vector<Piece<check::Check>>;

Playbooks add_playbooks(Loaded& out, const fs::path& home, Parts parts) {
  Playbooks pieces;
  for (const auto& folder : sorted_entries(home / "playbooks")) {
    std::error_code error;
    if (!fs::exists(folder / "playbook.yaml", error)) continue;
    if (const auto* file = add_playbook(out, home, folder / "playbook.yaml", parts)) pieces.push_back({file, folder.string()});
    if (parts != Parts::all) continue;
    for (const auto& path : sorted_entries(folder / "templates"))
      if (const auto* made = add_file(out, home, path)) out.templates[folder.string() + "/templates/" + path.filename().string()] = made;
  }
  return pieces;
}

// What playbooks have in common stands beside the scripts that they share.
playbook::Fragments add_fragments(Loaded& out, const fs::path& home, Parts parts) {
  playbook::Fragments made;
  for (const auto& path : sorted_entries(home / "playbooks" / "lib"))
    if (path.extension() == ".yaml")
      if (const auto* file = add_playbook(out, home, path, parts)) made[path.stem().string()] = file;
  return made;
}

Checks add_checks(Loaded& out, const fs::path& home) {
  Checks pieces;
  for (const auto& path : sorted_entries(home / "checks"))
    if (path.extension() == ".yaml")
      if (const auto* file = add_file(out, home, path)) pieces.push_back({file, ""});
  return pieces;
}

// Reading is most of what a command takes before it begins, and no file knows of another: on two threads, each taking the
// next file that nobody reads yet.
void read_side_by_side(Playbooks& playbooks, const playbook::Fragments& fragments, Checks& checks) {
  std::atomic<std::size_t> next = 0;
  const auto read = [&] {
    for (auto i = next++; i < playbooks.size() + checks.size(); i = next++) {
      if (i < playbooks.size()) {
        auto& piece = playbooks[i];
        piece.made = playbook::read_playbook(*piece.file, piece.folder, piece.diagnostics, fragments);
      } else {
        auto& piece = checks[i - playbooks.size()];
        piece.made = check::read_check(*piece.file, piece.diagnostics);
      }
    }
  };
  auto other = std::async(std::launch::async, read);
  read();
  other.get();
}

void load_playbooks(Loaded& out, const fs::path& home, Parts parts) {
  if (const auto* common = add_file(out, home, home / "playbooks" / "common.yaml"))
    out.library.common = playbook::read_common(*common, out.diagnostics);
  auto playbooks = add_playbooks(out, home, parts);
  auto checks = parts == Parts::all ? add_checks(out, home) : Checks();
  const auto fragments = add_fragments(out, home, parts);
  read_side_by_side(playbooks, fragments, checks);
  for (auto& [file, folder, made, diagnostics] : playbooks) {
    out.diagnostics.append(std::move(diagnostics));
    auto& shelf = made.section.empty() ? out.library.runtimes : out.library.by_section;
    shelf.emplace(made.section.empty() ? made.component.value : made.section.value, std::move(made));
  }
  playbook::check_library(out.library, out.diagnostics);
  for (auto& [file, folder, made, diagnostics] : checks) {
    out.diagnostics.append(std::move(diagnostics));
    out.checks.push_back(std::move(made));
  }
}

void make_unique(Loaded& out) {
  // The number is an id in a 32-bit column that must not have been used by an earlier run of this lab:
  // seconds since 2020 do that for 68 years; runs on one lab take turns and last longer than a second.
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  out.number = now - 1'577'836'800;
  std::random_device random;
  out.token = fmt::format("t{:x}{:04x}", out.number, random() & 0xFFFFU);
}

}  // namespace

std::map<std::string, std::string> versions_of(const std::vector<std::string>& said) {
  std::map<std::string, std::string> out;
  for (const auto& each : said) out[each.substr(0, each.find('='))] = each.substr(each.find('=') + 1);
  return out;
}

plan::Inputs Loaded::inputs(const Options& options) const {
  const char* mirrors = std::getenv("TIUP_MIRRORS");
  struct utsname machine {};
  const std::string here = ::uname(&machine) == 0 ? machine.machine : "";
  const auto arch = topology::arch_word(library.common, here);
  return {topology,
          library,
          templates,
          checks,
          options.source,
          options.nodes,
          token,
          number,
          options.mirror,
          mirrors == nullptr ? "" : mirrors,
          arch.empty() ? here : arch};
}

std::string find_home(const Options& options) {
  std::string passed_over;
  auto home = look_for_home(options, passed_over);
  if (home.empty())
    std::cerr << fmt::format("tidelab: cannot find its playbooks{}; set TIDELAB_HOME to the directory that holds playbooks/ and checks/\n",
                             passed_over.empty() ? passed_over : fmt::format(" ({}, so it is not used)", passed_over));
  return home;
}

std::unique_ptr<Loaded> load_library(const Options& options) {
  auto out = std::make_unique<Loaded>();
  const auto home = find_home(options);
  if (home.empty()) return nullptr;
  out->home = home;
  load_playbooks(*out, home, Parts::all);
  make_unique(*out);
  return out;
}

std::unique_ptr<Loaded> sketch_library(const Options& options) {
  auto out = std::make_unique<Loaded>();
  out->home = find_home(options);
  if (out->home.empty()) return nullptr;
  load_playbooks(*out, out->home, Parts::names);
  out->diagnostics = {};
  return out;
}

bool read_into(Loaded& out, const Options& options, const std::string& name, std::string text, bool lab_is_made) {
  out.topology_text = std::move(text);
  if (out.diagnostics.has_errors()) return false;  // playbooks that cannot be trusted would blame the topology
  const auto& file = out.files.add(name, out.topology_text);
  // The name of the lab comes from the file's, and the standard input has none that could be one.
  const auto lab = options.lab.empty() && name == name_of_input("-") ? "stdin" : options.lab;
  const topology::Asked asked{lab, options.reach.type, versions_of(options.versions), lab_is_made, options.reach.ssh, options.ordinals};
  out.topology = topology::read_topology(file, out.library, asked, out.diagnostics);
  return !out.diagnostics.has_errors();
}

void complain_unreadable(Loaded& out, const std::string& name, const Unreadable& why) {
  const auto& file = out.files.add(name, "");
  out.diagnostics.error("U001", fmt::format("cannot read {}: {}", name, why.what), {&file, 0, 0, 0}).help = why.help;
}

namespace {

// What an earlier command found of hosts whose processors are not written. Who asks them goes by what they say now.
void recall_processors(Loaded& out) {
  const auto known = lab::read_record(out.topology.global.lab.value);
  if (!known || !*known) return;  // whoever needs it says so
  for (const auto& [host, word] : (*known)->processors)
    if (const auto arch = topology::arch_word(out.library.common, word); !arch.empty()) out.topology.arch_found[host] = {arch};
}

// What a lab that is up knows its instances by, for a newer file of it.
topology::Ordinals known_ordinals(Loaded& out, const Options& options) {
  const auto known = lab::read_record(out.topology.global.lab.value);
  if (!known || !*known) return {};  // whoever needs it says so
  const auto& record = **known;
  if (record.topology == out.topology_text) return record.ordinals;
  const topology::Asked asked{record.lab, options.reach.type, versions_of(record.versions), true, options.reach.ssh, record.ordinals};
  source::Diagnostics unheard;
  const auto before = topology::read_topology(out.files.add(record.name, record.topology), out.library, asked, unheard);
  return unheard.has_errors() ? topology::Ordinals() : guide::kept_ordinals(before, out.topology);
}

void read_file_of_lab(Loaded& out, const Options& options, const std::string& name, const std::string& text) {
  const auto of_playbooks = out.diagnostics;
  if (!read_into(out, options, name, text)) return;
  auto again = options;
  again.ordinals = known_ordinals(out, options);
  if (again.ordinals.empty()) return;
  out.diagnostics = of_playbooks;
  read_into(out, again, name, text);
}

}  // namespace

bool read_again(Loaded& out, Options options, const topology::Ordinals& ordinals) {
  if (ordinals == ordinals_of(out.topology)) return true;
  options.ordinals = ordinals;
  const auto processors = std::move(out.topology.arch_found);
  const auto name = out.topology.file;
  if (!read_into(out, options, name, std::string(out.topology_text))) return told_no_errors(out, options);
  out.diagnostics = {};
  out.topology.arch_found = processors;
  return true;
}

std::unique_ptr<Loaded> load_text(const Options& options, const std::string& name, const std::string& text) {
  auto out = load_library(options);
  if (!out) return nullptr;
  read_into(*out, options, name, text);
  if (!told_no_errors(*out, options)) return nullptr;
  recall_processors(*out);
  return out;
}

std::unique_ptr<Loaded> load(const Options& options) {
  auto out = load_library(options);
  if (!out) return nullptr;
  const auto name = name_of_input(options.target);
  if (auto text = read_input(options.target, options.stop))
    read_file_of_lab(*out, options, name, *text);
  else
    complain_unreadable(*out, name, text.error());
  if (!told_no_errors(*out, options)) return nullptr;
  recall_processors(*out);
  return out;
}

std::unique_ptr<Loaded> load_either(const Options& options, const std::string& target) {
  auto asked = options;
  asked.target = target;
  std::error_code error;
  if (target == "-" || fs::exists(target, error)) return load(asked);
  const auto known = lab::read_record(target);
  if (!known && known.error().why != lab::Unknowable::Why::closed) return tell(known.error()), nullptr;
  if (!known || !*known) {
    std::cerr << fmt::format("tidelab: {}\n", lab::no_such_lab(target));
    return nullptr;
  }
  const auto* record = &**known;
  if (asked.lab.empty()) asked.lab = record->lab;
  asked.versions = record->versions, asked.ordinals = record->ordinals;
  return load_text(asked, record->name + " (as applied)", record->topology);
}

void tell(const lab::Unknowable& why) {
  std::cerr << fmt::format("tidelab: {}\n", why.what);
  if (!why.help.empty()) std::cerr << fmt::format("help: {}\n", why.help);
}

bool told_no_errors(Loaded& loaded, const Options& options) {
  if (options.strict) loaded.diagnostics.promote_warnings();
  const bool bad = loaded.diagnostics.has_errors();
  if (!loaded.diagnostics.empty()) std::cerr << source::render_text(loaded.diagnostics, {options.colour_errors}) << "\n";
  if (!bad) loaded.diagnostics = {};
  return !bad;
}

}  // namespace tidelab::cli
