// Topologies as instances with values, and the complaints about those that are none.
#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

std::string read(const std::string& text, bool whole = false, const Asked& asked = {}) {
  support::World world({stores, twins, flows});
  world.read(text, asked);
  return whole ? world.complaints() : world.brief();
}

std::string store(const std::string& fields) { return read("stores: [{host: a, " + fields + "}]"); }

}  // namespace

TEST_CASE("defaults are derived, written values are kept") {
  support::World world({stores, twins, flows});
  const auto& t = world.read(
      "stores:\n  - host: a\n  - {host: b, port: 8000, fast: true, pause: 1m, mode: many, tags: [x], opts: {q: r}, password: p, ssh_port: "
      "2222}\nflows: [{name: f}]\n");
  REQUIRE(world.complaints() == "");
  REQUIRE(t.instances.size() == 3);
  CHECK(t.global.lab.value == "lab");
  CHECK(t.global.user.value == "lab");
  CHECK(t.global.ssh_type.value == "builtin");
  const auto value = [&](std::size_t i, const char* name) { return t.instances[i].values.at(name).text.value; };
  CHECK(value(0, "port") == "7000");
  CHECK(value(0, "deploy_dir") == "/home/lab/deploy/store-7000");
  CHECK(value(0, "data_dir") == "/home/lab/deploy/store-7000/data");
  CHECK(value(1, "data_dir") == "/home/lab/deploy/store-8000/data");
  CHECK(value(1, "name") == "s2");
  CHECK(value(1, "fast") == "true");
  CHECK(value(1, "pause") == "1m");
  CHECK(value(1, "mode") == "many");
  CHECK(t.instances[0].values.at("tags").list.at(0).value == "s1");
  CHECK(t.instances[1].values.at("tags").list.at(0).value == "x");
  CHECK(t.instances[0].values.at("opts").map.at(0).second.value == "7000");
  CHECK(t.instances[1].values.at("opts").map.at(0).first.value == "q");
  CHECK(t.instances[0].values.count("late_port") == 0);
  CHECK(t.instances[0].ssh_port == 0);
  CHECK(t.instances[1].ssh_port == 2222);
  CHECK(t.instances[0].version.value == "1.2.3");
  CHECK(t.instances[0].name() == "stores 1");
  CHECK(value(2, "to") == "a:7000,b:8000");
  CHECK_FALSE(t.instances[0].values.at("port").stated);
  CHECK(t.instances[1].values.at("port").stated);
}

TEST_CASE("params of a version are there for that version") {
  support::World world({stores, twins, flows});
  const auto& t = world.read("component_versions: {store: v2.0.0-rc}\nstores: [{host: a}]");
  REQUIRE(world.complaints() == "");
  CHECK(t.instances[0].values.at("late_port").text.value == "7002");
}

TEST_CASE("a processor: what is written, else what the host said, else amd64") {
  support::World world({stores});
  auto t = world.read("stores: [{host: a}, {host: b, arch: arm64}, {host: c}]");
  t.arch_found = {{"a", {"arm64"}}, {"b", {"amd64"}}};
  CHECK(t.arch_of(t.instances[0]) == "arm64");
  CHECK(t.arch_of(t.instances[1]) == "arm64");
  CHECK(t.arch_of(t.instances[2]) == "amd64");
}

TEST_CASE("what a host says of its processor is a value of `arch`, or nothing") {
  const support::World world({stores});
  const auto word = [&](const char* said) { return arch_word(world.library.common, said); };
  CHECK(word("aarch64") == "arm64");
  CHECK(word("x86_64") == "amd64");
  CHECK(word("amd64") == "amd64");
  for (const char* none : {"", "riscv64", "../../../evil", "aarch64 ", "amd64\n"}) CHECK(word(none) == "");
}

TEST_CASE("what a host says now goes before what was known of it, once, and what is written before both") {
  support::World world({stores});
  auto t = world.read("stores: [{host: a}, {host: b, arch: arm64}, {host: c}]");
  t.arch_found = {{"a", {"arm64"}}};
  CHECK_FALSE(t.learn_arch(t.instances[0], ""));
  CHECK_FALSE(t.learn_arch(t.instances[0], "arm64"));
  CHECK_FALSE(t.learn_arch(t.instances[0], "amd64"));  // it has spoken
  CHECK(t.arch_of(t.instances[0]) == "arm64");
  CHECK_FALSE(t.learn_arch(t.instances[1], "amd64"));
  CHECK(t.arch_of(t.instances[1]) == "arm64");
  CHECK(t.learn_arch(t.instances[2], "arm64"));
  CHECK(t.arch_of(t.instances[2]) == "arm64");
  t.arch_found = {{"a", {"arm64"}}};
  CHECK(t.learn_arch(t.instances[0], "amd64"));  // the host is another one now
  CHECK(t.arch_of(t.instances[0]) == "amd64");
}

