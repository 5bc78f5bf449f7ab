// A playbook as values, and the whole text of each complaint.

#include "playbook/playbook.hpp"
#include "support/catch.hpp"
#include "support/written.hpp"

using namespace tidelab;
using namespace tidelab::playbook;

namespace {

std::string complaints(const std::string& text) {
  support::Written w(text, "p.yaml");
  (void)read_playbook(w.file, "p", w.diagnostics);
  return w.complaints();
}

std::string brief(const std::string& text) {
  support::Written w("component: c\ntitle: t\n" + text, "p.yaml");
  (void)read_playbook(w.file, "p", w.diagnostics);
  return w.brief();
}

}  // namespace

TEST_CASE("a playbook as it is read") {
  support::Written w(R"(section: things
component: thing
title: Thing
versions: ">=1 <3"
default_version: 1.2.3
version_of: others
address: ${host}:${port}
node: n
dir: d
log: l
needs: [a, b]
shares: c
hostless: true
params:
  port: {type: port, default: 9, help: h, versions: ">=2"}
  mode: {type: enum, values: [x, y], default: x}
  tags: {type: list, default: [p, q]}
  opts: {type: map, default: {k: v}}
  need: {type: text, required: true}
artifacts:
  - name: thing
    file: f-${version}
    sources:
      - {official: u, checksum_url: s, note: n}
      - {assembled: script, checksum: c}
  - {name: jre, of: jre, version: "${jre}", versions: {things: "<2"}}
rules:
  - {code: R900, requires: {section: others}, message: m, help: h, versions: "1"}
  - {code: R901, at_most: {value: p, limit: count s}, message: m}
install: {dir: {path: /p}}
start: [{service: {name: n, argv: [a], log: /l}}]
ready: []
remove: [{user: {name: n}}, {user: {name: m}}]
)",
                     "p.yaml");
  const auto p = read_playbook(w.file, "folder", w.diagnostics);
  REQUIRE(w.complaints() == "");
  CHECK(p.folder == "folder");
  CHECK(p.section.value + p.component.value + p.title.value == "thingsthingThing");
  CHECK(p.versions.value == ">=1 <3");
  CHECK(p.default_version.value == "1.2.3");
  CHECK(p.version_of.value == "others");
  CHECK(p.address.value + p.node.value + p.dir.value + p.log.value == "${host}:${port}ndl");
  CHECK(p.needs.size() == 2);
  CHECK(p.shares.size() == 1);
  CHECK(p.hostless);
  REQUIRE(p.params.size() == 5);
  CHECK(p.params[0].type == Type::port);
  CHECK(p.params[0].fallback.value == "9");
  CHECK(p.params[0].versions.size() == 1);
  CHECK(p.params[1].list.size() == 2);
  CHECK(p.params[1].fallback.value == "x");
  CHECK(p.params[2].list.size() == 2);
  CHECK(p.params[3].map.at(0).second.value == "v");
  CHECK(p.params[4].required);
  REQUIRE(p.artifacts.size() == 2);
  CHECK(p.artifacts[0].sources.at(0).kind.value == "official");
  CHECK(p.artifacts[0].sources.at(0).checksum_url.value == "s");
  CHECK(p.artifacts[0].sources.at(1).kind.value == "assembled");
  CHECK(p.artifacts[0].sources.at(1).checksum.value == "c");
  CHECK(p.artifacts[1].of.value == "jre");
  REQUIRE(p.rules.size() == 2);
  CHECK(p.rules[0].word.value == "requires");
  CHECK(p.rules[0].text("section") == "others");
  CHECK(p.rules[1].with.size() == 2);
  CHECK(p.install.size() + p.start.size() + p.ready.size() + p.remove.size() == 4);
}

TEST_CASE("P001: a key is missing") {
  CHECK(complaints("title: t\n") == "error[P001]: `component` is missing\n --> p.yaml:1:1\n  |\n1 | title: t\n  | ^^^^^\n\n1 error");
  CHECK(complaints("[a]") == "error[P001]: a playbook is a mapping\n --> p.yaml:1:1\n  |\n1 | [a]\n  | ^\n\n1 error");
  CHECK(brief("params: {p: {default: 1}}") == "P001 3:13 `type` is missing");
  CHECK(brief("artifacts: [{file: f}]") == "P001 3:13 `name` is missing");
  CHECK(brief("rules: [{requires: {section: s}}]") == "P001 3:9 `code` is missing\nP001 3:9 `message` is missing");
}

