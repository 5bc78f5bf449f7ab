// The sshd of the tests: see the header.
#include "support/sshd.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace tidelab::support {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<unsigned short>(port));
  return address;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int spawn(std::vector<std::string> words, const std::string& log) {
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int pid = ::fork();
  if (pid != 0) return pid;
  ::setsid();
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(fd, 1);
  ::dup2(fd, 2);
  ::close_range(3, ~0U, 0);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

// Every process below `pid`, so that connections can be ended by their pids too.
void collect(int pid, std::vector<int>& pids) {
  pids.push_back(pid);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto status = read_text(entry.path().string() + "/status");
    if (status.find("\nPPid:\t" + std::to_string(pid) + "\n") != std::string::npos) collect(std::stoi(name), pids);
  }
}

}  // namespace

Sshd::Sshd(const std::string& extra) : port_(free_port()) {
  char folder[] = "/tmp/tidelab-sshd-XXXXXX";
  if (!::mkdtemp(folder)) throw std::runtime_error("no temporary directory");
  folder_ = folder;
  ::mkdir("/run/sshd", 0755);  // sshd will not start without it; harmless if it is there
  make_key("host_ed25519", "ed25519");
  make_key("host_ecdsa", "ecdsa");
  make_key("id_ed25519", "ed25519", {}, true);
  std::ofstream config(folder_ + "/sshd_config");
  config << "Port " << port_ << "\nListenAddress 127.0.0.1\nHostKey " << folder_ << "/host_ed25519\nHostKey " << folder_
         << "/host_ecdsa\nAuthorizedKeysFile " << folder_ << "/authorized_keys\nPidFile none\nUsePAM no\nStrictModes no\n"
         << "PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n"
         << extra << "\n";
  config.close();
  std::ofstream(known_hosts()) << "[127.0.0.1]:" << port_ << " " << read_text(folder_ + "/host_ed25519.pub");
  start();
}

Sshd::~Sshd() {
  kill();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

std::string Sshd::log() const { return read_text(folder_ + "/log"); }

std::string Sshd::make_key(const std::string& name, const std::string& type, const std::string& passphrase, bool authorized) {
  const auto path = folder_ + "/" + name;
  const int pid = spawn({"/usr/bin/ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", path}, folder_ + "/log");
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error("ssh-keygen failed: " + log());
  if (authorized) std::ofstream(folder_ + "/authorized_keys", std::ios::app) << read_text(path + ".pub");
  std::filesystem::remove(authorized ? path + ".pub" : std::string());  // the public half must not be needed
  return path;
}

int Sshd::hold() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port_);
  char banner[4] = {};
  pollfd ready{fd, POLLIN, 0};
  const bool good = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::poll(&ready, 1, 5000) == 1 &&
                    ::read(fd, banner, 4) == 4;
  if (good) return fd;
  ::close(fd);
  return -1;
}

bool Sshd::answers() const {
  const int fd = hold();
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

void Sshd::start() {
  pid_ = spawn({"/usr/sbin/sshd", "-D", "-e", "-f", folder_ + "/sshd_config"}, folder_ + "/log");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!answers()) {
    if (std::chrono::steady_clock::now() > until || ::waitpid(pid_, nullptr, WNOHANG) == pid_)
      throw std::runtime_error("sshd does not answer: " + log());
    ::poll(nullptr, 0, 20);
  }
}

void Sshd::kill() {
  if (pid_ < 0) return;
  std::vector<int> pids;
  collect(pid_, pids);
  for (const int pid : pids) ::kill(pid, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace tidelab::support
