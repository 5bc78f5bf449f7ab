#include "lab/record.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "topology/topology.hpp"
#include "yaml/document.hpp"

namespace tidelab::lab {

namespace fs = std::filesystem;

namespace {

constexpr auto about_file = "about.json", topology_file = "topology.yaml";
constexpr std::size_t most_about = std::size_t{4} << 20;

tl::unexpected<Unknowable> unknowable(const disk::Trouble& trouble) {
  using Why = Unknowable::Why;
  const auto why = trouble.kind == disk::Kind::closed ? Why::closed : trouble.kind == disk::Kind::unsafe ? Why::unsafe : Why::damaged;
  auto help = trouble.help;
  if (why == Why::unsafe) help += "; XDG_STATE_HOME names another directory for what is kept of labs";
  return tl::unexpected<Unknowable>(Unknowable{why, trouble.what, std::move(help)});
}

Known<std::optional<disk::OwnDir>> if_there(disk::Outcome<disk::OwnDir> found) {
  if (found) return std::optional<disk::OwnDir>(std::move(*found));
  if (found.error().kind == disk::Kind::missing) return std::optional<disk::OwnDir>();
  return unknowable(found.error());
}

Known<std::optional<disk::OwnDir>> open_state_dir() {
  const auto path = state_dir();
  if (!path) return tl::unexpected(path.error());
  return if_there(disk::OwnDir::open(*path, disk::Make::no));
}

tl::unexpected<Unknowable> damaged(const disk::OwnDir& dir, const std::string& what) {
  return tl::unexpected<Unknowable>(Unknowable{
      Unknowable::Why::damaged, fmt::format("the record of lab {} is damaged: {}", fs::path(dir.path()).filename().string(), what),
      fmt::format("`tidelab down TOPOLOGY_FILE` takes away what its file says; if nothing of it is up, remove {}", dir.path())});
}

tl::unexpected<Unknowable> failed(std::string what) {
  return tl::unexpected<Unknowable>(Unknowable{Unknowable::Why::failed, std::move(what)});
}

// What is kept of a lab that is down has no record: the journals stay. nullopt: there is no such file.
Known<std::optional<std::string>> read_part(const disk::OwnDir& dir, const char* name, std::size_t most) {
  auto text = dir.read(name, most);
  if (text) return std::optional(std::move(*text));
  if (text.error().kind == disk::Kind::missing) return std::optional<std::string>();
  if (text.error().kind == disk::Kind::odd || text.error().kind == disk::Kind::failed) return damaged(dir, text.error().what);
  return unknowable(text.error());
}

}  // namespace

Known<std::string> state_dir() {
  const auto absolute = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value == '/' ? fs::path(value) : fs::path();
  };
  if (const auto state = absolute("XDG_STATE_HOME"); !state.empty()) return (state / "tidelab").string();
  if (const auto home = absolute("HOME"); !home.empty()) return (home / ".local" / "state" / "tidelab").string();
  return tl::unexpected<Unknowable>(Unknowable{Unknowable::Why::nowhere,
                                               "neither HOME nor XDG_STATE_HOME says where to keep what is known of labs",
                                               "set XDG_STATE_HOME to a directory that is this account's alone, the same in every run"});
}

Known<std::optional<disk::OwnDir>> open_record_dir(const std::string& lab) {
  if (!topology::is_lab_name(lab)) return std::optional<disk::OwnDir>();
  auto all = open_state_dir();
  if (!all || !*all) return all;
  return if_there((*all)->below(lab, disk::Make::no));
}

Known<disk::OwnDir> make_record_dir(const std::string& lab) {
  const auto path = state_dir();
  if (!path) return tl::unexpected(path.error());
  const auto all = disk::OwnDir::open(*path, disk::Make::yes);
  if (!all) return unknowable(all.error());
  auto dir = all->below(lab, disk::Make::yes);
  if (!dir) return unknowable(dir.error());
  return std::move(*dir);
}

Known<std::vector<std::string>> recorded_labs() {
  const auto all = open_state_dir();
  if (!all) return tl::unexpected(all.error());
  if (!*all) return std::vector<std::string>();
  auto names = (*all)->names();
  if (!names) return unknowable(names.error());
  std::error_code error;
  names->erase(std::remove_if(names->begin(), names->end(),
                              [&](const std::string& name) {
                                return !topology::is_lab_name(name) || !fs::exists(fs::path((*all)->path_of(name)) / about_file, error);
                              }),
               names->end());
  return std::move(*names);
}

Known<std::optional<Record>> read_record(const std::string& lab) {
  const auto dir = open_record_dir(lab);
  if (!dir) return tl::unexpected(dir.error());
  if (!*dir) return std::optional<Record>();
  const auto about = read_part(**dir, about_file, most_about);
  if (!about) return tl::unexpected(about.error());
  if (!*about) return std::optional<Record>();
  auto topology = read_part(**dir, topology_file, yaml::Limits{}.bytes);
  if (!topology) return tl::unexpected(topology.error());
  if (!*topology) return damaged(**dir, fmt::format("{} is gone", (*dir)->path_of(topology_file)));
  auto record = parse_about(lab, **about);
  if (!record) return damaged(**dir, fmt::format("{}: {}", (*dir)->path_of(about_file), record.error()));
  record->topology = std::move(**topology);
  return std::optional(std::move(*record));
}

Known<void> write_record(const Record& record) {
  const auto about = render_about(record);
  if (!about) return failed(fmt::format("the record of lab {} cannot be written: {}", record.lab, about.error()));
  const auto dir = make_record_dir(record.lab);
  if (!dir) return tl::unexpected(dir.error());
  for (const auto& [name, text] : {std::pair(topology_file, &record.topology), std::pair(about_file, &*about)})
    if (const auto written = dir->replace(name, *text); !written) return failed("cannot write " + written.error().what);
  return {};
}

Known<void> remove_record(const std::string& lab) {
  const auto dir = open_record_dir(lab);
  if (!dir) return tl::unexpected(dir.error());
  if (!*dir) return {};
  for (const auto* name : {about_file, topology_file})  // without the first there is no record, whatever else there is
    if (const auto gone = (*dir)->remove(name); !gone && gone.error().kind != disk::Kind::missing)
      return failed("the record of the lab stays: " + gone.error().what);
  return {};
}

}  // namespace tidelab::lab
