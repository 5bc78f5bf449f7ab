// Taking single instances away.
#include "unit/plan/plans.hpp"

using namespace tidelab;
using namespace tidelab::plan;

namespace {

const char* const crew = R"(
section: crew
component: crew
title: Crew
default_version: 1.0.0
node: ${host}:${port}
dir: ${deploy_dir}
shares: [crew]
params:
  port: {type: port, default: 7000}
  deploy_dir: {type: dir, default: "/srv/crew-${port}"}
  store: {type: text, default: /mnt/store}
install:
  - dir: {path: "${deploy_dir}"}
  - dir: {path: "${store}", holds: data}
  - file: {path: "${store}/of-${host}", content: x}
  - line: {path: /etc/line, match: a, line: b}
start:
  - service: {name: "crew-${port}", argv: [run], log: "${deploy_dir}/log", stop_within: 5s}
ready:
  - wait: {for: {tcp: {address: "${host}:${port}"}}, within: 9s}
leave:
  - title: ${host} hands over
    http: {method: DELETE, url: "http://${others crew \"{host}:{port}\"}/${host}"}
left:
  - wait: {for: {http: {url: "http://${others crew \"{host}:{port}\"}/gone"}}, within: 9s}
leads:
  - {title: chief, http: {url: "http://${host}/chief"}}
whole:
  - wait: {for: {http: {url: "http://${host}/whole"}}, within: 9s}
)";

struct Pruned : Planned {
  // Names of those that leave.
  Pruned(const std::vector<std::string>& playbooks, const std::string& topology, const std::vector<std::string>& gone)
      : Planned(playbooks, topology) {
    for (auto& each : world.topology.instances) each.leaves = std::find(gone.begin(), gone.end(), each.name()) != gone.end();
  }
  Plan prune() {
    auto out = make_prune(inputs(), world.diagnostics);
    CHECK(world.complaints() == "");
    return out;
  }
};

std::string texts(const step::Texts& all) {
  std::string out;
  for (const auto& each : all) out += (out.empty() ? "" : " ") + each.value;
  return out;
}

const step::Sweep& sweep_of(const Plan& plan, std::size_t step) { return std::get<step::Sweep>(plan.steps.at(step).action); }

}  // namespace

TEST_CASE("of a host that is lost only what the others do is planned") {
  Pruned p({crew}, "global: {ssh_type: none}\ncrew: [{host: a}, {host: b}, {host: c}, {host: d}]\n", {"crew 2", "crew 4"});
  p.world.topology.instances[1].lost = true;
  const auto plan = p.prune();
  CHECK(show(plan) ==
        "0 d hands over @d\n"
        "1 stop service crew-7000 @d 0\n"
        "2 wait for http GET http://a:7000,c:7000/gone @d 1\n"
        "3 remove what is only of crew-7000 @d 2\n"
        "4 b hands over @b\n"
        "5 wait for http GET http://a:7000,c:7000/gone @b 4\n"
        "6 remove what tidelab made but /mnt/store @d 0 1 2 3\n");
  CHECK(plan.lanes.at(2).lost);
  CHECK_FALSE(plan.lanes.at(4).lost);
  CHECK(undoable(plan).empty());
  const auto& members = plan.groups.at(0).members;
  CHECK((members[1].lost && members[1].services == std::vector<int>{4, 5}));
  CHECK_FALSE(members[3].lost);
}

TEST_CASE("what must be done on a host that is lost cannot be done") {
  std::string own(crew);
  own.replace(own.find("    http: {method: DELETE"), 0,
              "    ensure: {look: {exec: {argv: [there]}}, act: {exec: {argv: [go]}}}\n  - title: gone\n");
  Pruned p({own}, "global: {ssh_type: none}\ncrew: [{host: a}, {host: b}]\n", {"crew 2"});
  CHECK(undoable(p.prune()).empty());
  p.world.topology.instances[1].lost = true;
  CHECK(undoable(p.prune()) == std::vector<std::string>{"crew 2: b hands over"});
}

TEST_CASE("whom anybody of a section is asked through is one that stays") {
  std::string asking(crew);
  asking.replace(asking.find("    http: {method: DELETE"), asking.find("left:") - asking.find("    http: {method: DELETE"),
                 "    ask: {of: crew, what: move, with: {from: \"${host}\"}}\nquestions:\n  move:\n    with: [from]\n"
                 "    do: {on: crew, exec: {argv: [\"${deploy_dir}/move\", \"${from}\"]}}\n");
  Pruned p({asking}, "global: {ssh_type: none}\ncrew: [{host: a, port: 7001}, {host: b}]\n", {"crew 1"});
  p.world.topology.instances[0].lost = true;
  const auto plan = p.prune();
  CHECK(show(plan).starts_with("0 a hands over @b\n"));
  CHECK(std::get<step::Exec>(plan.steps[0].action).argv[0].value == "/srv/crew-7000/move");
  CHECK(std::get<step::Exec>(plan.steps[0].action).argv[1].value == "a");
  CHECK(undoable(plan).empty());
}

