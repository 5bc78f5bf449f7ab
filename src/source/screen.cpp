#include "source/screen.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "source/cells.hpp"
#include "source/paint.hpp"
#include "source/utf8.hpp"

namespace tidelab::source {

namespace {

bool moves_nothing(char c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t'; }

/// What stands at the beginning of a text: how many bytes it takes, and how they are shown. Without a size more must come.
struct Piece {
  std::size_t size = 0;
  std::string shown{};
};

Piece escaped(unsigned char byte) { return {1, byte == 0x7f ? "\\u007f" : fmt::format("\\x{:02x}", byte)}; }

// How many bytes a character has that begins so; 1 where none does.
std::size_t length_by(unsigned char first) { return first >= 0xf5 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1; }

bool is_begun(std::string_view text) {
  return text.size() < length_by(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return !starts_character(c); });
}

Piece control(std::string_view text, bool last) {
  const auto& own = own_sequence();
  const bool apart = own != "\x1b[";  // until then nobody can tell whose one is
  if (apart && text.starts_with(own)) return {own.size(), "\x1b["};
  if (text.starts_with("\r\n")) return {2, "\r\n"};
  const bool may_become_more = (apart && std::string_view(own).starts_with(text)) || text == "\r";
  if (may_become_more && !last) return {};
  return escaped(static_cast<unsigned char>(text.front()));
}

Piece next_piece(std::string_view text, bool last) {
  const auto plain = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), moves_nothing) - text.begin());
  if (plain > 0) return {plain, std::string(text.substr(0, plain))};
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return control(text, last);
  const auto [value, length] = decode(text, 0);
  if (length == 0) return is_begun(text) && !last ? Piece{} : escaped(first);
  if (moves_text(value)) return {length, fmt::format("\\u{:04x}", value)};
  return {length, std::string(text.substr(0, length))};
}

}  // namespace

bool Screen::put(std::string_view text) {
  const auto size = static_cast<std::streamsize>(text.size());
  return to_.sputn(text.data(), size) == size;
}

bool Screen::show(std::string_view text, bool last) {
  std::string whole;
  if (!held_.empty()) {
    whole = std::exchange(held_, {}) + std::string(text);
    text = whole;
  }
  std::string out;
  while (!text.empty()) {
    auto piece = next_piece(text, last);
    if (piece.size == 0) {
      held_ = text;
      break;
    }
    out += piece.shown;
    text.remove_prefix(piece.size);
  }
  return put(out);
}

bool Screen::pass(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (terminal_) return show(bytes, false);
  return show({}, true) && put(bytes);
}

void Screen::finish() {
  const std::lock_guard lock(mutex_);
  show({}, true);
}

Screen::int_type Screen::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

std::streamsize Screen::xsputn(const char* text, std::streamsize size) {
  const std::lock_guard lock(mutex_);
  return show({text, static_cast<std::size_t>(size)}, false) ? size : 0;
}

int Screen::sync() {
  const std::lock_guard lock(mutex_);
  return to_.pubsync();
}

}  // namespace tidelab::source
