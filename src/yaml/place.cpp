// Offsets to spans, and the check that a text is text.
#include "yaml/place.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "source/utf8.hpp"

namespace tidelab::yaml {

namespace {

using source::decode;
using source::starts_character;

constexpr std::size_t block = 64;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_control(std::uint32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0 && c != 0x85) || c == 0xfffe || c == 0xffff; }

}  // namespace

Places::Places(const source::File& file, const source::File& named) : file_(&file), named_(&named) {
  const std::string_view text = file.text;
  if (text.starts_with(byte_order_mark)) begin_ = byte_order_mark.size();
  lines_.push_back(begin_);
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) lines_.push_back(at + 1);
  if (std::all_of(text.begin(), text.end(), starts_character)) return;
  characters_.reserve(text.size() / block + 1);
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % block == 0) characters_.push_back(count);
    if (starts_character(text[i])) ++count;
  }
  if (text.size() % block == 0) characters_.push_back(count);
}

std::size_t Places::characters_before(std::size_t offset) const {
  if (characters_.empty()) return offset;
  const auto start = offset / block;
  const std::string_view rest = std::string_view(file_->text).substr(start * block, offset % block);
  return characters_[start] + static_cast<std::size_t>(std::count_if(rest.begin(), rest.end(), starts_character));
}

source::Span Places::span(std::size_t from, std::size_t to) const {
  const std::string_view text = file_->text;
  from = std::clamp(from, begin_, text.size());
  const auto line = std::upper_bound(lines_.begin(), lines_.end(), from) - lines_.begin();
  auto end = static_cast<std::size_t>(line) < lines_.size() ? lines_[static_cast<std::size_t>(line)] - 1 : text.size();
  if (end > lines_[static_cast<std::size_t>(line) - 1] && text[end - 1] == '\r') --end;
  from = std::min(from, end);  // a parser may stand between the two bytes of a line end
  to = std::clamp(to, from, std::max(from, end));
  source::Span out;
  out.file = named_;
  out.line = static_cast<int>(line);
  out.column = static_cast<int>(characters_before(from) - characters_before(lines_[static_cast<std::size_t>(line) - 1])) + 1;
  out.length = std::max(1, static_cast<int>(characters_before(to) - characters_before(from)));
  return out;
}

bool check_bytes(const source::File& file, const Places& places, source::Diagnostics& diagnostics) {
  const std::string_view text = file.text;
  for (std::size_t at = 0; at < text.size();) {
    const auto [value, length] = decode(text, at);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(text[at]);
      const bool utf16 = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
      diagnostics.error("Y005", fmt::format("byte 0x{:02x} is not UTF-8", byte), places.at(at)).help =
          utf16 ? "this looks like UTF-16: save the file as UTF-8" : "save the file as UTF-8";
      return false;
    }
    const bool line_end = value == '\n' || (value == '\r' && text.substr(at + 1, 1) == "\n");
    if (!line_end && value != '\t' && is_control(value)) {
      auto& made = diagnostics.error("Y005", fmt::format("control character U+{:04X} in the text", value), places.at(at));
      made.help = value == 0      ? "save the file as UTF-8; is it a text file?"
                  : value == '\r' ? "end lines with a line feed"
                                  : "write it as an escape in double quotes, or remove it";
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace tidelab::yaml
