#include "agent/parts.hpp"

#include <set>
#include <sstream>

#include "agent/script.hpp"
#include "host/host.hpp"
#include "support/catch.hpp"

using namespace tidelab;

namespace {

constexpr auto script = R"sh(
set -u
# A remark with far in it.
near() { printf '%s' "$1"; } # and one more
far() { # its own remark
  # called by nobody
  near far
}
guarded() (
  near guarded
) 8< /
text='
inner() { near inner; }
'
eval "$text"
by_text() { sh -c "$text
inner"; }
)sh";

/// Names of the functions that a script defines at the beginning of a line.
std::set<std::string> functions_of(const std::string& source) {
  std::set<std::string> out;
  std::istringstream lines(source);
  for (std::string line; std::getline(lines, line);)
    if (const auto at = line.find("() "); at != line.npos && at > 0 && line.find_first_of(" '\"$") > at) out.insert(line.substr(0, at));
  return out;
}

}  // namespace

TEST_CASE("of the agent's script what calls name is sent, and what that names") {
  const agent::Parts parts(script);
  CHECK(parts.needed_by("true") == "set -u\n");
  CHECK(parts.needed_by("near x") == "set -u\nnear() { printf '%s' \"$1\"; } # and one more\n");
  CHECK(parts.needed_by("nearly") == "set -u\n");
  using Names = std::set<std::string>;
  CHECK(functions_of(parts.needed_by("if far; then :; fi")) == Names{"near", "far"});
  CHECK(functions_of(parts.needed_by("(guarded)")) == Names{"near", "guarded"});
  CHECK(parts.needed_by("guarded").find(") 8< /\n") != std::string::npos);
}

TEST_CASE("a text with functions in it goes with what runs it, whichever of them is named") {
  const agent::Parts parts(script);
  for (const auto* call : {"inner", "by_text"}) {
    const auto needed = parts.needed_by(call);
    CHECK(needed.find("text='\ninner() { near inner; }\n'\neval \"$text\"\n") != std::string::npos);
    CHECK(needed.find("near() {") != std::string::npos);
    CHECK((needed.find("by_text()") != std::string::npos) == (call == std::string("by_text")));
  }
}

TEST_CASE("each function of the agent comes when it is called") {
  const auto all = functions_of(agent::functions());
  REQUIRE(all.size() > 100);
  const auto host = host::make_local();
  for (const auto& name : all) {
    INFO(name);
    const auto sent = agent::script({"/opt/.tidelab-lab"}, name);
    CHECK(functions_of(sent).count(name) == 1);
    const auto parsed = host->run({{"sh", "-n"}, {}, {}, {sent, {}}, {}}, {step::Clock::now() + std::chrono::seconds(60), {}, {}});
    REQUIRE(parsed);
    CHECK(parsed->code == 0);
  }
  CHECK(agent::script({"/opt/.tidelab-lab"}, "true").size() < 4'000);  // with what sees to the way to its records
}