TEST_CASE("who leaves is taken out of its group by those that stay, then stopped and removed") {
  Pruned p({crew}, "global: {ssh_type: none}\ncrew: [{host: a}, {host: b}, {host: c}, {host: c, port: 7001}]\n", {"crew 2", "crew 4"});
  const auto plan = p.prune();
  CHECK(show(plan) ==
        "0 c hands over @c\n"
        "1 stop service crew-7001 @c 0\n"
        "2 wait for http GET http://a:7000,c:7000/gone @c 1\n"
        "3 remove what is only of crew-7001 @c 2\n"
        "4 b hands over @b\n"
        "5 stop service crew-7000 @b 4\n"
        "6 wait for http GET http://a:7000,c:7000/gone @b 5\n"
        "7 remove what is only of crew-7000 @b 6\n"
        "8 remove what tidelab made but /mnt/store @b 4 5 6 7\n");
  CHECK(std::get<step::Http>(plan.steps[0].action).url.value == "http://a:7000,c:7000/c");
  CHECK(plan.artifacts.empty());
  REQUIRE(plan.groups.size() == 1);
  const auto& members = plan.groups.front().members;
  CHECK(members[0].services.empty());
  CHECK_FALSE(members[0].leaves);
  CHECK(members[0].ready.size() == 1);
  CHECK(members[3].leaves);
  CHECK(members[3].steps == std::vector<int>{0, 1, 2, 3});
  CHECK(members[3].services == std::vector<int>{1});
  CHECK(members[3].ends == std::vector<int>{3});
}

TEST_CASE("what others have on the host stays, and so does what may be one directory on all hosts") {
  Pruned p({crew}, "global: {ssh_type: none}\ncrew: [{host: a}, {host: b}, {host: b, port: 7001}]\n", {"crew 2"});
  const auto plan = p.prune();
  const auto& sweep = sweep_of(plan, 3);
  CHECK(texts(sweep.services) == "crew-7000");
  CHECK(texts(sweep.paths) == "/srv/crew-7000");
  CHECK(texts(sweep.keep).empty());
  CHECK(texts(sweep.ports) == "7000");
  CHECK(plan.steps.size() == 4);
}

TEST_CASE("a tree that several live in goes with the last of them") {
  const std::string both =
      "global: {ssh_type: none}\ncrew: [{host: z}, {host: a, deploy_dir: /srv/t}, {host: a, port: 7001, deploy_dir: /srv/t/in}]\n";
  Pruned outer({crew}, both, {"crew 2"});
  CHECK(texts(sweep_of(outer.prune(), 3).paths) == "/srv/t");
  CHECK(texts(sweep_of(outer.prune(), 3).keep) == "/srv/t/in");
  Pruned inner({crew}, both, {"crew 3"});
  CHECK(texts(sweep_of(inner.prune(), 3).paths) == "/srv/t/in");
  Pruned all({crew}, both, {"crew 2", "crew 3"});
  const auto plan = all.prune();
  CHECK(texts(sweep_of(plan, 7).paths) == "/srv/t");
  CHECK(texts(sweep_of(plan, 7).keep) == "/srv/t/in");
  CHECK(plan.steps.back().title == "remove what tidelab made but /mnt/store");
  CHECK(sweep_of(plan, 8).unused.value == "true");
}

TEST_CASE("who needs others goes before those, one section after the other") {
  Pruned p({bases, tops, ways},
           "global: {ssh_type: none}\nbases: [{host: a}, {host: b}]\ntops: [{host: b}]\nways: [{name: v}, {name: w}]\n",
           {"bases 2", "tops 1", "ways 2"});
  const auto plan = p.prune();
  CHECK(show(plan) ==
        "0 exec first w @controller\n"
        "1 exec second w @controller 0\n"
        "2 stop service top @b ~0 ~1\n"
        "3 remove what is only of top @b 2 ~0 ~1\n"
        "4 stop service base-7000 @b ~2 ~3\n"
        "5 remove what is only of base-7000 @b 4 ~2 ~3\n"
        "6 remove what tidelab made @b 4 5 2 3\n");
  CHECK_FALSE(plan.steps[0].lenient);
}

TEST_CASE("of a section of which nobody stays, there is no group to leave") {
  Pruned p({crew}, "global: {ssh_type: none}\ncrew: [{host: a}]\n", {"crew 1"});
  const auto plan = p.prune();
  CHECK(show(plan) ==
        "0 stop service crew-7000 @a\n"
        "1 remove what is only of crew-7000 @a 0\n"
        "2 remove what tidelab made @a 0 1\n");
  CHECK(plan.groups.empty());
}
