// `tidelab fetch`: the archives of a topology into the cache, for hosts and hours without a network. Touches no host.
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"

namespace tidelab::cli {

namespace {

namespace fs = std::filesystem;

std::string size_of(long long bytes) {
  const auto megabytes = static_cast<double>(bytes) / 1e6;
  return megabytes < 0.1 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} MB", megabytes);
}

/// Four facts of one archive: what it is, where it came from, who vouches for it, where it lies.
std::string render(const std::string& key, const artifact::Acquired& got) {
  const auto release = got.release.empty() ? std::string() : fmt::format(" ({})", got.release);
  const auto seconds = static_cast<double>(got.took.count()) / 1e3;
  auto out =
      fmt::format("{}{} · {} · {}\n", key, release, size_of(got.bytes), got.from_cache ? "in the cache" : fmt::format("{:.1f} s", seconds));
  out += fmt::format("  from      {}: {}{}\n", artifact::name_of(got.kind), got.from, got.note.empty() ? "" : " (" + got.note + ")");
  if (!got.verified_by.empty()) out += fmt::format("  verified  {}\n", got.verified_by);
  out += fmt::format("  kept as   {}\n", got.path);
  return out;
}

/// Under the name by which `--mirror` looks for it, complete or not at all; beside it the digest that is looked for there.
step::Result<void> copy_to(const fs::path& folder, const std::string& name, const artifact::Acquired& got) {
  std::error_code error;
  const auto path = folder / name, temporary = folder / ("." + name + ".new");
  fs::create_directories(folder, error);
  if (!error) fs::copy_file(got.path, temporary, fs::copy_options::overwrite_existing, error);
  if (!error) fs::permissions(temporary, fs::perms::owner_write, fs::perm_options::add, error);
  if (!error) {
    std::ofstream digest(path.string() + ".sha256", std::ios::trunc);
    digest << got.sha256 << "  " << name << "\n";
    digest.close();
    if (!digest) error = std::make_error_code(std::errc::io_error);
  }
  if (!error) fs::rename(temporary, path, error);
  if (!error) return {};
  std::error_code ignored;
  fs::remove(temporary, ignored);
  return step::fail(step::Why::failed, fmt::format("cannot copy {} to {}: {}", name, folder.string(), error.message()));
}

}  // namespace

int fetch(const Options& options) {
  const auto lab = open_lab(options, true);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_up(lab->loaded->inputs(options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto store = open_store();
  if (!store) return exit_no_lab;
  const step::Control control{step::Clock::now() + std::chrono::hours(3), options.stop, [](const std::string& line) {
                                std::cout << "· " + line + "\n" << std::flush;
                              }};
  auto acquisition = live::acquire_all(made, *store, control);
  for (const auto& [key, got] : acquisition.acquired) std::cout << render(key, got);
  if (!options.to.empty())
    for (const auto& each : made.artifacts)
      if (const auto got = acquisition.acquired.find(each.key); got != acquisition.acquired.end())
        if (const auto copied = copy_to(options.to, each.file_name, got->second); !copied) acquisition.failures.push_back(copied.error());
  tell(acquisition.failures);
  if (options.stop.stop_requested()) return exit_interrupted;
  return acquisition.failures.empty() ? exit_true : exit_no_lab;
}

}  // namespace tidelab::cli
