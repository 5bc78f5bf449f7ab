// Any bytes at all as a journal: events that are what they must be, which are written and read again as they are, and a report
// of all of them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.hpp"
#include "run/journal.hpp"

namespace {

using namespace tidelab;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<run::Event> events;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto event = run::parse_line(std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!event) continue;
    const auto line = run::render_line(*event);
    const auto again = run::parse_line(line);
    require(again.has_value() && run::render_line(*again) == line);
    events.push_back(*event);
  }
  const auto report = report::fold(events);
  require(!report::render_text(report, false).empty());
  return 0;
}
