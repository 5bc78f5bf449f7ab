// Private to yaml: byte offsets of a text as spans in lines and characters, and whether its bytes are text at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "source/diagnostic.hpp"
#include "source/file.hpp"

namespace tidelab::yaml {

/// Where the bytes of one file are. Any offset is answered in time that does not grow with the
/// file, also on a line of megabytes, and an offset past the end is the place behind the last byte.
class Places {
public:
  explicit Places(const source::File& file) : Places(file, file) {}
  /// Of a text that has the lines and columns of another one, which spans then name.
  Places(const source::File& file, const source::File& named);

  /// Where the text begins: behind a byte order mark.
  std::size_t begin() const { return begin_; }

  /// The span of the bytes [from, to), cut at the end of their line; at least one character long.
  source::Span span(std::size_t from, std::size_t to) const;
  source::Span at(std::size_t offset) const { return span(offset, offset + 1); }

private:
  std::size_t characters_before(std::size_t offset) const;

  const source::File* file_;
  const source::File* named_;
  std::size_t begin_ = 0;
  std::vector<std::size_t> lines_;         ///< offset of each line's first byte
  std::vector<std::uint32_t> characters_;  ///< characters before each block of bytes; empty when each byte is one
};

/// Complains (Y005) about the first byte that is not UTF-8, or that is a control character.
bool check_bytes(const source::File& file, const Places& places, source::Diagnostics& diagnostics);

}  // namespace tidelab::yaml
