// Any bytes at all as the record of a lab: fields that are what they must be, or a sentence about what is wrong; and what was
// taken is written and read again as it is.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "lab/record.hpp"

namespace {

using namespace tidelab;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = lab::parse_about("lab", {reinterpret_cast<const char*>(data), size});
  if (!record) {
    require(!record.error().empty());
    return 0;
  }
  require(record->reach.port >= 0 && record->reach.port <= 65535);
  for (const auto& each : record->versions) require(each.find('=') != std::string::npos);
  const auto text = lab::render_about(*record);
  require(text.has_value());  // what came out of JSON is UTF-8
  const auto again = lab::parse_about("lab", *text);
  require(again.has_value() && lab::render_about(*again) == text);
  return 0;
}
