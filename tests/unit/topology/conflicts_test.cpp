// Machines, and what may not be twice on one.
#include "topology/conflicts.hpp"

#include "topology/hosts.hpp"
#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

std::string brief(const std::string& text) {
  support::World world({stores, twins, flows, helpers, probes});
  world.read(text);
  return world.brief();
}

}  // namespace

TEST_CASE("one spelling for all of a host") {
  CHECK(same_host("LocalHost") == "127.0.0.1");
  CHECK(same_host("0:0:0:0:0:0:0:1") == "127.0.0.1");
  CHECK(same_host("2001:DB8:0:0::1") == "2001:db8::1");
  CHECK(same_host("Node1.") == "node1");
}

TEST_CASE("hosts, and what looks like one") {
  source::Diagnostics diagnostics;
  for (const char* good : {"a", "a-b.c_d", "10.0.0.1", "::1", "fe80::1%eth0", "2001:db8::1", "host-10", "1a", "a."}) {
    CAPTURE(good);
    CHECK(is_host({good, {}}, diagnostics));
  }
  for (const char* bad : {"", "10", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1.", "1.2.3.4:22", "a:22", ":::", "[::1]", "a..b", "-a",
                          ".a", "http://a", "a/b", "u@a", "a b", "fe80::1%"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_host({bad, {}}, diagnostics));
  }
}

TEST_CASE("what shares a host or a manage_host is one machine") {
  const std::string apart = ", port: 1, deploy_dir: /x, data_dir: /y";
  CHECK(brief("stores: [{host: a, manage_host: m}, {host: b, manage_host: M" + apart + "}]").starts_with("T012"));
  CHECK(brief("stores: [{host: a, manage_host: m}, {host: m" + apart + "}]").starts_with("T012"));
  CHECK(brief("stores: [{host: a, manage_host: m}, {host: a, manage_host: n" + apart + "}]").starts_with("T012"));
  CHECK(brief("stores: [{host: a, manage_host: m}, {host: b, manage_host: n" + apart + "}]") == "");
}

TEST_CASE("directories that derive from one port are not told beside it") {
  const auto told = brief("stores: [{host: a}, {host: a}]");
  CHECK(told ==
        "T012 1:22 ports 7000 and 7001 are used twice on host a | take stores 2 away if it is written twice; else give it another host, or "
        "other `port` and `peer_port`");
}

TEST_CASE("one that is written twice is one mistake, with its directories") {
  CHECK(brief("stores: [{host: a, data_dir: /d}, {host: a, data_dir: /d}]").find("T013") == std::string::npos);
  CHECK(brief("stores: [{host: a, data_dir: /d}, {host: a, port: 1, peer_port: 2, data_dir: /d}]").find("T013") != std::string::npos);
}

TEST_CASE("two of different sections that want one port are told port by port") {
  CHECK(brief("stores: [{host: a, port: 7100}]\ntwins: [{host: a}]") ==
        "T012 2:10 port 7100 is used twice on host a | give one of them another `port`, or move it to another host");
}

TEST_CASE("what is no host, with what to write") {
  const auto help = [](const char* host) {
    source::Diagnostics diagnostics;
    CHECK_FALSE(is_host({host, {}}, diagnostics));
    return diagnostics.ordered().front()->help;
  };
  CHECK(help("<your-ip>") == "this is a placeholder: write the address in its place");
  CHECK(help("${TIKV_IP}").starts_with("nothing is taken from the environment"));
  CHECK(help("10.0.1.1,10.0.1.2") == "write an item of the list for each host");
  CHECK(help("10.0.1.[1-3]") == "write an item of the list for each host");
  CHECK(help("[::1]") == "write an IPv6 address without brackets");
}

TEST_CASE("a key whose colon has no blank behind it") {
  CHECK(brief("stores:\n  - host:10.0.1.1\n") ==
        "Y010 2:5 expected a mapping for an instance of `stores`, found the text `host:10.0.1.1` | put a space after the colon: `- host: "
        "10.0.1.1`");
  CHECK(brief("stores:\n  - 10.0.1.1:7000\n") ==
        "Y010 2:5 expected a mapping for an instance of `stores`, found the text `10.0.1.1:7000` | write `- host: 10.0.1.1`, and the port "
        "under its own key");
}

