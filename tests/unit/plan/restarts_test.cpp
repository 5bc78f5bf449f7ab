#include "plan/restarts.hpp"

#include "unit/plan/plans.hpp"

namespace tidelab::plan {

namespace {

constexpr auto runs = R"(
section: runs
component: run
title: Run
default_version: 1.0.0
node: ${host}:${port}
params:
  port: {type: port, default: 7000}
  heap: {type: int, default: 1}
  depth: {type: int, default: 1}
  idle: {type: int, default: 1}
artifacts:
  - {name: run, file: "run-${version}.tgz", sources: [{official: "http://x/${version}"}]}
install:
  - unpack: {artifact: run, into: /srv/run}
  - config: {path: /srv/run/conf, format: properties, set: {depth: "${depth}", peers: "${join runs \"{host}\" \",\"}"}}
  - file: {path: /srv/run/notes, content: "${idle}"}
start:
  - service: {name: "run-${port}", argv: [run, "${port}"], env: {HEAP: "${heap}"}, log: /l, inputs: ["artifact:run", /srv/run/conf]}
)";

// `service@host: because, because`, one line each.
std::string compare(const std::string& before, const std::string& after) {
  Planned old({runs}, "global: {ssh_type: none}\n" + before), now({runs}, "global: {ssh_type: none}\n" + after);
  std::string out;
  for (const auto& each : make_restarts(old.up(), now.up()))
    out += fmt::format("{} {}@{}: {}\n", each.component, each.service, each.host, fmt::join(each.because, ", "));
  return out;
}

}  // namespace

TEST_CASE("nothing restarts when nothing changed, or nothing that the service looks at") {
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, port: 7000}]\n") == "");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, idle: 2}]\n") == "");
}

TEST_CASE("a service restarts for its environment, its files and its archive") {
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, heap: 2}]\n") == "runs 1 run-7000@a: its environment\n");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, depth: 2}]\n") == "runs 1 run-7000@a: /srv/run/conf\n");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a}]\ncomponent_versions: {run: 1.1.0}\n") ==
        "runs 1 run-7000@a: run 1.0.0 → run 1.1.0\n");
}

TEST_CASE("a neighbour that comes restarts those whose files name it, and does not restart itself") {
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a}, {host: b}]\n") == "runs 1 run-7000@a: /srv/run/conf\n");
}

}  // namespace tidelab::plan
