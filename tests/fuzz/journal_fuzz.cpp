// Any bytes at all as a journal: its lines are events or none, events survive being written again, and a report of them
// can be rendered in each format, whatever they say.
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "library.hpp"
#include "report/report.hpp"
#include "run/journal.hpp"

namespace {

using namespace tidelab;
using fuzz::require;

std::vector<run::Event> read_journal(std::string_view text) {
  std::vector<run::Event> events;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (const auto event = run::parse_line(std::string(text.substr(0, end)))) {
      const auto line = run::render_line(*event);
      const auto again = run::parse_line(line);
      require(again && run::render_line(*again) == line, "an event is the same when it is read again");
      events.push_back(*event);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = report::fold(read_journal({reinterpret_cast<const char*>(data), size}));
  require(report.complete || report.exit_code != 0, "a journal that ends in the middle is no success");
  require(!report::render_text(report, true).empty(), "a report has a text");
  require(nlohmann::json::accept(report::render_json(report)), "its JSON is JSON");
  require(report::render_junit(report).find("</testsuites>") != std::string::npos, "its JUnit is whole");
  require(report::render_html(report).find("</html>") != std::string::npos, "its page is whole");
  return 0;
}