TEST_CASE("P002: an unknown type") {
  CHECK(complaints("component: c\ntitle: t\nparams:\n  p: {type: prot}\n") ==
        "error[P002]: there is no type `prot`\n --> p.yaml:4:13\n  |\n4 |   p: {type: prot}\n  |             ^^^^\n"
        "  = help: known are text, port, dir, dirs, path, host, int, bool, duration, size, secret, enum, list, map, any\n\n1 error");
}

TEST_CASE("P003: a bad range, wherever it stands") {
  CHECK(complaints("component: c\ntitle: t\nversions: 2.x\n") ==
        "error[P003]: `2.x` is not a range of versions\n --> p.yaml:3:11\n  |\n3 | versions: 2.x\n  |           ^^^\n"
        "  = help: for example `>=2.4 <4.0 || 5.0.3`\n\n1 error");
  const std::string said = " `2.x` is not a range of versions | for example `>=2.4 <4.0 || 5.0.3`";
  CHECK(brief("params: {p: {type: text, versions: 2.x}}") == "P003 3:36" + said);
  CHECK(brief("artifacts: [{name: a, versions: {s: 2.x}}]") == "P003 3:37" + said);
  // A section that is not there is a condition, the playbook's own would be one that never holds.
  CHECK(brief("params: {p: {type: text, versions: {s: none}}}") == "");
  CHECK(brief("params: {p: {type: text, versions: none}}").starts_with("P003 3:36"));
  CHECK(brief("install: [{versions: none, dir: {path: /p}}]").starts_with("P003 3:22"));
  // A step whose range cannot be read would be dropped in silence.
  CHECK(brief("install: [{versions: 2.x, dir: {path: /p}}]") == "P003 3:22" + said);
  CHECK(brief("remove: [{ensure: {look: {tcp: {address: h}}, act: [{versions: {s: 2.x}, user: {name: n}}]}}]") == "P003 3:68" + said);
}

TEST_CASE("a default for each range of versions is a param for each of them") {
  support::Written w("component: c\ntitle: t\nparams: {p: {type: text, default: {'<2': a, '>=2': 'b${port}'}}}\n", "p.yaml");
  const auto p = read_playbook(w.file, "p", w.diagnostics);
  CHECK(w.complaints() == "");
  REQUIRE(p.params.size() == 2);
  CHECK(p.params[0].name.value + p.params[1].name.value == "pp");
  CHECK(p.params[0].fallback.value == "a");
  CHECK(p.params[1].fallback.value == "b${port}");
  CHECK(p.params[1].versions.at(0).second.value == ">=2");
  CHECK(brief("params: {p: {type: text, default: {2.x: a}}}").starts_with("P003 3:36"));
}

TEST_CASE("versions that decide about a default or a text may be another section's") {
  support::Written w("component: c\ntitle: t\nparams: {p: {type: text, default: {of: s, '<2': a}}}\nlet: {l: {of: s, '<2': a, '>=2': b}}\n",
                     "p.yaml");
  const auto p = read_playbook(w.file, "p", w.diagnostics);
  CHECK(w.complaints() == "");
  REQUIRE(p.params.size() == 1);
  CHECK(p.params[0].versions.at(0).first.value == "s");
  CHECK(p.params[0].versions.at(0).second.value == "<2");
  CHECK(p.params[0].fallback.value == "a");
  REQUIRE(p.lets.size() == 2);
  CHECK(p.lets[1].versions.at(0).first.value == "s");
  CHECK(p.lets[1].fallback.value == "b");
  CHECK(brief("params: {p: {type: text, default: {of: s, 2.x: a}}}").starts_with("P003 3:43"));
  CHECK(brief("let: {l: {of: s, 2.x: a}}").starts_with("P003 3:18"));
}

TEST_CASE("P005: a source of no kind") {
  CHECK(brief("artifacts: [{name: a, sources: [{note: n}]}]") ==
        "P005 3:33 a source is one of official, tiup, index, maven, file, assembled");
}

