// Records of labs on this machine: what is written, who may read it, and what is made of those that others or accidents wrote.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lab/lock.hpp"
#include "support/catch.hpp"

using namespace tidelab::lab;
namespace fs = std::filesystem;
using Why = Unknowable::Why;

namespace {

/// The environment and a state directory of one test.
struct StateHome {
  std::string root = [] {
    std::string name = "/tmp/tidelab-record.XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  std::string state = text_of("XDG_STATE_HOME"), home = text_of("HOME");
  mode_t umask = ::umask(0);

  StateHome() { ::setenv("XDG_STATE_HOME", root.c_str(), 1); }
  StateHome(const StateHome&) = delete;
  StateHome& operator=(const StateHome&) = delete;
  ~StateHome() {
    put_back("XDG_STATE_HOME", state), put_back("HOME", home);
    ::umask(umask);
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  static std::string text_of(const char* name) { return std::getenv(name) == nullptr ? "" : std::getenv(name); }
  static void put_back(const char* name, const std::string& value) { value.empty() ? ::unsetenv(name) : ::setenv(name, value.c_str(), 1); }
  std::string lab(const std::string& name) const { return root + "/tidelab/lab/" + name; }
  void damage(const std::string& name, const std::string& text) const { std::ofstream(lab(name)) << text; }
};

Record one() {
  Record out{"lab", "lab.yaml", "kafka_servers: []\n"};
  out.reach.ssh = true, out.reach.port = 2222, out.reach.user = "ops", out.reach.type = "system";
  out.reach.known_hosts = "/k/known", out.reach.config = "/k/config", out.reach.identities = {"/k/one", "/k/two"};
  out.versions = {"tidb=v8.4.0"};
  out.hosts = {"10.0.0.1", "10.0.0.2"}, out.since = out.when = "2026-11-28T21:40:00Z", out.last = "up", out.outcome = "done";
  out.file = "/home/ops/lab.yaml", out.kept = "data";
  out.processors = {{"10.0.0.1", "amd64"}, {"10.0.0.2", "arm64"}};
  return out;
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

}  // namespace

TEST_CASE("a record comes back as it was written, and is for this account alone") {
  const StateHome here;
  REQUIRE(write_record(one()));
  const auto back = read_record("lab").value().value();
  CHECK(render_about(back) == render_about(one()));
  CHECK(back.topology == one().topology);
  CHECK(recorded_labs().value() == std::vector<std::string>{"lab"});
  for (const auto& dir : {here.root + "/tidelab", here.lab("")}) CHECK(mode_of(dir) == 0700);
  for (const auto* name : {"about.json", "topology.yaml"}) CHECK(mode_of(here.lab(name)) == 0600);
  remove_record("lab");
  CHECK_FALSE(read_record("lab").value());
}

TEST_CASE("what instances are known by is kept, and only as numbers") {
  auto record = one();
  record.ordinals = {{"some_servers", {2, 3}}};
  CHECK(parse_about("lab", render_about(record).value()).value().ordinals == record.ordinals);
  for (const auto* bad :
       {"[1]", R"({"a": 1})", R"({"a": [0]})", R"({"a": [-1]})", R"({"a": ["2"]})", R"({"a": [1.5]})", R"({"a": [99999999999]})"})
    CHECK(parse_about("lab", fmt::format(R"({{"ordinals": {}}})", bad)).error().starts_with("`ordinals` is not "));
}

TEST_CASE("a name that is a path is that of no record, whatever lies there") {
  const StateHome here;
  REQUIRE(write_record(one()));
  for (const auto& name : {here.root + "/tidelab/lab", std::string("../tidelab/lab"), std::string("."), std::string("lab/"), std::string()})
    CHECK_FALSE(read_record(name).value());
}

TEST_CASE("without a home nothing is kept, and what says where is named") {
  const StateHome here;
  ::unsetenv("XDG_STATE_HOME");
  for (const auto* home : {"", "relative"}) {
    StateHome::put_back("HOME", home);
    const auto known = read_record("lab");
    REQUIRE_FALSE(known);
    CHECK(known.error().why == Why::nowhere);
    CHECK(known.error().help.starts_with("set XDG_STATE_HOME to "));
    CHECK_FALSE(write_record(one()));
    CHECK_FALSE(Lock::take("lab", "up", false));
  }
}

TEST_CASE("what other accounts could have written is no record") {
  const StateHome here;
  REQUIRE(write_record(one()));
  ::chmod(here.lab("").c_str(), 0777);
  CHECK(read_record("lab").error().why == Why::unsafe);
  CHECK(read_record("lab").error().help.ends_with("XDG_STATE_HOME names another directory for what is kept of labs"));
  CHECK_FALSE(Lock::take("lab", "up", false));
  ::chmod(here.lab("").c_str(), 0755);
  CHECK(read_record("lab").value());
  CHECK(mode_of(here.lab("")) == 0700);
  if (::geteuid() != 0) return;
  REQUIRE(::chown((here.root + "/tidelab").c_str(), 65534, 65534) == 0);
  CHECK(read_record("lab").error().why == Why::unsafe);
  CHECK_FALSE(recorded_labs());
}

TEST_CASE("a lock that is a link truncates nothing, and one that is held says who holds it") {
  const StateHome here;
  REQUIRE(write_record(one()));
  const auto treasure = here.root + "/treasure";
  std::ofstream(treasure) << "all that there is";
  fs::create_symlink(treasure, here.lab("lock"));
  CHECK_FALSE(Lock::take("lab", "up", false));
  CHECK(fs::file_size(treasure) == 17);
  fs::remove(here.lab("lock"));
  const auto held = Lock::take("lab", "up", false);
  REQUIRE(held);
  CHECK(Lock::holder("lab").starts_with("`tidelab up`, pid "));
  const auto second = Lock::take("lab", "down", false);
  REQUIRE_FALSE(second);
  CHECK(second.error().why == Why::held);
  CHECK(second.error().what.starts_with("lab lab is in use by `tidelab up`, pid "));
  CHECK(mode_of(here.lab("lock")) == 0600);
}

TEST_CASE("a damaged record is told with its file, what is wrong there, and what to do") {
  const StateHome here;
  REQUIRE(write_record(one()));
  const auto told = [](const std::string& what) {
    const auto known = read_record("lab");
    REQUIRE_FALSE(known);
    CHECK(known.error().why == Why::damaged);
    CHECK(known.error().help.starts_with("`tidelab down TOPOLOGY_FILE` takes away what its file says; if nothing of it is up, remove /"));
    CHECK(known.error().what == "the record of lab lab is damaged: " + what);
  };
  const auto about = here.lab("about.json");
  here.damage("about.json", "{\"ssh\": tr");
  told(about + ": it is not JSON");
  here.damage("about.json", "[]");
  told(about + ": it is no JSON object");
  here.damage("about.json", R"({"ssh": "yes"})");
  told(about + ": `ssh` is not true or false");
  here.damage("about.json", R"({"hosts": ["a", 7]})");
  told(about + ": `hosts` is not a text");
  here.damage("about.json", R"({"processors": ["a"]})");
  told(about + ": `processors` is not a map of texts");
  here.damage("about.json", R"({"processors": {"a": 7}})");
  told(about + ": `processors` is not a text");
  here.damage("about.json", R"({"ssh_port": 65536})");
  told(about + ": `ssh_port` is not a port");
  here.damage("about.json", R"({"outcome": "well"})");
  told(about + R"(: `outcome` is not one of "", "begun", "done", "failed", "interrupted")");
  here.damage("about.json", std::string(1 << 20, '['));
  told(about + ": it is nested deeper than 16");
  here.damage("about.json", R"({"name": "lab.yaml", "of_a_newer_release": {"a": [1, 2]}})");
  CHECK(read_record("lab").value()->name == "lab.yaml");
  fs::remove(here.lab("topology.yaml"));
  told(here.lab("topology.yaml") + " is gone");
  fs::remove(about);
  REQUIRE(::mkfifo(about.c_str(), 0600) == 0);
  told(about + " is no file");
}

TEST_CASE("bytes that are no text: a name that is shown loses them, a path that is opened again is refused") {
  auto record = one();
  record.name = record.file =
      "l\xff"
      "b.yaml";
  CHECK(parse_about("lab", render_about(record).value())->name ==
        "l\xEF\xBF\xBD"
        "b.yaml");
  record.reach.identities = {"/k/\xff"};
  CHECK_FALSE(render_about(record));
}

TEST_CASE("whatever becomes of a record, it is read or told, and nothing is thrown") {
  const auto good = render_about(one()).value();
  const auto fields = nlohmann::json::parse(good);
  static const std::array<const char*, 12> values{"null", "true", "-1",  "1e400", "\"\"",      "\"\\u0000\"",
                                                  "[]",   "{}",   "[1]", "[[]]",  "{\"a\":1}", "18446744073709551616"};
  int refused = 0;
  for (const auto& [key, before] : fields.items())
    for (const auto* value : values) {
      auto changed = fields;
      const auto put = nlohmann::json::parse(value, nullptr, false);
      if (put.is_discarded()) continue;
      changed[key] = put;
      refused += parse_about("lab", changed.dump()) ? 0 : 1;
    }
  CHECK(refused > 100);
  std::mt19937 dice(11);  // always the same
  for (int round = 0; round < 600; ++round) {
    auto text = good;
    for (auto hits = 1 + dice() % 4; hits > 0; --hits) {
      const auto at = dice() % text.size();
      switch (dice() % 4) {
        case 0: text[at] = static_cast<char>(dice()); break;
        case 1: text.erase(at, 1 + dice() % 40); break;
        case 2: text.insert(at, values[dice() % values.size()]); break;
        default: text.resize(at + 1);
      }
    }
    const auto parsed = parse_about("lab", text);
    if (parsed)
      (void)render_about(*parsed);
    else
      CHECK_FALSE(parsed.error().empty());
  }
}
