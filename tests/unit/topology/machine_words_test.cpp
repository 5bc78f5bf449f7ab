// Words about machines, places of settings, and `global`: each broken and kept.
#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

const char* const keepers = R"(
section: keepers
component: keeper
title: Keeper
default_version: 1.0.0
params:
  port: {type: port, default: 7400}
  deploy_dir: {type: dir, default: "/srv/keeper-${port}"}
  shared: {type: bool, default: false, versions: {keepers: several}}
  alone: {type: bool, default: false, versions: {keepers: one}}
rules:
  - {code: R801, once_per_host: {}, message: two on one host}
  - {code: R802, no_more_than: {count: 3}, message: a fourth}
  - {code: R803, labelled: {labels: tags}, severity: warning, message: "no tags"}
  - {code: R804, declared: {labels: tags, section: stores, list: known.tags}, message: "${value} is not of ${known}"}
  - {code: R805, only_in: {settings: [once.only], place: server_configs}, message: "${value} here"}
  - {code: R806, only_in: {settings: [mine], place: instance}, message: "${value} there"}
  - {code: R807, only_in: {settings: [never], place: nowhere}, message: "${value} anywhere"}
  - {code: R808, needs_setting: {settings: [late], with: early.dir}, message: "${value} alone"}
  - {code: R809, not_global: {field: group, value: wheel}, message: not for wheels}
  - {code: R811, on_one_machine: {unless_true: shared}, message: "not together", versions: {keepers: several, stores: "2"}}
  - {code: R810, set_where_several: {setting: cache.size}, severity: warning, message: "no cache.size", versions: "2"}
)";

std::string brief(const std::string& text) {
  support::World world({stores, keepers});
  world.read("stores: [{host: s, config: {known.tags: [zone, rack]}}]\n" + text);
  return world.brief();
}

}  // namespace

TEST_CASE("once_per_host, labelled: by machine, whatever it is called") {
  CHECK(brief("keepers: [{host: a}, {host: b}]") == "");
  CHECK(brief("keepers: [{host: localhost, config: {tags.zone: z}}, {host: 127.0.0.1, port: 1}]") ==
        "T023 2:18 keepers 1 is at localhost, and stores 1 is on s: only one of them can be where the other is not | write the address "
        "that all "
        "hosts reach this machine at, or put everything on 127.0.0.1\nR803 2:55 no tags\nR801 2:61 two on one host");
}

TEST_CASE("on_one_machine: of several instances, unless one of them says that it need not be") {
  const std::string newer = "component_versions: {store: 2.0.0}\n";
  CHECK(brief(newer + "keepers: [{host: a}]") == "");
  CHECK(brief(newer + "keepers: [{host: a}, {host: b}, {host: c}]") == "R811 3:29 not together");
  CHECK(brief(newer + "keepers: [{host: a}, {host: b, shared: true}]") == "");
  CHECK(brief(newer + "keepers: [{host: a}, {host: b, shared: false}]") == "R811 3:29 not together");
}

TEST_CASE("`several`: what is there for two instances or more only") {
  CHECK(brief("keepers: [{host: a, shared: true}, {host: b}]") == "");
  CHECK(brief("keepers: [{host: a, shared: true}]").find("T006 2:") == 0);
}

TEST_CASE("`one`: what is there for a single instance only") {
  CHECK(brief("keepers: [{host: a, alone: true}]") == "");
  CHECK(brief("keepers: [{host: a, alone: true}, {host: b}]").find("T006 2:") == 0);
}

TEST_CASE("set_where_several: by machine, wherever it is written") {
  const std::string two =
      "component_versions: {keeper: 2.0.0}\nkeepers:\n  - {host: a, config: {tags.x: y, cache.size: 1g}}\n"
      "  - {host: a, port: 1, config: {tags.x: y, cache.kind: z}}\n";
  CHECK(brief(two).find("R810 5:6 no cache.size") != std::string::npos);
  CHECK(brief("server_configs: {keeper: {cache: {size: 1g}}}\n" + two).find("R810") == std::string::npos);
  CHECK(brief("component_versions: {keeper: 2.0.0}\nkeepers: [{host: a}, {host: b}]").find("R810") == std::string::npos);
}

TEST_CASE("no_more_than: each that is too many") {
  CHECK(brief("keepers: [{host: a}, {host: b}, {host: c}]") == "");
  CHECK(brief("keepers: [{host: a}, {host: b}, {host: c}, {host: d}, {host: e}]") == "R802 2:45 a fourth\nR802 2:56 a fourth");
}

TEST_CASE("declared: labels that the list does not name") {
  CHECK(brief("keepers: [{host: a, config: {tags: {zone: 1, rack: 2}}}]") == "");
  CHECK(brief("keepers: [{host: a, config: {tags: {zone: 1, row: 2}}}]") == "R804 2:46 row is not of zone, rack");
  support::World world({stores, keepers});
  world.read("stores: [{host: s}]\nkeepers: [{host: a, config: {tags.zone: 1}}]");
  CHECK(world.brief() == "R804 2:30 zone is not of none");
}

TEST_CASE("labels are compared as PD does, large letters and small ones alike") {
  CHECK(brief("keepers: [{host: a, config: {tags: {Zone: 1}}}]") == "");
}

TEST_CASE("a warning that says the same of several is told once, with their lines, and a mistake at each place") {
  support::World world({stores, keepers});
  world.read("stores: [{host: s}]\nkeepers:\n  - {host: a}\n  - {host: a, port: 1}\n  - {host: a, port: 2}\n");
  CHECK(world.brief() == "R803 3:6 no tags\nR801 4:12 two on one host\nR801 5:12 two on one host");
  CHECK(world.complaints().find("and 2 more like it, in lines 4, 5") != std::string::npos);
}

TEST_CASE("only_in: a setting in its place") {
  CHECK(brief("server_configs: {keeper: {once.only: 1}}\nkeepers: [{host: a, config: {mine.x: 1}}]") == "");
  CHECK(brief("keepers: [{host: a, config: {once: {only: 1}}}]") == "R805 2:37 once.only here");
  // Told once, however many instances there are.
  CHECK(brief("server_configs: {keeper: {mine.x: 1}}\nkeepers: [{host: a}, {host: b}]") == "R806 2:27 mine.x there");
  CHECK(brief("server_configs: {keeper: {never: 1}}\nkeepers: [{host: a, config: {never: 2}}]") ==
        "R807 2:27 never anywhere\nR807 3:30 never anywhere");
  CHECK(brief("keepers: [{host: a, config: {nevermore: 1}}]") == "");
}

TEST_CASE("needs_setting: one not without the other") {
  CHECK(brief("keepers: [{host: a, config: {late.dir: 1}}]") == "R808 2:30 late.dir alone");
  CHECK(brief("server_configs: {keeper: {early.dir: x}}\nkeepers: [{host: a, config: {late.dir: 1}}]") == "");
}

TEST_CASE("not_global: what a role cannot have") {
  support::World world({stores, keepers});
  world.read("global: {group: wheel}\nstores: [{host: s}]\nkeepers: [{host: a}, {host: b}]");
  CHECK(world.brief().find("R809 3:12 not for wheels") != std::string::npos);
  CHECK(world.diagnostics.errors() == 1);
}
