// Passphrase and passwords: from the terminal without echo, or the first line of a file descriptor.
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "cli/reach.hpp"

namespace tidelab::cli {

namespace {

// Byte by byte: what follows the line may be meant for the next secret from the same descriptor.
std::optional<std::string> read_line(int fd) {
  std::string line;
  for (char c = 0;;) {
    const auto n = ::read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || (n == 0 && line.empty())) return std::nullopt;
    if (n == 0 || c == '\n') break;
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

/// Echo off while it lives.
class Quiet {
public:
  explicit Quiet(int fd) : fd_(fd), was_(::tcgetattr(fd, &before_) == 0) {
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (was_) ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~Quiet() {
    if (was_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

private:
  int fd_;
  termios before_{};
  bool was_;
};

std::optional<std::string> ask_terminal(const std::string& what) {
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    std::cerr << fmt::format("tidelab: there is no terminal to ask for the {}; give it by a file descriptor\n", what);
    return std::nullopt;
  }
  const Quiet quiet(fd);
  const auto prompt = fmt::format("{}: ", what);
  [[maybe_unused]] auto n = ::write(fd, prompt.data(), prompt.size());
  auto line = read_line(fd);
  n = ::write(fd, "\n", 1);
  ::close(fd);
  return line;
}

bool read_secret(const SecretFrom& from, const std::string& what, std::string& secret) {
  if (!from.ask && from.fd < 0) return true;
  const auto line = from.fd >= 0 ? read_line(from.fd) : ask_terminal(what);
  if (!line && from.fd >= 0)
    std::cerr << fmt::format("tidelab: no {} can be read from file descriptor {}: {}\n", what, from.fd,
                             errno ? std::strerror(errno) : "it is empty");
  if (line && line->empty()) std::cerr << fmt::format("tidelab: the {} is empty\n", what);
  if (!line || line->empty()) return false;
  secret = *line;
  return true;
}

}  // namespace

bool read_secrets(Options& options) {
  auto& s = options.secrets;
  errno = 0;
  return read_secret(s.from_passphrase, "passphrase of the key", s.passphrase) &&
         read_secret(s.from_password, "ssh password", s.password) && read_secret(s.from_sudo_password, "sudo password", s.sudo_password);
}

}  // namespace tidelab::cli
