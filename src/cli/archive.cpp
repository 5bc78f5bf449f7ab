// `tidelab logs --archive`: logs, configurations, units and the system's journal of every host, and what this machine knows
// of the lab, in one archive that can be handed to somebody. Everything is streamed to disk, and secrets are masked there.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

constexpr long most_kib = 64 * 1024;  // a larger file is left out, and named
constexpr long journal_lines = 20'000;
constexpr std::size_t piece = 1 << 20;  // what is in memory of a file while it is masked

/// Below `path`, for as long as it lives.
class Workshop {
public:
  explicit Workshop(const fs::path& near) {
    std::string name = (near / ".tidelab-logs-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  ~Workshop() {
    std::error_code error;
    if (!path.empty()) fs::remove_all(path, error);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  fs::path path;
};

struct Wanted {
  std::string name;  ///< of the host, and of its folder
  std::string state_dir;
  std::set<std::string> paths;  ///< files, and directories with all that is in them
};

// The paths go as words; what is too large comes back on stderr.
constexpr auto pack = R"sh(most=$1; state=$2; shift 2
for u in "$state"/run/*/unit; do if read -r mode path < "$u"; then set -- "$@" "$path"; fi; done 2>/dev/null
for p in "$@"; do find "$p" -xdev -type f -size +"$most"k -printf '%s %p\n' >&2 2>/dev/null; done
for p in "$@"; do if [ -e "$p" ]; then find "$p" -xdev -type f ! -size +"$most"k -print0; fi; done | tar -cf - --null -T - 2>/dev/null
exit 0)sh";
constexpr auto journal = R"sh(command -v journalctl > /dev/null 2>&1 && [ -d /run/systemd/system ] || exit 0
exec journalctl -u "tidelab-$1.*" -o short-iso --no-pager -n "$2")sh";

std::vector<Wanted> wanted_of(const plan::Plan& up, const Options& options) {
  std::vector<Wanted> out(up.lanes.size());
  for (std::size_t lane = 0; lane < out.size(); ++lane) {
    out[lane].name = up.lanes[lane].name;
    out[lane].state_dir = up.lanes[lane].state_dir;
    if (lane > 0) out[lane].paths.insert(up.lanes[lane].state_dir + "/run");
  }
  for (const auto& c : up.components) {
    if (c.lane <= 0 || !plan::means_any(up, c, options.nodes)) continue;
    auto& paths = out[static_cast<std::size_t>(c.lane)].paths;
    paths.insert(c.log_dirs.begin(), c.log_dirs.end());
    if (!c.log.empty()) paths.insert(c.log);
  }
  for (const auto& step : up.steps)
    if (const auto* file = std::get_if<step::File>(&step.action); file != nullptr && step.lane > 0)
      out[static_cast<std::size_t>(step.lane)].paths.insert(file->path.value);
  return out;
}

bool mask_file(const fs::path& path, const std::vector<std::string>& secrets) {
  const auto masked = path.string() + ".masked";
  {
    std::ifstream in(path, std::ios::binary);
    std::ofstream out(masked, std::ios::binary | std::ios::trunc);
    std::string text, line;
    const auto give = [&] { out << plan::mask(text, secrets), text.clear(); };
    while (std::getline(in, line)) {
      text += line;
      if (!in.eof()) text += '\n';
      if (text.size() > piece) give();
    }
    give();
    if (!out) return false;
  }
  std::error_code error;
  fs::rename(masked, path, error);
  return !error;
}

bool mask_all(const fs::path& top, const std::vector<std::string>& secrets) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& each : fs::recursive_directory_iterator(top, error))
    if (each.is_regular_file(error) && !each.is_symlink(error)) files.push_back(each.path());
  bool all = !error;
  for (const auto& each : files) all = mask_file(each, secrets) && all;
  return all;
}

std::string indented(const std::string& text) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    out += fmt::format("  left out, larger than {} MiB: {} bytes\n", most_kib / 1024, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

// What one host gives; a line about it for the list of contents.
std::string collect(host::Host& host, const Wanted& wanted, const live::Setup& setup, const std::string& lab, const fs::path& top,
                    const std::stop_token& stop) {
  const step::Control control{step::Clock::now() + std::chrono::minutes(30), stop, {}};
  const fs::path folder = top / wanted.name;
  std::error_code error;
  fs::create_directories(folder, error);
  const auto as_root = [&](std::vector<std::string> words, const fs::path& to, std::ofstream& out) {
    out.open(to, std::ios::binary | std::ios::trunc);
    host::Command command{setup.elevate, {}, {}, {}, {}};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.on_out = [&out](std::string_view text) { out << text; };
    return host.run(command, control);
  };
  std::vector<std::string> words{"sh", "-c", pack, "sh", std::to_string(most_kib), wanted.state_dir};
  words.insert(words.end(), wanted.paths.begin(), wanted.paths.end());
  std::ofstream packed, log;
  const auto tar = folder / ".packed.tar";
  const auto got = as_root(std::move(words), tar, packed);
  packed.close();
  if (!got) return fmt::format("{}: could not be reached: {}\n", wanted.name, got.error().what);
  const auto local = host::make_local();
  const auto unpacked = local->run(
      {{"tar", "-xf", tar.string(), "-C", folder.string(), "--no-same-owner", "--no-same-permissions"}, {}, {}, {}, {}}, control);
  fs::remove(tar, error);
  const auto told = as_root({"sh", "-c", journal, "sh", lab, std::to_string(journal_lines)}, folder / "journal.txt", log);
  log.close();
  if (fs::file_size(folder / "journal.txt", error) == 0) fs::remove(folder / "journal.txt", error);
  std::string out =
      fmt::format("{}: {}\n{}", wanted.name, unpacked && unpacked->code == 0 ? "collected" : "what it sent could not be unpacked whole",
                  indented(got->err));
  if (!told) out += fmt::format("  the system's journal: {}\n", told.error().what);
  return out;
}

void add_what_is_known_here(const std::string& lab, const fs::path& top) {
  std::error_code error;
  fs::create_directories(top / "controller", error);
  for (const auto& each : fs::directory_iterator(record_dir(lab), error))
    if (each.path().extension() == ".jsonl" || each.path().filename() == "topology.yaml")
      fs::copy_file(each.path(), top / "controller" / each.path().filename(), fs::copy_options::overwrite_existing, error);
}

}  // namespace

int archive_logs(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  auto inputs = lab->loaded->inputs(lab->options);
  const auto made = plan::make_up(inputs, lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const fs::path archive = fs::absolute(options.archive);
  const Workshop workshop(archive.parent_path());
  if (workshop.path.empty()) {
    std::cerr << fmt::format("tidelab: cannot write beside {}\n", archive.string());
    return exit_usage;
  }
  const auto top = workshop.path / (made.lab + "-logs");
  const auto setup = make_setup(made, *lab);
  const auto wanted = wanted_of(made, options);
  std::vector<std::string> told(wanted.size());
  std::vector<std::jthread> threads;
  for (std::size_t lane = 1; lane < wanted.size(); ++lane)
    threads.emplace_back([&, lane] { told[lane] = collect(*setup.hosts[lane], wanted[lane], setup, made.lab, top, options.stop); });
  threads.clear();
  if (options.stop.stop_requested()) return exit_interrupted;
  add_what_is_known_here(made.lab, top);
  std::string contents =
      fmt::format("lab {}, by {}\nno file larger than {} MiB; the last {} lines of each system's journal; secrets are ***\n\n", made.lab,
                  program_version(), most_kib / 1024, journal_lines);
  for (const auto& each : told) contents += each;
  std::ofstream(top / "CONTENTS.txt", std::ios::binary) << contents;
  bool whole = mask_all(top, made.secrets);
  const auto part = workshop.path / "whole.tar.gz";
  const auto packed =
      host::make_local()->run({{"tar", "-czf", part.string(), "-C", workshop.path.string(), top.filename().string()}, {}, {}, {}, {}},
                              {step::Clock::now() + std::chrono::minutes(30), options.stop, {}});
  std::error_code error;
  if (packed && packed->code == 0) fs::rename(part, archive, error);
  if (!packed || packed->code != 0 || error) {
    std::cerr << fmt::format("tidelab: {} could not be written: {}\n", archive.string(), packed ? packed->err : packed.error().what);
    return exit_unknown;
  }
  std::cout << contents << fmt::format("\nwritten: {} ({} KiB)\n", archive.string(), fs::file_size(archive, error) / 1024);
  for (std::size_t lane = 1; lane < told.size(); ++lane) whole = whole && told[lane].find(": collected") != std::string::npos;
  return whole ? exit_true : exit_unknown;
}

}  // namespace tidelab::cli