TEST_CASE("settings: of the component first, then of the instance") {
  support::World world({stores, twins, flows});
  const auto& t = world.read("server_configs: {store: {a: {b: 1}}}\nstores: [{host: h, config: {a.b: 2}}]");
  REQUIRE(world.complaints() == "");
  REQUIRE(t.instances[0].config.size() == 2);
  CHECK(t.instances[0].config[0].values[0].value == "1");
  CHECK(t.instances[0].config[1].values[0].value == "2");
}

TEST_CASE("global values, and what the command line says instead") {
  support::World world({stores, twins, flows});
  const auto& t =
      world.read("global: {lab: x, user: root, deploy_dir: d, ssh_type: none, ssh_port: 23}\nstores: [{host: a}]", {"", "builtin"});
  REQUIRE(world.complaints() == "");
  CHECK(t.global.lab.value == "x");
  CHECK(t.global.deploy_dir.value == "/home/root/d");  // as TiUP has it
  CHECK(t.global.ssh_type.value == "builtin");
  CHECK(t.instances[0].ssh_port == 23);
}

TEST_CASE("a text of the topology is literal: `${` in it is not looked into") {
  support::World world({stores, twins, flows});
  const auto& t = world.read("stores: [{host: a, name: '${port}'}]");
  CHECK(world.complaints() == "");
  CHECK(t.instances[0].values.at("name").text.value == "${port}");
}

TEST_CASE("T001: what is not known") {
  CHECK(read("stroes:\n  - host: a\n", true) ==
        "error[T001]: there is no section `stroes`\n --> lab.yaml:1:1\n  |\n1 | stroes:\n  | ^^^^^^\n  = help: did you mean `stores`?\n\n1 "
        "error");
  CHECK(read("zzz: []\nstores: [{host: a}]") ==
        "T001 1:1 there is no section `zzz` | each playbook brings its section; `tidelab playbooks` lists them");
  CHECK(read("global: {usr: x}\nstores: [{host: a}]") == "T001 1:10 `usr` is not a key of `global` | did you mean `user`?");
  CHECK(read("component_versions: {stor: 1.0.0}\nstores: [{host: a}]") == "T001 1:22 there is no component `stor` | did you mean `store`?");
  CHECK(store("prot: 1") == "T001 1:20 `prot` is not a key of `stores` | did you mean `port`?");
  CHECK(read("flows: [{name: f, host: a}]") == "T001 1:19 `host` is not a key of `flows` | its own keys are name, to");
}

TEST_CASE("T002: what must be there") {
  CHECK(read("stores:\n  - port: 1\n", true) ==
        "error[T002]: stores 1 has no `host`\n --> lab.yaml:2:5\n  |\n2 |   - port: 1\n  |     ^^^^\n  = help: add `host: ADDRESS`\n\n1 "
        "error");
  CHECK(read("flows: [{to: x}]") == "T002 1:10 flows 1 has no `name` | add `name`: what it is called");
}

TEST_CASE("T003: not one of the words") {
  CHECK(store("mode: some") == "T003 1:26 `some` cannot be `mode` | one of one, many");
  CHECK(read("global: {ssh_type: telnet}\nstores: [{host: a}]") ==
        "T003 1:20 `telnet` cannot be `ssh_type` | one of builtin, none, system");
  CHECK(read("global: {ssh_type: system}\nstores: [{host: a}]").empty());
}

TEST_CASE("T004: not a host") {
  CHECK(read("stores: [{host: 'a b'}]") == "T004 1:17 `a b` is not a host | a name or an address, without blanks");
  CHECK(read("stores: [{host: 'a:22'}]") == "T004 1:17 `a:22` is not a host | write the address alone, and the port under its own key");
  for (const std::string bad : {"''", "'-oProxyCommand=x'", "'a;b'", "'$(x)'", "\"a\\nb\"", "'a/b'", "'ä'", "'user@a'"}) {
    CAPTURE(bad);
    CHECK(read("stores: [{host: " + bad + "}]").starts_with("T004"));
  }
  CHECK(read("stores: [{host: fe80::1}]") == "");
}

TEST_CASE("T005: understood and not honoured is a warning") {
  CHECK(store("numa_node: 1") == "T005 1:20 `numa_node` is accepted but has no effect in tidelab");
  CHECK(read("global: {group: g}\nstores: [{host: a}]", true) ==
        "warning[T005]: `group` is accepted but has no effect in tidelab\n --> lab.yaml:1:10\n  |\n1 | global: {group: g}\n  |         "
        " ^^^^^\n\n1 warning");
}

TEST_CASE("T014: directories that cannot be") {
  for (const std::string bad :
       {"/", "/etc", "/opt/", "/opt/x/..", "//", "/usr/./local", "/etc/store", "/dev/shm/x", "/usr/lib/x/y", "\"/x\\ny\"", "'/a,b'"}) {
    CAPTURE(bad);
    CHECK(store("data_dir: /fine, deploy_dir: " + bad).find("T014 1:") != std::string::npos);
  }
}

