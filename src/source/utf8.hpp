// UTF-8 as it comes from files, logs and command lines: possibly not UTF-8 at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidelab::source {

/// The character at a byte: its code point and how many bytes it takes; length 0 when these bytes are
/// no UTF-8 (cut off, overlong, a surrogate, behind U+10FFFF).
struct Decoded {
  std::uint32_t value = 0;
  std::size_t length = 0;
};

/// `at` must be inside of `text`.
Decoded decode(std::string_view text, std::size_t at);

/// False for the bytes of a character behind its first one.
inline bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

}  // namespace tidelab::source
