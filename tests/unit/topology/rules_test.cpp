// Conflicts between instances, rules of playbooks, and table filters.
#include "topology/rules.hpp"

#include "topology/hosts.hpp"

#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

std::string brief(const std::string& text) {
  support::World world({stores, twins, flows});
  world.read(text);
  return world.brief();
}

std::string of_version(const std::string& version, const std::string& rest) {
  return brief("component_versions: {store: " + version + "}\n" + rest);
}

}  // namespace

TEST_CASE("wildcards") {
  CHECK(matches_wildcard("test.t1", "test.*"));
  CHECK(matches_wildcard("test.t1", "*.t?"));
  CHECK(matches_wildcard("test.t1", "*"));
  CHECK(matches_wildcard("", ""));
  CHECK(matches_wildcard("", "**"));
  CHECK_FALSE(matches_wildcard("", "?"));
  CHECK_FALSE(matches_wildcard("test.t1", "test"));
  CHECK_FALSE(matches_wildcard("test.t1", "test.?"));
  CHECK_FALSE(matches_wildcard("test.t1", "TEST.*"));
  CHECK(matches_wildcard("a.b.c", "a*c"));
  CHECK(matches_wildcard("abcabd", "*abd"));
}

TEST_CASE("an item for topologies without a section") {
  const char* const loners = R"(
section: loners
component: loner
title: Loner
default_version: 2.0.0
params:
  alone: {type: int, default: 1, versions: {loners: ">=2", stores: none}}
rules:
  - {code: R900, versions: {stores: none}, absent: {value: alone}, message: "without", help: "h"}
  - {code: R901, versions: {stores: "*"}, absent: {value: alone}, message: "beside", help: "h"}
)";
  const auto told = [&](const std::string& text) {
    support::World world({stores, loners});
    world.read(text);
    return world.brief();
  };
  CHECK(told("loners: [{host: a, alone: 2}]") == "R900 1:27 without | h");
  CHECK(told("loners: [{host: a, alone: 2}]\nstores: [{host: b}]") == "R901 1:27 beside | h");
  CHECK(told("loners: [{host: a}]\nstores: [{host: b}]") == "");
  // A section that is there and cannot be read is there.
  CHECK(told("loners: [{host: a, alone: 2}]\nstores: 7").find("R900") == std::string::npos);
}

TEST_CASE("a pattern of many stars ends") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  CHECK_FALSE(matches_wildcard(std::string(5000, 'a'), pattern + "b"));
  CHECK(matches_wildcard(std::string(5000, 'a'), pattern));
}

TEST_CASE("names of this machine are one host") {
  CHECK(same_host("localhost") == same_host("127.0.0.1"));
  CHECK(same_host("::1") == same_host("127.0.0.1"));
  CHECK(same_host("127.0.0.2") == "127.0.0.2");
  CHECK(brief("stores: [{host: localhost}, {host: 127.0.0.1, deploy_dir: /x}]").find("T012") != std::string::npos);
}

TEST_CASE("T012: a port twice on a host, told with both places") {
  support::World world({stores, twins});
  world.read("stores:\n  - host: a\n    port: 7500\ntwins:\n  - host: a\n    deploy_dir: /opt/t\n    port: 7500\n");
  CHECK(world.complaints() ==
        "error[T012]: port 7500 is used twice on host a\n --> lab.yaml:7:11\n  |\n7 |     port: 7500\n  |           ^^^^ port of twins 1\n"
        " ::: lab.yaml:3:11\n  |\n3 |     port: 7500\n  |           ---- first claimed as port of stores 1\n  = help: give one of them "
        "another `port`, or move it to another "
        "host\n\n1 error");
}

TEST_CASE("T012: a default against one that is written, and two of one instance") {
  CHECK(brief("stores: [{host: a, peer_port: 7000}]").starts_with("T012"));
  CHECK(brief("stores: [{host: a}]\ntwins: [{host: a, port: 7001}]").starts_with("T012 2:25 port 7001"));
  CHECK(brief("stores: [{host: a}, {host: b, deploy_dir: /x}]") == "");
  CHECK(brief("stores: [{host: a}]\ntwins: [{host: a, port: 7002}]") == "");  // late_port is not there for this version
}

