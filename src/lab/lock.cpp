#include "lab/lock.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "disk/accounts.hpp"
#include "disk/read_text.hpp"

namespace tidelab::lab {

namespace {

constexpr auto lock_file = "lock", controller_file = "controller";
constexpr std::size_t most_note = 4096;  // one line about who holds it

std::string unique() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

bool is_unique(const std::string& text) {
  return text.size() == unique().size() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string our_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) name[0] = '?';
  return fmt::format("{}@{}", disk::name_of_account(::geteuid()), name);
}

// What the lock says of its holder, in one line.
std::string note_of(int fd, const std::string& path) {
  ::lseek(fd, 0, SEEK_SET);
  auto text = disk::read_open_text(fd, path, most_note).value_or("");
  text.erase(std::min(text.find('\n'), text.size()));
  return text.empty() ? "another tidelab" : text;
}

// Runs of this machine's account exclude each other by the lock, so on the hosts they are one controller.
std::string controller_of(const disk::OwnDir& dir, std::vector<std::string>& problems) {
  auto known = dir.read(controller_file, most_note).value_or("");
  if (is_unique(known)) return known;
  known = unique();
  if (const auto written = dir.replace(controller_file, known); !written) problems.push_back("cannot write " + written.error().what);
  return known;
}

// "1: FLOCK  ADVISORY  WRITE 1234 08:01:567 0 EOF": the process. See proc(5).
std::string holder_in(const std::string& line) {
  std::istringstream words(line);
  std::string number, kind, way, mode, pid;
  words >> number >> kind >> way >> mode >> pid;
  return pid;
}

}  // namespace

// The kernel's list is read rather than the lock tried, which would be in the way of whoever takes it at that moment.
std::string Lock::holder(const std::string& lab) {
  const auto dir = open_record_dir(lab);
  if (!dir || !*dir) return {};
  const auto path = (*dir)->path_of(lock_file);
  struct stat seen {};
  if (::lstat(path.c_str(), &seen) != 0) return {};
  std::ifstream locks("/proc/locks");
  const auto inode = fmt::format(":{} ", seen.st_ino);
  for (std::string line; std::getline(locks, line);) {
    if (line.find("FLOCK") == std::string::npos || line.find(inode) == std::string::npos) continue;
    auto text = (*dir)->read(lock_file, most_note).value_or("");
    text.erase(std::min(text.find('\n'), text.size()));
    // A file of the same number elsewhere may be locked by anybody: the line names the process that holds it.
    const auto holder = holder_in(line);
    if (!text.empty() && text.find(fmt::format("pid {},", holder)) == std::string::npos) continue;
    return text.empty() ? "another tidelab" : text;
  }
  return {};
}

Known<Lock> Lock::take(const std::string& lab, const std::string& command, bool take_over) {
  using Why = Unknowable::Why;
  const auto dir = make_record_dir(lab);
  if (!dir && dir.error().why == Why::closed)
    if (const auto foreign = foreign_record(lab); !foreign.empty()) return tl::unexpected(Unknowable{Why::closed, foreign});
  if (!dir) return tl::unexpected(dir.error());
  auto file = dir->share(lock_file);
  if (!file) {
    if (const auto foreign = foreign_record(lab); !foreign.empty()) return tl::unexpected(Unknowable{Why::closed, foreign});
    return tl::unexpected(Unknowable{Why::failed, "cannot take the lab's lock: " + file.error().what, file.error().help});
  }
  const int fd = file->get();
  const auto path = dir->path_of(lock_file);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return tl::unexpected(Unknowable{Why::held, fmt::format("lab {} is in use by {}", lab, note_of(fd, path))});
  Lock out;
  out.fd_ = std::move(*file);
  // The kernel drops the lock with the process, so what is written here can be stale but the lock never is.
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const auto text = fmt::format("`tidelab {}`, pid {}, since {:%Y-%m-%d %H:%M:%S}\n", command, ::getpid(), fmt::localtime(now));
  if (::ftruncate(fd, 0) != 0 || !disk::write_all(fd, text))
    out.problems_.push_back(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  const auto controller = controller_of(*dir, out.problems_);
  out.run_ = fmt::format("{}-{}-{}", controller, ::getpid(), unique());
  out.claim_ = {
      controller,
      fmt::format("`tidelab {}` of {} (pid {}), since {:%Y-%m-%d %H:%M:%S} UTC", command, our_name(), ::getpid(), fmt::gmtime(now)),
      take_over};
  return out;
}

}  // namespace tidelab::lab
