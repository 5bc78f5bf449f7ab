// `${…}`: every function, quotes, brackets, and what is said about what cannot be.
#include "topology/scope.hpp"

#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

const char* const lab = R"(
global: {user: u, deploy_dir: /d, lab: l}
stores:
  - {host: h1, tags: [x, 'y"z']}
  - {host: fe80::1, port: 8000, deploy_dir: /two}
)";

struct Expanded {
  support::World world{{stores, twins, flows}};
  const Topology& topology = world.read(lab);
  Scope scope;

  explicit Expanded(std::size_t self = 0) : scope(topology, &topology.instances.at(self), world.diagnostics) {
    REQUIRE(world.complaints() == "");
  }
  std::string operator()(const std::string& text) { return scope.expand({text, {}}); }
};

std::string expand(const std::string& text, std::size_t self = 0) {
  Expanded e(self);
  const auto out = e(text);
  CHECK(e.world.complaints() == "");
  return out;
}

std::string refused(const std::string& text) {
  Expanded e;
  (void)e(text);
  return e.world.brief();
}

}  // namespace

TEST_CASE("names of values") {
  CHECK(expand("${host}:${port}") == "h1:7000");
  CHECK(expand("${version} ${ordinal} ${section}", 1) == "1.2.3 2 stores");
  CHECK(expand("${lab} ${user} ${global.deploy_dir}") == "l u /d");
  CHECK(expand("${tags}") == "x,y\"z");
  CHECK(expand("${data_dir}") == "/d/store-7000/data");
  CHECK(expand("") == "");
}

TEST_CASE("an address alone is not put in brackets, one in a format is") {
  CHECK(expand("${host}", 1) == "fe80::1");
  CHECK(expand("${join stores \"{host}:{port}\" \",\"}") == "h1:7000,[fe80::1]:8000");
}

TEST_CASE("functions over a section") {
  CHECK(expand("${join stores \"{id}={host}\" \";\"}") == "1=h1;2=[fe80::1]");
  CHECK(expand("${join stores \"{id}\"}") == "1,2");
  CHECK(expand("${join stores \"{id}\" \"\\n\"}") == "1\n2");
  CHECK(expand("${join stores \"\" \"-\"}") == "-");
  CHECK(expand("${join twins \"{host}\" \",\"}") == "");
  CHECK(expand("${first stores \"{host}\"}", 1) == "h1");
  CHECK(expand("${others stores \"{host}\" \",\"}") == "[fe80::1]");
  CHECK(expand("${others stores \"{host}\" \",\"}", 1) == "h1");
  CHECK(expand("${count stores} ${count twins}") == "2 0");
  CHECK(expand("${count stores at_most 1} ${count stores at_most 2} ${count twins at_most 3}") == "1 2 0");
  CHECK(expand("${  join   stores   \"{id}\"   \"+\"  }") == "1+2");
}

TEST_CASE("a format may hold braces and text around the function") {
  CHECK(expand("a${join stores \"{id}}\" \"{\"}b") == "a1}{2}b");
  CHECK(expand("${join stores \"x{id\" \",\"}") == "x{id,x{id");
}

TEST_CASE("json and digest") {
  CHECK(expand("${json tags}") == R"(["x","y\"z"])");
  CHECK(expand("${json host}") == "\"h1\"");
  CHECK(expand("${digest host}").size() == 12);
  CHECK(expand("${digest host}") == short_digest("h1"));
  CHECK(short_digest("a") != short_digest("b"));
}

TEST_CASE("without its members, a text in which any of them will do stays as it is when the group changes") {
  Expanded e;
  const auto without = [&](const std::string& text) { return e.scope.without_members().expand({text, {}}); };
  CHECK(expand("a ${any stores \"{id}\"}") == "a 1,2");
  CHECK(without("a ${any stores \"{id}\"} ${port}") == "a any stores 7000");
  CHECK(without("${join stores \"{id}\"} ${first stores \"{id}\"}") == "1,2 1");  // where it counts who they are
}

TEST_CASE("a digest of a default does not count who is in a list of any of them, and one of what somebody wrote does") {
  const char* const ways =
      "section: ways\ncomponent: way\ntitle: Way\nhostless: true\nparams:\n"
      "  name: {type: text, required: true}\n  to: {type: text, default: \"${any ends \\\"{host}\\\"} ${name}\"}\n"
      "  made: {type: text, default: \"${digest to}\"}\n";
  const char* const ends =
      "section: ends\ncomponent: end\ntitle: End\ndefault_version: 1.0.0\nparams: {port: {type: port, default: 7000}}\n";
  const auto made = [&](const std::string& text) {
    support::World world({ways, ends});
    world.read(text);
    CHECK(world.complaints() == "");
    return world.topology.first("ways")->find("made")->text.value;
  };
  const auto one = made("ends: [{host: a}]\nways: [{name: w}]\n");
  CHECK(one == made("ends: [{host: a}, {host: b}]\nways: [{name: w}]\n"));
  CHECK(one != made("ends: [{host: a}]\nways: [{name: v}]\n"));
  CHECK(made("ends: [{host: a}]\nways: [{name: w, to: a}]\n") == short_digest("a"));
  CHECK(made("ends: [{host: a}]\nways: [{name: w, to: a w}]\n") == short_digest("a w"));
}

