// One run tells every mistake: what is sound beside a mistake is still checked, and what hangs on it is not told again.
#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

std::string brief(const std::string& text, const Asked& asked = {}) {
  support::World world({stores, twins, flows, helpers, probes});
  world.read(text, asked);
  return world.brief();
}

}  // namespace

TEST_CASE("conflicts and rules are told beside mistakes of reading") {
  CHECK(brief("stores:\n  - {host: a, fast: maybe, copies: 9}\n  - {host: a, peer_port: 7100, deploy_dir: /x}\n") ==
        "Y010 2:21 expected `true` or `false` for `fast`, found `maybe`\n"
        "R905 2:36 9 copies of 2\n"
        "T012 3:6 port 7000 is used twice on host a | give one of them another `port`, or move it to another host");
}

TEST_CASE("what derives from a wrong value is silent") {
  // deploy_dir, data_dir and tags hang on the port; both would be in each other's way.
  CHECK(brief("stores:\n  - {host: a, port: x}\n  - {host: a, port: y, peer_port: 7009}\n") ==
        "Y010 2:21 expected a number for `port`, found `x`\nY010 3:21 expected a number for `port`, found `y`");
  CHECK(brief("stores:\n  - {host: 'a b'}\n  - {host: 'a b'}\n") ==
        "T004 2:12 `a b` is not a host | a name or an address, without blanks\n"
        "T004 3:12 `a b` is not a host | a name or an address, without blanks");
}

TEST_CASE("a misspelled key is neither missing nor at its default") {
  CHECK(brief("stores: [{hots: a}]") == "T001 1:11 `hots` is not a key of `stores` | did you mean `host`?");
  CHECK(brief("stores: [{host: a, prot: 7001}]") == "T001 1:20 `prot` is not a key of `stores` | did you mean `port`?");
}

TEST_CASE("a misspelled section is read as the one that it must mean") {
  CHECK(brief("component_versions: {store: 2.5.0}\nstores: [{host: a}]\ntwinns: [{host: b, port: x}]") ==
        "T001 3:1 there is no section `twinns` | did you mean `twins`?\nY010 3:26 expected a number for `port`, found `x`");
}

TEST_CASE("a section that cannot be read is not called missing") {
  CHECK(brief("component_versions: {store: 2.5.0}\nstores: [{host: a}]\ntwins: {host: b}").starts_with("Y010 3:8"));
  CHECK(brief("component_versions: {store: 2.5.0}\nstores: [{host: a}]\ntwins: {host: b}").find("R901") == std::string::npos);
}

TEST_CASE("an unusable version is told once, and nothing that hangs on it") {
  CHECK(brief("component_versions: {store: 9.0.0}\nstores: [{host: a, late_port: 7000, jre: 17}]") ==
        "T016 1:29 store 9.0.0 is not supported by its playbook | it serves >=1 <3\n"
        "T012 2:31 port 7000 is used twice on host a | give one of them another `late_port`, or move it to another host");
}

TEST_CASE("T006: written for a version that does not know it") {
  CHECK(brief("stores: [{host: a, late_port: 7009}, {host: b, late_port: 7009}]") ==
        "T006 1:31 store 1.2.3 does not know `late_port` | it is ignored; versions >=2 know it, so remove the key or use one of those");
  CHECK(brief("stores: [{host: a, late_port: 7000}]").starts_with("T006"));  // and claims no port
}

TEST_CASE("T005 is told once for each key") {
  support::World world({stores, twins, flows});
  world.read("stores: [{host: a, numa_node: 0}, {host: b, numa_node: 1}]");
  CHECK(world.complaints().find("and 1 more of it") != std::string::npos);
  CHECK(world.diagnostics.warnings() == 1);
  CHECK(brief("stores: [{host: a, arch: X86_64}]") == "");  // nothing is asked for
  CHECK(brief("stores: [{host: a, arch: arm64}]").starts_with("T005"));
}

TEST_CASE("T007: a text must be spelled as its pattern says") {
  CHECK(brief("global: {user: Root}\nstores: [{host: a}]") == "T007 1:16 `Root` cannot be `user` | it must match [a-z_][a-z0-9_-]{0,31}");
}

TEST_CASE("settings with lists of mappings are warned about and dropped") {
  CHECK(brief("stores: [{host: a, config: {x: [{y: 1}]}}]") ==
        "T008 1:33 a list of lists or mappings, which this component's configuration file cannot hold, is left out");
  CHECK(brief("stores: [{host: a, config: {x: {y: 1}, x.y: 2}}]").starts_with("S007"));
  CHECK(brief("helpers: [{host: a, config: {x: [{y: 1}]}}]\nstores: [{host: b}]") == "");
}

TEST_CASE("nothing is written where a key has no value") {
  support::World world({stores, twins, flows});
  const auto& t = world.read("stores: [{host: a, port: , data_dir: '', config: }]");
  REQUIRE(world.complaints() == "");
  CHECK(t.instances.at(0).find("port")->text.value == "7000");
}

TEST_CASE("anchors, aliases and merge keys stand for what they name, and are pointed at") {
  CHECK(
      brief(
          "global:\n  custom: &base {fast: true, port: 7005}\nstores:\n  - {<<: *base, host: a}\n  - {<<: *base, host: b, port: 7006}\n") ==
      "");
  CHECK(brief("stores:\n  - &one {host: a, port: 70000}\n  - {<<: *one, host: b, port: 7000}\n").starts_with("Y011 2:26"));
  CHECK(brief("global:\n  custom: &bad {prot: 1}\nstores:\n  - {<<: *bad, host: a}\n").starts_with("T001 2:17 `prot`"));
}

TEST_CASE("versions: the command line for a component, the file, the command line for its family, the playbook") {
  const auto version = [](const std::string& text, const std::map<std::string, std::string>& asked) {
    support::World world({stores, twins, flows, helpers});
    const auto& t = world.read(text + "\nstores: [{host: a}]\ntwins: [{host: b}]", {"", "", asked});
    CHECK(world.complaints() == "");
    return t.first("stores")->version.value + " " + t.first("twins")->version.value;
  };
  CHECK(version("", {}) == "1.2.3 1.0.0");
  CHECK(version("", {{"store", "2.1.0"}}) == "2.1.0 2.1.0");  // a twin follows the store
  CHECK(version("component_versions: {twin: 1.1.0}", {{"store", "2.1.0"}}) == "2.1.0 1.1.0");
  CHECK(version("component_versions: {twin: 1.1.0}", {{"store", "2.1.0"}, {"twin", "1.2.0"}}) == "2.1.0 1.2.0");
  CHECK(version("component_versions: {store: 2.2.0}", {}) == "2.2.0 1.0.0");
  CHECK(brief("stores: [{host: a}]", {"", "", {{"stroe", "2.1.0"}}}).find("`--version-of` names `stroe`") != std::string::npos);
}
