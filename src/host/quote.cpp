// Quoting for POSIX sh. Everything is taken literally inside single quotes except the single quote itself.
#include "host/quote.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace tidelab::host {
namespace {

// Plain words stay bare, because people read these lines; a bare reserved word would be syntax.
bool may_stay_bare(std::string_view text) {
  static constexpr std::array<std::string_view, 17> reserved{"case", "coproc", "do",    "done",     "elif",   "else", "esac",  "fi",  "for",
                                                             "if",   "in",     "until", "function", "select", "then", "while", "time"};
  static constexpr std::string_view safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:@%+,";
  return !text.empty() && text.find_first_not_of(safe) == std::string_view::npos &&
         std::find(reserved.begin(), reserved.end(), text) == reserved.end();
}

}  // namespace

std::string quote(std::string_view text) {
  assert(text.find('\0') == std::string_view::npos);
  if (may_stay_bare(text)) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

std::string quote_argv(const std::vector<std::string>& argv) {
  std::string line;
  for (const auto& word : argv) {
    if (!line.empty()) line += ' ';
    line += quote(word);
  }
  return line;
}

std::string short_argv(const std::vector<std::string>& argv) {
  constexpr std::size_t most = 100;
  std::string out;
  for (const auto& each : argv) {
    const auto word = quote(each);
    if (out.size() + word.size() > most || word.find('\n') != std::string::npos) return out + (out.empty() ? "…" : " …");
    out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

std::string last_words(const std::string& err) {
  constexpr std::size_t most = 2000;
  return err.substr(err.size() - std::min(err.size(), most));
}

}  // namespace tidelab::host
