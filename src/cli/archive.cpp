// `tidelab logs --archive`: logs, configurations, units and the system's journal of every host, and what this machine knows
// of the lab, in one archive that can be handed to somebody. Everything is streamed to disk, and secrets are masked there.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "cli/reach.hpp"
#include "cli/session.hpp"
#include "disk/own_dir.hpp"
#include "gather/masking.hpp"
#include "plan/mask.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

/// Where nobody else can lead elsewhere, or read, what is not masked yet: beside the archive, or where this machine's records are.
tl::expected<fs::path, std::string> place_of_our_own(const fs::path& beside) {
  if (const auto found = disk::go_to(beside.string(), disk::Make::no)) return fs::path(found->path);
  const auto state = lab::state_dir();
  if (!state) return tl::unexpected(state.error().what);
  const auto dir = disk::OwnDir::open(*state, disk::Make::yes);
  if (!dir) return tl::unexpected(dir.error().what);
  return fs::path(dir->path());
}

/// A directory of our own, for as long as it lives.
class Workshop {
public:
  explicit Workshop(const fs::path& archive) {
    const auto place = place_of_our_own(archive.parent_path());
    std::string name = (place.value_or(fs::path()) / ".tidelab-logs-XXXXXX").string();
    if (!place)
      problem = place.error();
    else if (::mkdtemp(name.data()) != nullptr)
      path = name;
    else
      problem = std::strerror(errno);
  }
  ~Workshop() {
    std::error_code error;
    if (!path.empty()) fs::remove_all(path, error);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  fs::path path;
  std::string problem;
};

/// A new file beside the archive, which takes its place when it is whole, and is gone otherwise. For this account alone.
class Unfinished {
public:
  explicit Unfinished(const fs::path& archive) : archive_(archive), path_((archive.parent_path() / ".tidelab-logs-XXXXXX").string()) {
    file_ = process::Fd(::mkostemp(path_.data(), O_CLOEXEC));
    if (!file_) problem = std::strerror(errno);
  }
  ~Unfinished() {
    if (file_ && !in_place_) ::unlink(path_.c_str());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  bool write(std::string_view bytes) {
    if (problem.empty() && !disk::write_all(file_.get(), bytes)) problem = std::strerror(errno);
    return problem.empty();
  }
  void take_place() {
    in_place_ = ::rename(path_.c_str(), archive_.c_str()) == 0;
    if (!in_place_) problem = std::strerror(errno);
  }
  std::string problem;

private:
  fs::path archive_;
  std::string path_;
  process::Fd file_;
  bool in_place_ = false;
};

gather::Gathered what_is_known_here(const std::string& lab, const fs::path& top) {
  const auto dir = lab::open_record_dir(lab);
  if (!dir) return {fmt::format("controller: {}\n", dir.error().what), false};
  if (!*dir) return {"controller: nothing is recorded here\n", true};
  std::error_code error;
  const auto folder = top / "controller";
  fs::create_directories(folder, error);
  const auto names = (*dir)->names();
  if (!names) return {fmt::format("controller: {}\n", names.error().what), false};
  gather::Gathered out{"controller: collected\n", true};
  for (const auto& name : *names) {
    if (!name.ends_with(".jsonl") && name != "topology.yaml") continue;
    const auto text = (*dir)->read(name, most_of_a_journal);
    if (text && write_file((folder / name).string(), *text)) continue;
    out.whole = false;
    out.told += fmt::format("  left out: {}\n", text ? name + " could not be written" : text.error().what);
  }
  return out;
}

gather::Gathered gather_all(const plan::Plan& made, const live::Setup& setup, const std::vector<gather::Wanted>& wanted,
                            gather::Shares& shares, const fs::path& top, const std::stop_token& stop) {
  auto found = gather::gather_all(setup, wanted, top, shares, stop);
  found.front() = what_is_known_here(made.lab, top);
  gather::Gathered all;
  all.told = fmt::format(
      "lab {}, by {}\nno file larger than {} MiB; the last {} lines of each system's journal; secrets are ***; what gzip had compressed "
      "is here as it was before\n\n",
      made.lab, program_version(), gather::most_mib, gather::journal_lines);
  for (const auto& each : found) {
    all.told += each.told;
    all.whole = all.whole && each.whole;
  }
  return all;
}

// Empty when it is there; else why it is not.
std::string write_archive(Unfinished& part, const fs::path& top, const std::stop_token& stop) {
  const step::Control control{step::Clock::now() + std::chrono::minutes(30), stop, {}};
  step::Enough enough(control);
  host::Command command{{"tar", "-czf", "-", "-C", top.parent_path().string(), top.filename().string()}, {}, {}, {}, {}};
  command.on_out = [&](std::string_view bytes) {
    if (!part.write(bytes)) enough.now();
  };
  const auto packed = host::make_local()->run(command, enough.control());
  if (!part.problem.empty()) return part.problem;
  if (!packed) return packed.error().what;
  if (packed->code != 0) return packed->err;
  part.take_place();
  return part.problem;
}

// A device, a fifo, a link: what stands there is somebody's, and would be gone.
std::string why_not_to(const fs::path& archive) {
  std::error_code error;
  const auto kind = fs::symlink_status(archive, error).type();
  if (kind == fs::file_type::directory) return "it is a directory";
  const bool fine = kind == fs::file_type::regular || kind == fs::file_type::not_found;
  return fine ? std::string() : "it is no regular file, and only those are replaced; name a file";
}

}  // namespace

int archive_logs(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_up(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto whole = absolute_path(options.archive);
  if (!whole) {
    std::cerr << fmt::format("tidelab: {}\n", whole.error().what);
    return exit_usage;
  }
  const fs::path& archive = *whole;
  const auto refuse = [&](const std::string& why) {
    std::cerr << fmt::format("tidelab: cannot write {}: {}\n", archive.string(), why);
    return exit_usage;
  };
  if (const auto why = why_not_to(archive); !why.empty()) return refuse(why);
  Unfinished part(archive);
  if (!part.problem.empty()) return refuse(part.problem);
  const Workshop workshop(archive);
  if (workshop.path.empty()) return refuse(workshop.problem);
  const auto top = workshop.path / (made.lab + "-logs");
  const auto setup = make_setup(made, *lab);
  const auto wanted = gather::wanted_of(made, setup, lanes_meant(made, options), options.nodes);
  auto shares = gather::shares_of(wanted, workshop.path);
  auto all = gather_all(made, setup, wanted, shares, top, options.stop);
  if (options.stop.stop_requested()) return exit_interrupted;
  bool safe = gather::mask_all(top, workshop.path / "aside", made.secrets, shares, all, options.stop);
  if (options.stop.stop_requested()) return exit_interrupted;
  const auto contents = plan::mask(all.told, made.secrets);
  std::ofstream list(top / "CONTENTS.txt", std::ios::binary);
  list << contents << std::flush;
  safe = safe && list;
  const auto problem = safe ? write_archive(part, top, options.stop) : "what was collected could not be written and masked";
  if (!problem.empty()) {
    std::cout << contents;
    std::cerr << fmt::format("tidelab: {} could not be written: {}\n", archive.string(), problem);
    return options.stop.stop_requested() ? exit_interrupted : exit_unknown;
  }
  std::error_code error;
  std::cout << contents << fmt::format("\nwritten: {} ({} KiB)\n", archive.string(), fs::file_size(archive, error) / 1024);
  return all.whole ? exit_true : exit_unknown;
}

}  // namespace tidelab::cli
