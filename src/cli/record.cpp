#include "cli/record.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/load.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

bool write_whole(const fs::path& path, const std::string& text) {
  const auto part = path.string() + ".part";
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return false;
  }
  std::error_code error;
  fs::rename(part, path, error);
  return !error;
}

std::string unique() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string our_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) name[0] = '?';
  const auto* account = ::getpwuid(::geteuid());
  return fmt::format("{}@{}", account == nullptr ? std::to_string(::geteuid()) : std::string(account->pw_name), name);
}

}  // namespace

std::string record_dir(const std::string& lab) {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path base =
      state != nullptr && *state == '/' ? fs::path(state) : fs::path(home == nullptr ? "/tmp" : home) / ".local" / "state";
  return (base / "tidelab" / lab).string();
}

std::vector<std::string> recorded_labs() {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(fs::path(record_dir("x")).parent_path(), error))
    if (fs::exists(each.path() / "about.json", error)) out.push_back(each.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<Record> read_record(const std::string& lab) {
  if (lab.empty() || lab.front() == '.' || lab.find('/') != std::string::npos) return std::nullopt;
  const fs::path dir = record_dir(lab);
  const auto topology = read_file((dir / "topology.yaml").string());
  const auto about = read_file((dir / "about.json").string());
  if (!topology || !about) return std::nullopt;
  const auto root = json::parse(*about, nullptr, false);
  if (!root.is_object()) return std::nullopt;
  Record out{lab, root.value("name", lab), *topology, {}};
  out.reach.ssh = root.value("ssh", false);
  out.reach.ssh_port = root.value("ssh_port", 0);
  out.reach.ssh_user = root.value("ssh_user", "");
  out.reach.known_hosts = root.value("known_hosts", "");
  out.reach.identities = root.value("identities", std::vector<std::string>{});
  out.reach.accept_new = root.value("accept_new", false);
  out.reach.versions = root.value("versions", std::vector<std::string>{});
  out.reach.ssh_type = root.value("ssh_type", "");
  out.reach.ssh_config = root.value("ssh_config", "");
  out.kept = root.value("kept", "");
  out.file = root.value("file", "");
  out.hosts = root.value("hosts", std::vector<std::string>{});
  out.since = root.value("since", "");
  out.last = root.value("last", "");
  out.when = root.value("when", "");
  out.outcome = root.value("outcome", "");
  return out;
}

bool write_record(const Record& record) {
  const fs::path dir = record_dir(record.lab);
  std::error_code error;
  fs::create_directories(dir, error);
  const json about = {{"name", record.name},
                      {"ssh", record.reach.ssh},
                      {"ssh_port", record.reach.ssh_port},
                      {"ssh_user", record.reach.ssh_user},
                      {"known_hosts", record.reach.known_hosts},
                      {"identities", record.reach.identities},
                      {"accept_new", record.reach.accept_new},
                      {"versions", record.reach.versions},
                      {"ssh_type", record.reach.ssh_type},
                      {"ssh_config", record.reach.ssh_config},
                      {"kept", record.kept},
                      {"file", record.file},
                      {"hosts", record.hosts},
                      {"since", record.since},
                      {"last", record.last},
                      {"when", record.when},
                      {"outcome", record.outcome}};
  if (write_whole(dir / "topology.yaml", record.topology) && write_whole(dir / "about.json", about.dump(2) + "\n")) return true;
  std::cerr << fmt::format("tidelab: cannot write {}\n", dir.string());
  return false;
}

void remove_record(const std::string& lab) {
  std::error_code error;
  const fs::path dir = record_dir(lab);
  fs::remove(dir / "topology.yaml", error);
  fs::remove(dir / "about.json", error);
}

// The kernel's list is read rather than the lock tried, which would be in the way of whoever takes it at that moment.
std::string Lock::holder(const std::string& lab) {
  const auto path = (fs::path(record_dir(lab)) / "lock").string();
  struct stat seen {};
  if (::stat(path.c_str(), &seen) != 0) return {};
  std::ifstream locks("/proc/locks");
  const auto inode = fmt::format(":{} ", seen.st_ino);
  for (std::string line; std::getline(locks, line);) {
    if (line.find("FLOCK") == std::string::npos || line.find(inode) == std::string::npos) continue;
    auto text = read_file(path).value_or("");
    while (text.ends_with('\n')) text.pop_back();
    return text.empty() ? "another tidelab" : text;
  }
  return {};
}

std::unique_ptr<Lock> Lock::take(const std::string& lab, const std::string& command, bool take_over) {
  const fs::path dir = record_dir(lab);
  std::error_code error;
  fs::create_directories(dir, error);
  const auto path = (dir / "lock").string();
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    const auto foreign = foreign_record(lab);
    std::cerr << fmt::format("tidelab: {}\n", foreign.empty() ? fmt::format("cannot open {}: {}", path, std::strerror(errno)) : foreign);
    return nullptr;
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    auto holder = read_file(path).value_or("");
    while (holder.ends_with('\n')) holder.pop_back();
    std::cerr << fmt::format("tidelab: lab {} is being worked on by {}\n", lab, holder.empty() ? std::string("another tidelab") : holder);
    return nullptr;
  }
  // The kernel drops the lock with the process, so what is written here can be stale but the lock never is.
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const auto text = fmt::format("`tidelab {}`, pid {}, since {:%Y-%m-%d %H:%M:%S}\n", command, ::getpid(), fmt::localtime(now));
  if (::ftruncate(fd, 0) != 0 || ::write(fd, text.data(), text.size()) < 0) std::cerr << fmt::format("tidelab: cannot write {}\n", path);
  // Runs of this machine's account exclude each other by this lock, so on the hosts they are one controller.
  auto controller = read_file((dir / "controller").string()).value_or("");
  if (controller.size() != unique().size()) {
    controller = unique();
    if (!write_whole(dir / "controller", controller)) std::cerr << fmt::format("tidelab: cannot write {}\n", (dir / "controller").string());
  }
  live::Claim claim{
      controller,
      fmt::format("`tidelab {}` of {} (pid {}), since {:%Y-%m-%d %H:%M:%S} UTC", command, our_name(), ::getpid(), fmt::gmtime(now)),
      take_over};
  return std::unique_ptr<Lock>(new Lock(fd, fmt::format("{}-{}-{}", controller, ::getpid(), unique()), std::move(claim)));
}

Lock::~Lock() { ::close(fd_); }

}  // namespace tidelab::cli
