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
  - config:
      path: /srv/run/conf
      format: properties
      no_restart: [copies]
      set: {depth: "${depth}", peers: "${join runs \"{host}\" \",\"}", copies: "${idle}"}
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

// Members know each other, and their clients know some of them.
constexpr auto members = R"(
section: members
component: member
title: Member
default_version: 1.0.0
joins: one_at_a_time
params: {port: {type: port, default: 7300}}
start:
  - service:
      name: member
      argv: [member]
      first_members: ["--first=${join members \"{host}\" \",\"}"]
      newcomer: ["--join=${others members \"{host}\" \",\"}"]
      joins: {http: {url: "http://${any members \"{host}:{port}\"}/members"}}
      log: /l
)";
constexpr auto clients = R"(
section: clients
component: client
title: Client
default_version: 1.0.0
params: {port: {type: port, default: 7400}}
start:
  - service: {name: client, argv: [client, "--of=${any members \"{host}:{port}\"}"], log: /l}
)";

}  // namespace

TEST_CASE("a member that comes restarts neither those that were there nor who may ask any of them") {
  Planned old({members, clients}, "global: {ssh_type: none}\nmembers: [{host: a}, {host: b}]\nclients: [{host: a}]\n");
  Planned now({members, clients}, "global: {ssh_type: none}\nmembers: [{host: a}, {host: b}, {host: c}]\nclients: [{host: a}]\n");
  const auto before = old.up(), after = now.up();
  CHECK(make_restarts(before, after).empty());
  REQUIRE(after.groups.size() == 1);
  CHECK(after.groups[0].joins_one_at_a_time);
  for (const auto& step : after.steps) {
    const auto* service = std::get_if<step::Service>(&step.action);
    if (service == nullptr) continue;
    if (service->name.value == "client") {
      CHECK(service->argv.at(1).value == "--of=a:7300,b:7300,c:7300");
      CHECK(service->argv_without_members.at(1).value == "--of=any members");
    } else {
      CHECK(service->first_members.at(0).value == "--first=a,b,c");
      CHECK(service->joins.size() == 1);
    }
  }
}

TEST_CASE("a member that leaves restarts who knows it") {
  Planned old({members, clients}, "global: {ssh_type: none}\nmembers: [{host: a}, {host: b}]\nclients: [{host: a}]\n");
  Planned now({members, clients}, "global: {ssh_type: none}\nmembers: [{host: b}]\nclients: [{host: a}]\n");
  const auto restarts = make_restarts(old.up(), now.up());
  REQUIRE(restarts.size() == 1);
  CHECK(restarts[0].service == "client");
  CHECK(restarts[0].because == std::vector<std::string>{"a:7300, which it knows, leaves"});
}

TEST_CASE("what is wrong in the arguments of a service is told once") {
  Planned lone({clients}, "global: {ssh_type: none}\nclients: [{host: a}]\n");
  lone.up();
  CHECK(lone.world.diagnostics.errors() == 1);
  CHECK(lone.world.complaints().find("this needs at least one of `members`") != std::string::npos);
}

TEST_CASE("one alone joins nobody") {
  Planned lone({members}, "global: {ssh_type: none}\nmembers: [{host: a}]\n");
  const auto plan = lone.up();
  const auto& service = std::get<step::Service>(plan.steps.at(0).action);
  CHECK(service.first_members.at(0).value == "--first=a");
  CHECK(service.newcomer.empty());
  CHECK(service.joins.empty());
}

TEST_CASE("nothing restarts when nothing changed, or nothing that the service looks at") {
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, port: 7000}]\n") == "");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, idle: 2}]\n") == "");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, config: {copies: 3}}]\n") == "");
}

TEST_CASE("a service restarts for its environment, its files and its archive") {
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, heap: 2}]\n") == "runs 1 run-7000@a: its environment\n");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, depth: 2}]\n") == "runs 1 run-7000@a: /srv/run/conf\n");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a, config: {other: 3}}]\n") == "runs 1 run-7000@a: /srv/run/conf\n");
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a}]\ncomponent_versions: {run: 1.1.0}\n") ==
        "runs 1 run-7000@a: run 1.0.0 → run 1.1.0\n");
}

TEST_CASE("a setting that restarts nobody is written all the same") {
  Planned planned({runs}, "global: {ssh_type: none}\nruns: [{host: a, idle: 2}]\n");
  const auto plan = planned.up();
  std::string written, counts;
  for (const auto& each : plan.steps) {
    if (const auto* file = std::get_if<step::File>(&each.action); file != nullptr && file->path.value == "/srv/run/conf")
      written = file->content.value;
    if (const auto* service = std::get_if<step::Service>(&each.action)) counts = service->compared.at(0).second.value;
  }
  CHECK(written == "depth=1\npeers=a\ncopies=2\n");
  CHECK(counts == "depth=1\npeers=a\n");
}

TEST_CASE("a neighbour that comes restarts those whose files name it, and does not restart itself") {
  CHECK(compare("runs: [{host: a}]\n", "runs: [{host: a}, {host: b}]\n") == "runs 1 run-7000@a: /srv/run/conf\n");
}

}  // namespace tidelab::plan
