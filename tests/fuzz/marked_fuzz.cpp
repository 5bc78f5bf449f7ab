// Any bytes at all from a host: however they are cut, the same comes out, and no more is held than may be.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "host/remote_shell.hpp"

using namespace tidelab::host;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string mark = "tidelab-0123";
  const std::size_t piece = 1 + data[0] % 16;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  MarkedStream whole(mark), cut(mark);
  auto at_once = whole.feed(bytes);
  std::string in_pieces;
  for (std::size_t at = 0; at < bytes.size(); at += piece) in_pieces += cut.feed(std::string_view(bytes).substr(at, piece));
  at_once += whole.take_rest();
  in_pieces += cut.take_rest();
  require(at_once == in_pieces);
  require(whole.noise() == cut.noise() && whole.pid() == cut.pid() && whole.code() == cut.code());
  require(at_once.size() + whole.noise().size() <= bytes.size());
  require(whole.noise().size() <= kNoiseKept);
  return 0;
}