TEST_CASE("P006: a param with a name that means something else") {
  CHECK(complaints("component: c\ntitle: t\nparams:\n  host: {type: text}\n") ==
        "error[P006]: `host` has a meaning of its own and cannot be a param\n --> p.yaml:4:3\n  |\n4 |   host: {type: text}\n  |   ^^^^\n"
        "  = help: give the param another name\n\n1 error");
}

TEST_CASE("other mistakes in a playbook") {
  CHECK(brief("instal: []").starts_with("Y012 3:1 `instal` is not a key of a playbook | did you mean `install`?"));
  CHECK(brief("install: [{dri: {path: /p}}]") == "S001 3:12 there is no word `dri` | did you mean `dir`?");
  CHECK(brief("hostless: maybe").starts_with("Y010 3:11"));
}

TEST_CASE("the library finds playbooks by section") {
  Library library;
  library.by_section["b"].section = {"b", {}};
  library.by_section["a"];
  CHECK(library.find("b") == &library.by_section["b"]);
  CHECK(library.find("c") == nullptr);
  CHECK(library.sections() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a param with all that it may say") {
  support::Written w(
      "component: c\ntitle: t\nprovisioned: false\non_hosts_of: [a, b]\nunless: f\nalso_components: [c-two]\nparams:\n"
      "  d: {type: dirs, default: x, inherits: true, in: e, own: \"d-1\", mutable: append}\n"
      "  a: {type: enum, values: [amd64], aliases: {x86_64: amd64}, equal_per_host: true, provisioned: false, harmless: [amd64]}\n"
      "  n: {type: port, least: -1, mutable: yes, pattern: '[0-9]+'}\n"
      "  p: {type: path, mutable: free}\n",
      "p.yaml");
  const auto made = read_playbook(w.file, "p", w.diagnostics);
  REQUIRE(w.complaints() == "");
  CHECK_FALSE(made.provisioned);
  CHECK(made.on_hosts_of.size() == 2);
  CHECK(made.unless.value == "f");
  CHECK(made.also_components.at(0).value == "c-two");
  const auto& d = made.params.at(0);
  CHECK(d.type == Type::dirs);
  CHECK(d.inherits);
  CHECK(d.in.value == "e");
  CHECK(d.own.value == "d-1");
  CHECK(d.mutability == Mutability::append);
  CHECK(d.provisioned);
  const auto& a = made.params.at(1);
  CHECK(a.aliases.at(0).second.value == "amd64");
  CHECK(a.harmless.at(0).value == "amd64");
  CHECK(a.equal_per_host);
  CHECK_FALSE(a.provisioned);
  CHECK(a.mutability == Mutability::no);
  CHECK(made.params.at(2).least == -1);
  CHECK(made.params.at(2).pattern.value == "[0-9]+");
  CHECK(made.params.at(3).mutability == Mutability::free);
  CHECK(std::string(name_of(Mutability::append)) == "append");
}

TEST_CASE("P002, P007: ways to change and patterns that do not exist") {
  CHECK(brief("params:\n  p: {type: text, mutable: maybe}") ==
        "P002 4:28 there is no way to be `mutable` `maybe` | known are no, yes, append, free");
  CHECK(brief("params:\n  p: {type: text, pattern: '['}").starts_with("P007 4:28 `[` is not a regular expression"));
}

TEST_CASE("what is common to topologies: names that playbooks must leave alone are defined here") {
  support::Written w("global:\n  user: {type: text, default: u}\ninstance:\n  host: {type: host, required: true}\n  config: {type: map}\n",
                     "c.yaml");
  const auto made = read_common(w.file, w.diagnostics);
  CHECK(w.complaints() == "");
  CHECK(made.global.at(0).fallback.value == "u");
  CHECK(made.instance.size() == 2);
}

TEST_CASE("P009: what is shown or opened comes from one question") {
  CHECK(brief("shows: [{title: t, ask: {tcp: {address: a}}}]") == "");
  CHECK(brief("shows: [{title: t}]") == "P001 3:9 `ask` is missing");
  CHECK(brief("shows: [{title: t, ask: {dir: {path: /p}}}]").starts_with("P009 3:25 `ask` is not one question"));
  CHECK(brief("shows: [{title: t, ask: [{tcp: {address: a}}, {tcp: {address: b}}]}]").starts_with("P009"));
  CHECK(brief("shows: [{title: t, ask: {tcp: {address: a}}, ages: {x: {at: /t, per_ms: 0}}}]").starts_with("P009 3:73"));
  CHECK(brief("opens: [{title: t, line: l, when: {exec: {argv: [a]}}}]").starts_with("P009"));
  CHECK(brief("opens: [{title: t, line: l, when: {sql: {address: a, user: u, statements: [s]}}}]") == "");
  CHECK(brief("opens: [{title: t}]") == "P001 3:9 `line` is missing");
}

TEST_CASE("P025: every version that is served has one way to be asked") {
  const auto told = [](const std::string& question) { return brief("versions: '>=1.0 <3'\nquestions: {q: " + question + "}"); };
  CHECK(told("{do: {tcp: {address: a}}}") == "");
  CHECK(told("{ways: [{versions: '<2', do: {tcp: {address: a}}}, {versions: '>=2', nothing: why}]}") == "");
  CHECK(told("{ways: [{versions: '<2', do: {tcp: {address: a}}}, {versions: '>2', nothing: why}]}") ==
        "P025 4:13 `q` has no way for version 2.0.0 | add one, or one with `nothing` and the reason");
  CHECK(told("{ways: [{versions: '<2.5', do: {tcp: {address: a}}}, {versions: '>=2', nothing: why}]}") ==
        "P025 4:13 `q` has more than one way for version 2.0.0 | let their `versions` not overlap");
  CHECK(told("{ways: [{versions: '>=1.0', do: {tcp: {address: a}}, nothing: why}]}").starts_with("P025 4:24 a way to ask is"));
  CHECK(told("{with: [a]}").starts_with("P025 4:16 a way to ask is"));
  CHECK(
      told(
          "{ways: [{versions: '<2', do: {tcp: {address: a}}, gives: {x: /x}}, {versions: '>=2', do: {tcp: {address: a}}, gives: {y: /y}}]}")
          .find(" this way gives other names than the one before") != std::string::npos);
  CHECK(told("{ways: [{versions: '<2', do: {tcp: {address: a}}, gives: {x: /x}}, {versions: '>=2', do: {tcp: {address: a}}, gives: {x: "
             "~}}]}") == "");
  // What depends on another section only a topology can tell.
  CHECK(told("{ways: [{versions: {s: none}, do: {tcp: {address: a}}}]}") == "");
}

TEST_CASE("P006: a text with a name that means something else") {
  CHECK(brief("let: {a: b, c: {'<2': d, '>=2': e}}") == "");
  CHECK(brief("let: {host: b}") == "P006 3:7 `host` has a meaning already | give it another name");
  CHECK(brief("params: {p: {type: text}}\nlet: {p: b}").starts_with("P006 4:7"));
  CHECK(brief("let: {a: {2.x: b}}").starts_with("P003 3:11"));
}

TEST_CASE("a fragment is read as if it stood in the playbook, which wins") {
  support::Written w("fragments: [both]\ncomponent: c\nparams: {a: {type: port}}\nknown_as: [x]\nlet: {b: mine}\n", "p.yaml");
  const source::File both{
      "both.yaml", "component: other\ntitle: t\nparams: {a: {type: text}, z: {type: text}}\nknown_as: [y]\nlet: {b: theirs, d: e}\n"};
  const auto p = read_playbook(w.file, "f", w.diagnostics, {{"both", &both}});
  CHECK(w.complaints() == "");
  CHECK(p.component.value == "c");
  CHECK(p.title.value == "t");
  REQUIRE(p.params.size() == 2);
  CHECK(p.params[0].type == Type::port);
  REQUIRE(p.known_as.size() == 2);
  CHECK(p.known_as[0].value == "y");
  REQUIRE(p.lets.size() == 2);
  CHECK(p.lets[0].fallback.value == "mine");
  CHECK(brief("fragments: [none]").starts_with("P023 3:13 there is no fragment `none`"));
}
