// What a lab's record comes to, in words: how it stands, whose it is, and what was meant by a name that is none.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "disk/accounts.hpp"
#include "lab/record.hpp"
#include "source/diagnostic.hpp"
#include "topology/topology.hpp"

namespace tidelab::lab {

namespace fs = std::filesystem;

namespace {

using disk::name_of_account;

// Of what is behind a closed directory nothing can be seen; then that directory's.
std::string owner_of(fs::path path) {
  struct stat seen {};
  while (::stat(path.c_str(), &seen) != 0 && path.has_relative_path()) path = path.parent_path();
  return name_of_account(seen.st_uid);
}

// Under sudo the records are root's, and the lab is that of whoever calls sudo.
std::string of_whoever_calls_sudo(const std::string& lab) {
  if (!topology::is_lab_name(lab)) return {};
  const char* caller = std::getenv("SUDO_USER");
  const auto* account = caller == nullptr || ::geteuid() != 0 ? nullptr : ::getpwnam(caller);
  std::error_code error;
  if (account == nullptr || !fs::exists(fs::path(account->pw_dir) / ".local/state/tidelab" / lab / "about.json", error)) return {};
  return fmt::format("lab {} is {}'s, and this is {}; go on without sudo, as {}", lab, caller, name_of_account(::geteuid()), caller);
}

// Topologies beside the one that is not there.
std::vector<std::string> files_near(const std::string& target) {
  std::vector<std::string> out;
  const auto folder = fs::path(target).parent_path();
  std::error_code error;
  for (fs::directory_iterator at(folder.empty() ? fs::path(".") : folder, error), end; !error && at != end; at.increment(error)) {
    const auto kind = at->path().extension();
    if (kind == ".yaml" || kind == ".yml") out.push_back((folder / at->path().filename()).string());
  }
  return out;
}

}  // namespace

std::string now_text() {
  const auto now = std::time(nullptr);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

std::string state_of(const Record& record, bool held) {
  if (record.outcome == "begun" && held) return record.last == "down" ? "going down" : "coming up";
  if (record.outcome == "begun" || record.outcome == "interrupted") return "interrupted";
  if (record.outcome == "failed") return "failed";
  return record.kept.empty() ? "up" : "kept";
}

std::string unfinished(const Record& record, bool held) {
  const auto state = state_of(record, held);
  if (state != "interrupted" && state != "failed") return {};
  const auto what = record.outcome == "begun" ? "was killed" : record.outcome == "interrupted" ? "was interrupted" : "failed";
  if (record.last == "prune")
    return fmt::format(
        "`tidelab up FILE --prune` ({}) {} while it took instances away; the same command goes on, `tidelab up {}` starts them again",
        record.when, what, record.lab);
  return fmt::format(
      "the last `tidelab {} {}` ({}) {}, so parts of the lab may not be {}; `tidelab up {}` goes on, `tidelab down {}` takes away what is "
      "there",
      record.last, record.lab, record.when, what, record.last == "down" ? "there" : "as asked", record.lab, record.lab);
}

Known<void> note_in_record(const std::string& lab, const std::string& command, const std::string& outcome) {
  auto known = read_record(lab);
  if (!known || !*known) return {};  // who opened the lab has told what is wrong with its record
  auto& record = **known;
  if (outcome == "begun") record.when = now_text();
  record.last = command;
  record.outcome = outcome;
  return write_record(record);
}

std::string foreign_record(const std::string& lab) {
  const auto state = state_dir();
  if (!state) return {};
  const auto dir = fs::path(*state) / lab;
  const auto here = name_of_account(::geteuid());
  for (const auto& path : {dir.parent_path(), dir, dir / "about.json", dir / "topology.yaml", dir / "lock"}) {
    const bool folder = path == dir || path == dir.parent_path();
    const int wanted = folder ? R_OK | X_OK : path.filename() == "lock" ? R_OK | W_OK : R_OK;
    if (::access(path.c_str(), wanted) == 0 || errno != EACCES) continue;
    const auto owner = owner_of(path);
    if (owner == here) return fmt::format("{} is closed even to {}, whose it is: open it with chmod u+rwX", path.string(), here);
    return fmt::format("{} of {} is closed to {}; the lab is another account's: work on it as {}", path.string(), owner, here, owner);
  }
  return of_whoever_calls_sudo(lab);
}

std::string no_such_lab(const std::string& target) {
  const bool name = target.find('/') == std::string::npos;
  if (name)
    if (auto foreign = foreign_record(target); !foreign.empty()) return foreign;
  const auto known = recorded_labs();
  if (!known && known.error().why != Unknowable::Why::closed) return known.error().what;
  const auto labs = known.value_or(std::vector<std::string>());
  auto out = fmt::format("{} is neither a file nor a lab of this account", target);
  auto near = name ? source::did_you_mean(target, labs) : std::string();
  if (near.empty()) near = source::did_you_mean(target, files_near(target));
  if (!near.empty()) return out + fmt::format("; did you mean `{}`?", near);
  return out + (labs.empty() ? "; no lab is up" : fmt::format("; `tidelab list` tells its labs: {}", fmt::join(labs, ", ")));
}

}  // namespace tidelab::lab