TEST_CASE("literal dollars") {
  CHECK(expand("$${host}") == "${host}");
  CHECK(expand("$$${host}") == "$${host}");  // the last two dollars are the literal
  CHECK(expand("$ $HOME $$ 5$") == "$ $HOME $$ 5$");
  CHECK(expand("{host} }{") == "{host} }{");
  CHECK(expand("$${a${port}") == "${a7000");
}

TEST_CASE("names of its own come first") {
  Expanded e;
  e.scope.set("token", "t");
  e.scope.set("host", "mine");
  CHECK(e("${token} ${host} ${digest token}") == "t mine " + short_digest("t"));
}

TEST_CASE("lists and maps that are passed whole") {
  Expanded e;
  const auto whole = [&](const std::string& text) { return e.scope.whole_value({text, {}}); };
  REQUIRE(whole("${tags}") != nullptr);
  CHECK(whole("${tags}")->list.size() == 2);
  REQUIRE(whole("${opts}") != nullptr);
  CHECK(whole("${opts}")->map.at(0).second.value == "7000");
  CHECK(whole("${host}") == nullptr);
  CHECK(whole("${port}") == nullptr);
  CHECK(whole("x${tags}") == nullptr);
  CHECK(whole("$") == nullptr);
  CHECK(whole("${") == nullptr);
}

TEST_CASE("T030: what is not known, with the nearest name") {
  CHECK(refused("${hots}") == "T030 0:0 `${hots}` is not known here | did you mean `${host}`?");
  CHECK(refused("${prot}").ends_with("did you mean `${port}`?"));
  CHECK(refused("${}") == "T030 0:0 `${}` is not known here");
  CHECK(refused("${json nothing}").starts_with("T030"));
  CHECK(refused("${join stores \"{hots}\" \",\"}") == "T030 0:0 `hots` of `stores` is not known");
}

TEST_CASE("T031: the first of none") {
  CHECK(refused("${first twins \"{host}\"}") ==
        "T031 0:0 this needs at least one of `twins`, and the topology has none | add a `twins` section");
}

TEST_CASE("T032: broken text") {
  CHECK(refused("a ${host") == "T032 0:0 `${` is not closed | write `$${` for a literal `${`");
  CHECK(refused("${join stores}") ==
        "T032 0:0 `join` takes a section and a quoted format | for example ${join SECTION \"{host}:{port}\" \",\"}");
  CHECK(refused("${join stores {host}}").starts_with("T032"));
  CHECK(refused("${join stores \"{host}}").starts_with("T032"));
}

TEST_CASE("T033: a default that depends on itself") {
  support::World world(
      {"section: rings\ncomponent: ring\ntitle: Ring\nparams:\n  a: {type: text, default: \"${b}\"}\n  b: {type: text, default: "
       "\"${a}\"}\n"});
  world.read("rings: [{host: h}]");
  CHECK(world.complaints() ==
        "error[T033]: the default of `a` depends on itself\n --> playbook.yaml:5:28\n  |\n5 |   a: {type: text, default: \"${b}\"}\n"
        "  |                            ^^^^^^\n\n1 error");
}

namespace {

const char* const files = R"(
section: files
component: file
title: File
default_version: 1.0.0
params: {size: {type: text, default: 7m}}
install:
  - config:
      path: /f
      format: toml
      set: [{log.level: "a ${size}", round: "${config[trip]}", trip: "${config[round]}"}, {versions: ">=2", set: {new: yes}}]
)";

std::string of_file(const std::string& text, const std::string& config = "") {
  support::World world{{files}};
  const auto& topology = world.read("server_configs: {file: {shared: 1, both: [1, 2]}}\nfiles: [{host: h" + config + "}]\n");
  REQUIRE(world.complaints() == "");
  const auto out = Scope(topology, &topology.instances.at(0), world.diagnostics).expand({text, {}});
  return out + world.brief().substr(0, 4);
}

}  // namespace

TEST_CASE("settings of the configuration file: the topology's, the playbook's, or what is said in their place") {
  CHECK(of_file("${config[shared] or 5}") == "1");
  CHECK(of_file("${config[both]}") == "1,2");
  CHECK(of_file("${config[none] or a b}!") == "a b!");
  CHECK(of_file("${config[none]}") == "");
  CHECK(of_file("${config[log.level] or x}") == "a 7m");
  CHECK(of_file("${config[log.level]}", ", config: {log: {level: '${size}'}}") == "${size}");  // literal, as in the file
  CHECK(of_file("${config[new] or old}") == "old");
}

TEST_CASE("settings that cannot be looked up") {
  CHECK(of_file("${config[round]}") == "T033");
  for (const auto* bad : {"${config[}", "${config[] or x}", "${config[a] x}", "${config[a]x}"}) CHECK(of_file(bad) == "T032");
}
