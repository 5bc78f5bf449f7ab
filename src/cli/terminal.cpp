#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <ostream>

#include "source/cells.hpp"
#include "source/screen.hpp"
#include "source/utf8.hpp"

namespace tidelab::cli {

namespace {

// Each byte that is no UTF-8 is shown as one cell.
std::size_t cells_at(std::string_view text, std::size_t& at) {
  const auto one = source::decode(text, at);
  at += std::max<std::size_t>(one.length, 1);
  return one.length == 0 ? 1 : static_cast<std::size_t>(source::cells_of(one.value));
}

}  // namespace

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void print_bytes(std::ostream& to, std::string_view bytes) {
  auto* screen = dynamic_cast<source::Screen*>(to.rdbuf());
  if (screen == nullptr)
    to << bytes;
  else if (!screen->pass(bytes))
    to.setstate(std::ios::badbit);
  to << std::flush;
}

std::size_t columns_of(int stream) {
  if (const char* said = std::getenv("COLUMNS"); said != nullptr) {
    std::size_t number = 0;
    const std::string_view text(said);
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc() && end == text.data() + text.size() && number > 0) return number;
  }
  winsize size{};
  if (::isatty(stream) == 0 || ::ioctl(stream, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

std::size_t cells(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) out += cells_at(text, at);
  return out;
}

std::string cut(std::string_view text, std::size_t most) {
  if (cells(text) <= most) return std::string(text);
  std::size_t taken = 0, end = 0;
  for (std::size_t at = 0; at < text.size();) {
    end = at;
    taken += cells_at(text, at);
    if (taken >= most) break;
  }
  return std::string(text.substr(0, end)) + (most > 0 ? "…" : "");
}

std::vector<std::string> wrap(std::string_view text, std::size_t most) {
  std::vector<std::string> out(1);
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!out.back().empty() && cells(out.back()) + 1 + cells(word) > most) out.emplace_back();
    out.back() += (out.back().empty() ? "" : " ") + std::string(word);
  }
  return out;
}

}  // namespace tidelab::cli