TEST_CASE("data in data is an error, a tree in a tree a warning") {
  support::World world({stores, twins});
  world.read("stores: [{host: a, data_dir: /d}, {host: a, port: 1, peer_port: 2, data_dir: /d/e}]");
  CHECK(world.diagnostics.errors() == 1);
  support::World trees({stores, twins});
  trees.read("stores: [{host: a, deploy_dir: /d}, {host: a, port: 1, peer_port: 2, deploy_dir: /d/e}]");
  CHECK(trees.diagnostics.errors() == 0);
  CHECK(trees.diagnostics.warnings() == 1);
}

TEST_CASE("neighbours in order of names are no neighbours in the tree") {
  CHECK(brief("stores: [{host: a, data_dir: /d}, {host: a, port: 1, peer_port: 2, data_dir: /d-1}, {host: b, data_dir: /d/e}]") == "");
  // `/d-1` and `/d.x` sort between `/d` and `/d/e` as bytes do.
  CHECK(brief("stores: [{host: a, data_dir: /d}, {host: a, port: 1, peer_port: 2, data_dir: /d-1}, {host: a, port: 3, peer_port: 4, "
              "data_dir: /d/e}]")
            .find("directory /d/e lies inside /d") != std::string::npos);
}

TEST_CASE("within one instance") {
  CHECK(brief("stores: [{host: a, deploy_dir: /d, data_dir: /d}]").find("directory /d is used twice") != std::string::npos);
  CHECK(brief("stores: [{host: a, deploy_dir: /d, data_dir: /d/x}]") == "");
  CHECK(brief("helpers: [{host: a, data_dir: '/d,/d/x'}]\nstores: [{host: b}]").starts_with("T013"));
}

TEST_CASE("one that is on each host has its port where it is brought, and perhaps elsewhere") {
  CHECK(brief("stores: [{host: a, peer_port: 7300}]") ==
        "T012 1:31 port 7300 is used twice on host a | give one of them another `peer_port`, or move it to another host");
  support::World world({stores, twins, flows, helpers, probes});
  world.read("stores: [{host: a}]\ntwins: [{host: a, port: 7300}, {host: b, port: 7300, deploy_dir: /t}]");
  CHECK(world.diagnostics.errors() == 0);
  CHECK(world.diagnostics.warnings() == 1);
  world.diagnostics = {};
  world.read("stores: [{host: a}]\ntwins: [{host: a, port: 7300}]\nprobes: {deploy_dir: /p}");
  CHECK(world.diagnostics.errors() == 1);
}

TEST_CASE("T022: what only a host can be") {
  CHECK(brief("stores: [{host: a, arch: amd64}]\ntwins: [{host: A, arch: arm64}]").find("T022 2:25 `arch` is arm64 here and amd64") !=
        std::string::npos);
  CHECK(brief("stores: [{host: a, arch: x86_64}]\ntwins: [{host: a}, {host: a, port: 1, deploy_dir: /z, arch: amd64}]") == "");
  CHECK(brief("stores: [{host: a, lonely: true}]\ntwins: [{host: a}]").find("T022 2:10 `lonely` is false here and true") !=
        std::string::npos);
}

TEST_CASE("T019: what another lab has") {
  support::World other({stores, twins, flows, helpers});
  other.read("global: {lab: other}\nstores: [{host: 10.0.0.1, manage_host: m, data_dir: /data/one}]");
  REQUIRE(other.complaints() == "");
  const auto against = [&](const std::string& text) {
    support::World world({stores, twins, flows, helpers});
    const auto& mine = world.read("global: {deploy_dir: /mine}\n" + text);
    REQUIRE(world.complaints() == "");
    check_other_lab(mine, other.topology, world.diagnostics);
    return world.brief();
  };
  CHECK(against("stores: [{host: b}]") == "");
  CHECK(against("stores: [{host: m, port: 1, peer_port: 2}]") == "");
  CHECK(against("stores: [{host: m, port: 7000, peer_port: 2}]") ==
        "T019 2:26 port 7000 on host m is taken by lab other | choose another `port`, or take that lab away with `tidelab down other`");
  CHECK(against("stores: [{host: M, port: 1, peer_port: 2, data_dir: /data/one/two}]")
            .starts_with("T019 2:53 directory /data/one/two on host M is taken by lab other, which has /data/one"));
  CHECK(against("stores: [{host: m, port: 1, peer_port: 2, data_dir: /data}]").starts_with("T019 2:53 directory /data "));
  CHECK(against("stores: [{host: m, port: 1, peer_port: 2, data_dir: /data/on}]") == "");
}
