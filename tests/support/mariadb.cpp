// Started by argv and ended by pid; ready when its port accepts, which it does only after --init-file is done.
#include "support/mariadb.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tidelab::tests {

namespace {

pid_t start(std::vector<std::string> argv, const std::string& log) {
  std::vector<char*> raw;
  for (auto& each : argv) raw.push_back(each.data());
  raw.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed at its time limit runs no destructor
  const int out = open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
  dup2(out, 1);
  dup2(out, 2);
  execvp(raw[0], raw.data());
  _exit(127);
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool good =
      bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  if (!good) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

bool accepts(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool good = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return good;
}

std::string tail_of(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.substr(text.size() > 2000 ? text.size() - 2000 : 0);
}

}  // namespace

MariaDb::MariaDb() : port_(free_port()) {
  char name[] = "/tmp/tidelab-mariadb-XXXXXX";
  if (mkdtemp(name) == nullptr) throw std::runtime_error("no temporary directory");
  dir_ = name;
  const auto log = dir_ + "/log";
  const auto fail = [&](const std::string& what) {
    const auto text = what + ":\n" + tail_of(log);
    kill();
    std::filesystem::remove_all(dir_);
    throw std::runtime_error(text);
  };
  int status = 0;
  // A server that starts removes what others keep in a temporary directory that they share.
  const pid_t installer = start({"mariadb-install-db", "--no-defaults", "--user=root", "--datadir=" + dir_ + "/data", "--tmpdir=" + dir_,
                                 "--auth-root-authentication-method=normal", "--skip-test-db"},
                                log);
  waitpid(installer, &status, 0);
  if (status != 0) fail("mariadb-install-db does not work (apt-get install mariadb-server)");
  std::ofstream(dir_ + "/init.sql") << "CREATE USER 'lab'@'%' IDENTIFIED BY '" << password() << "';\nGRANT ALL ON *.* TO 'lab'@'%';\n"
                                    << "CREATE DATABASE lab CHARACTER SET utf8mb4;\n";
  pid_ = start({"mariadbd", "--no-defaults", "--user=root", "--datadir=" + dir_ + "/data", "--tmpdir=" + dir_,
                "--socket=" + dir_ + "/socket", "--bind-address=127.0.0.1", "--port=" + std::to_string(port_), "--skip-name-resolve",
                "--character-set-server=utf8mb4", "--init-file=" + dir_ + "/init.sql", "--innodb-flush-log-at-trx-commit=0"},
               log);
  // The port opens after the init file is done.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!accepts(port_)) {
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      fail("mariadbd ended");
    }
    if (std::chrono::steady_clock::now() > until) fail("mariadbd does not open its port");
    ::poll(nullptr, 0, 20);
  }
}

MariaDb::~MariaDb() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

void MariaDb::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);  // its data is thrown away
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace tidelab::tests