TEST_CASE("T016: versions") {
  CHECK(read("component_versions: {store: newest}\nstores: [{host: a}]") ==
        "T016 1:29 `newest` is not a version of store | for example 1.2.3");
  // One cause, one error, however many instances there are.
  CHECK(read("component_versions: {store: 9.0.0}\nstores: [{host: a}, {host: b}, {host: c}]") ==
        "T016 1:29 store 9.0.0 is not supported by its playbook | it serves >=1 <3");
}

TEST_CASE("T017: the name of a lab") {
  CHECK(read("global: {lab: 'a b'}\nstores: [{host: a}]") ==
        "T017 1:15 `a b` cannot be the name of a lab | letters, digits, `-` and `_`, at most 63, beginning with a letter or digit; write "
        "it as `global.lab`");
  for (const std::string bad : {"''", "../x", "-x", "a/b", "a.b"}) {
    CAPTURE(bad);
    CHECK(read("global: {lab: " + bad + "}\nstores: [{host: a}]").starts_with("T017"));
  }
  CHECK(read("stores: [{host: a}]", false, {"b/c", ""}).starts_with("T017 1:1"));
}

TEST_CASE("T018: nothing in it") {
  const std::string said = "error[T018]: the topology is empty\n --> lab.yaml:1:1\n";
  CHECK(read("", true).starts_with(said));
  CHECK(read("# nothing\n", true).starts_with(said));
  CHECK(read("global: {user: u}\n") == "T018 1:1 the topology has no instance | add at least one section; `tidelab playbooks` lists them");
  CHECK(read("stores: []\n") == "T018 1:1 the topology has no instance | add at least one section; `tidelab playbooks` lists them");
  CHECK(read("stores:\n") == "T018 1:1 the topology has no instance | add at least one section; `tidelab playbooks` lists them");
}

TEST_CASE("values of the wrong type") {
  CHECK(store("port: '7000'").starts_with("Y010 1:26"));
  CHECK(store("port: 70000").starts_with("Y011 1:26"));
  CHECK(store("port: 0").starts_with("Y011"));
  CHECK(store("port: -1").starts_with("Y011"));
  CHECK(store("port: 99999999999999999999").starts_with("Y01"));
  CHECK(store("fast: maybe").starts_with("Y010"));
  CHECK(store("fast: yes") == "");  // TiUP takes it where it wants a truth
  CHECK(store("pause: soon").starts_with("Y010"));
  CHECK(store("opts: [a]").starts_with("Y010"));
  CHECK(store("name: {a: b}").starts_with("Y010"));
  CHECK(read("stores: {host: a}").starts_with("Y010"));
  CHECK(read("stores: [a]").starts_with("Y010"));
  CHECK(read("[a, b]") == "Y010 1:1 expected a mapping for a topology, found a list");
  CHECK(read("just text") == "Y010 1:1 expected a mapping for a topology, found a text");
}

TEST_CASE("mistakes are told all at once, in their order") {
  CHECK(read("global: {usr: x}\nstores:\n  - {host: a, prot: 1}\n  - {port: many}\nzzz: []\n") ==
        "T001 1:10 `usr` is not a key of `global` | did you mean `user`?\n"
        "T001 3:15 `prot` is not a key of `stores` | did you mean `port`?\n"
        "T002 4:6 stores 2 has no `host` | add `host: ADDRESS`\n"
        "Y010 4:12 expected a number for `port`, found `many`\n"
        "T001 5:1 there is no section `zzz` | each playbook brings its section; `tidelab playbooks` lists them");
}

TEST_CASE("over ssh on this machine, too: a written way stays, unless it is none") {
  const auto type = [](const std::string& written, const Asked& asked) {
    support::World world({stores});
    return world.read("global: {ssh_type: " + written + "}\nstores: [{host: a}]\n", asked).global.ssh_type.value;
  };
  Asked over_ssh;
  over_ssh.over_ssh = true;
  CHECK(type("none", {}) == "none");
  CHECK(type("none", over_ssh) == "builtin");
  CHECK(type("system", over_ssh) == "system");
  over_ssh.force_type = "none";
  CHECK(type("system", over_ssh) == "none");
}

TEST_CASE("what a key is called elsewhere is told as the key that is meant, which is then not missing") {
  const std::string playbook =
      "section: shelves\ncomponent: shelf\ntitle: Shelf\nversions: \">=1\"\ndefault_version: 1.0.0\nnode: ${host}\n"
      "params: {id: {type: int, required: true, known_as: [shelf.id, shelfid]}}\n";
  support::World world({playbook});
  world.read("shelves:\n  - {host: a, shelf.id: 1}\n  - {host: b, shelfid: 2}\n  - {host: c, id: 3, colour: red}\n  - {host: d, id:4}\n");
  CHECK(world.brief() ==
        "T001 2:15 `shelf.id` is not a key of `shelves` | did you mean `id`?\n"
        "T001 3:15 `shelfid` is not a key of `shelves` | did you mean `id`?\n"
        "T001 4:22 `colour` is not a key of `shelves` | its own keys are host, id\n"
        "T001 5:15 `id:4` is not a key of `shelves` | put a space after the colon");
}