TEST_CASE("T013: directories") {
  const std::string apart = "port: 1, peer_port: 2";
  CHECK(brief("stores: [{host: a, deploy_dir: /x}, {host: a, deploy_dir: /x, " + apart + "}]") ==
        "T013 1:59 directory /x is used twice on host a | give one of them another `deploy_dir`");
  CHECK(brief("stores: [{host: a, deploy_dir: /x, data_dir: /y}, {host: a, deploy_dir: /x/z, data_dir: /q, " + apart + "}]") ==
        "T013 1:73 directory /x/z lies inside /x on host a | give one of them another `deploy_dir`");
  CHECK(brief("stores: [{host: a, deploy_dir: /x/z, data_dir: /y}, {host: a, deploy_dir: /x, data_dir: /q, " + apart + "}]") ==
        "T013 1:75 directory /x holds /x/z on host a | give one of them another `deploy_dir`");
  CHECK(brief("stores: [{host: a, deploy_dir: /x//y/../}, {host: a, deploy_dir: /x, " + apart + "}]")
            .starts_with("T013"));  // the same when read
  CHECK(brief("stores: [{host: a, deploy_dir: /x}, {host: a, deploy_dir: /xy, " + apart + "}]") == "");
  CHECK(brief("stores: [{host: a, deploy_dir: /x}, {host: b, deploy_dir: /x}]") == "");
}

TEST_CASE("sections that share may live in one tree") {
  CHECK(brief("stores: [{host: a}]\ntwins: [{host: a}]") == "");  // both in store-7000
  CHECK(brief("twins: [{host: a}, {host: a, port: 1}]").starts_with("T013"));
}

TEST_CASE("T015: two of one name") {
  CHECK(brief("stores: [{host: a, name: n}, {host: b, name: n}]") ==
        "T015 1:46 two of `stores` are called `n` | give one of them another `name`");
}

TEST_CASE("each rule word can be broken and kept") {
  CHECK(of_version("2.5.1", "stores: [{host: a}]") == "R901 2:11 store 2.5.1 needs a twin | add `twins`");
  CHECK(of_version("2.5.1", "stores: [{host: a}]\ntwins: [{host: b}]") == "");
  CHECK(of_version("2.6.0", "stores: [{host: a}]\ntwins: [{host: b}]") == "R902 2:11 no twins");
  CHECK(of_version("2.6.0", "stores: [{host: a}]") == "");
  CHECK(brief("stores: [{host: a, jre: 17.0.1}]") == "R903 1:25 no Java 17.0.1");
  CHECK(brief("stores: [{host: a, jre: latest}]") == "R903 1:25 no Java latest");
  CHECK(brief("stores: [{host: a, jre: '8'}]") == "");
  CHECK(of_version("2.7.0", "stores: [{host: a, name: t.x, tags: ['t.*']}]") == "R904 2:26 t.x is matched");
  CHECK(of_version("2.7.0", "stores: [{host: a, name: t.x, tags: ['t.*', '!t.x']}]") == "");
  CHECK(of_version("2.7.0", "stores: [{host: a, name: t.x, tags: ['!t.x', 't.*']}]").starts_with("R904"));
  CHECK(brief("stores: [{host: a, copies: 2}]") == "R905 1:28 2 copies of 1");
  CHECK(brief("stores: [{host: a, copies: 2}, {host: b}]") == "");
}

TEST_CASE("ranges of sections that are not there do not hold") {
  support::World world({stores, twins, flows});
  const auto& topology = world.read("stores: [{host: a}]");
  const auto& self = topology.instances.at(0);
  CHECK(applies({}, self, topology));
  CHECK(applies({{{"", {}}, {"1.2", {}}}}, self, topology));
  CHECK_FALSE(applies({{{"", {}}, {"<1", {}}}}, self, topology));
  CHECK(applies({{{"stores", {}}, {"*", {}}}}, self, topology));
  CHECK_FALSE(applies({{{"twins", {}}, {"*", {}}}}, self, topology));
  CHECK_FALSE(applies({{{"", {}}, {"1", {}}}, {{"", {}}, {"2", {}}}}, self, topology));
}
