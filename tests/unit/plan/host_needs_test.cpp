// What playbooks say that they need of hosts → numbers in the plan.
#include "unit/plan/plans.hpp"

namespace tidelab::plan {

namespace {

std::string playbook(const std::string& host) {
  return "section: bases\ncomponent: base\ntitle: Base\ndefault_version: 1.0.0\nparams:\n  heap_mb: {type: int, default: 64}\n"
         "  port: {type: port, default: 7000}\nhost:\n" +
         host;
}

HostNeeds needs(const std::string& host, const std::string& instance = "") {
  Planned planned({playbook(host)}, "bases:\n  - {host: 10.0.0.1" + instance + "}\n");
  const auto out = planned.up().components.at(0).host_needs;
  CHECK(planned.world.complaints() == "");
  return out;
}

std::string complaint(const std::string& host, const std::string& instance = "") {
  Planned planned({playbook(host)}, "bases:\n  - {host: 10.0.0.1" + instance + "}\n");
  planned.up();
  return planned.world.brief();
}

}  // namespace

TEST_CASE("needs of a host: sizes are sums, and follow params") {
  const auto made = needs("  - memory: [\"${heap_mb}m\", 1g]\n  - memory: 512k\n  - data: {in: /d, size: 3}\n", ", heap_mb: 100");
  CHECK(made.memory_bytes == (100LL << 20) + (1LL << 30) + (512LL << 10));
  CHECK(made.data == std::vector<std::pair<std::string, long long>>{{"/d", 3}});
}

TEST_CASE("needs of a host: levels") {
  const auto made = needs("  - open_files: 100\n  - clock: {warn: 500ms, fail: 1m}\n  - swap: warn\n  - huge_pages: fail\n");
  CHECK(made.open_files_warn == 100);
  CHECK(made.open_files_fail == 0);
  CHECK(made.clock_warn == std::chrono::milliseconds(500));
  CHECK(made.clock_fail == std::chrono::minutes(1));
  CHECK(made.swap == HostNeeds::Bad::warn);
  CHECK(made.huge_pages == HostNeeds::Bad::fail);
}

TEST_CASE("needs of a host: those of other versions are not there") {
  const auto made = needs("  - {versions: \">=2\", memory: 1g}\n  - {versions: \"<2\", commands: [bash]}\n  - arch: [amd64, arm64]\n");
  CHECK(made.memory_bytes == 0);
  CHECK(made.commands == std::vector<std::string>{"bash"});
  CHECK(made.arch == std::vector<std::string>{"amd64", "arm64"});
}

TEST_CASE("needs of a host: open files add up, follow settings, and are no need where a switch is off") {
  const std::string host =
      "  - open_files: {fail: [1000, \"${config[store.files] or 4000}\"]}\n    help: write ${config[store.files] or less}\n"
      "  - {unless_false: \"${config[blobs] or true}\", open_files: {fail: \"${config[store.files] or 4000}\", warn: 7}}\n";
  CHECK(needs(host).open_files_fail == 9000);
  CHECK(needs(host).open_files_warn == 7);
  CHECK(needs(host, ", config: {store.files: 100}").open_files_fail == 1200);
  CHECK(needs(host, ", config: {blobs: false}").open_files_fail == 5000);
  CHECK(needs(host, ", config: {store.files: -1}").open_files_fail == 1000);  // what was written is for the component to judge
  CHECK(needs(host).help_of("open_files") == "write less");
  CHECK(needs(host).help_of("data") == "");
  CHECK(needs("  - memory: [10m, \"${config[cache] or 0}\"]\n", ", config: {cache: 2GB}").memory_bytes == (2LL << 30) + (10LL << 20));
  CHECK(needs("  - data: {in: /d, size: [1m, \"${config[spare] or 5g}\"]}\n").data.front().second == (5LL << 30) + (1LL << 20));
}

TEST_CASE("needs of a host: more than can be counted is as much as can be") {
  CHECK(needs("  - memory: [9223372036854775807, 9000000t]\n").memory_bytes == 9223372036854775807LL);
}

TEST_CASE("needs of a host: what cannot be read") {
  CHECK(complaint("  - memory: 1x\n").starts_with("P008 9:13 `1x` is not a size like `512m` or `2g`"));
  CHECK(complaint("  - memory: \"\"\n") == "P008 9:5 `memory` says no size");
  CHECK(complaint("  - open_files: -1\n").starts_with("P008 9:17 `-1` is not a number of files"));
  CHECK(complaint("  - clock: {fail: 2y}\n").starts_with("P008 9:19 `2y` is not a time like"));
  CHECK(complaint("  - clock: [1s, 2s]\n") == "P008 9:17 a distance of clocks is one time");
  CHECK(complaint("  - memory: \"${heap_mb}\"\n", ", heap_mb: 12").empty());
}

}  // namespace tidelab::plan
