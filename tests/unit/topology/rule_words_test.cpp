// Each rule word, broken and kept: with versions that have suffixes, sections that are not there, values that are empty.
#include "topology/rule_words.hpp"

#include "topology/rules.hpp"
#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

const char* const others = R"(
section: others
component: other
title: Other
versions: ">=1"
default_version: v1.5.0-alpha
address: ${host}:${port}
params:
  port: {type: port, default: 7100}
  size: {type: int, default: 10}
  place: {type: text, default: /box}
  jre: {type: text, default: 11.0.13}
install: [{config: {path: /o, format: properties, set: {limit: "100"}}}]
)";

// A playbook with one rule.
std::string boxes(const std::string& rule) {
  return R"(
section: boxes
component: box
title: Box
versions: ">=1 <9"
default_version: 2.1.0
params:
  port: {type: port, default: 7000}
  id: {type: int, default: "${ordinal}"}
  name: {type: text, default: ""}
  place: {type: text, default: /box}
  jre: {type: text, default: 11.0.13}
  tags: {type: list, default: []}
  opts: {type: map, default: {size: "5"}}
  uri: {type: text, default: "x://h:1/t?size=7&empty=&last=z"}
  late: {type: text, default: there, versions: ">=3"}
install:
  - {config: {path: /c, format: properties, set: {id: "${id}", addr: "P://${host}:${port}", fixed: "true"}}}
  - {versions: "<1", config: {path: /d, format: properties, set: {never: "1"}}}
rules:
  - {code: R900, message: "v=${value} o=${other}", )" +
         rule + "}\n";
}

std::string ask(const std::string& rule, const std::string& text) {
  support::World world({boxes(rule), others});
  // `${value}` and `${other}` are there only where the word gives them; rules say so in their own messages.
  world.read(text);
  return world.brief();
}

// A rule whose message names nothing.
std::string plain(const std::string& rule, const std::string& text) {
  auto playbook = boxes(rule);
  const std::string message = "v=${value} o=${other}";
  playbook.replace(playbook.find(message), message.size(), "broken");
  support::World world({playbook, others});
  world.read(text);
  return world.brief();
}

std::string valued(const std::string& rule, const std::string& text) {
  auto playbook = boxes(rule);
  playbook.replace(playbook.find(" o=${other}"), 11, "");
  support::World world({playbook, others});
  world.read(text);
  return world.brief();
}

}  // namespace

TEST_CASE("each word of the playbooks' list has its function, and the other way round") {
  for (const auto& word : playbook::rule_words()) {
    CAPTURE(word.name);
    CHECK(find_word(word.name) != nullptr);
  }
  for (const auto* rows : {&words_about_values(), &words_about_addresses(), &words_about_listeners(), &words_about_machines()})
    for (const auto& row : *rows) {
      CAPTURE(row.name);
      CHECK(playbook::find_rule_word(row.name) != nullptr);
    }
  CHECK(find_word("zzz") == nullptr);
}

TEST_CASE("requires and forbids") {
  CHECK(plain("requires: {section: others}", "boxes: [{host: a}, {host: b}]") == "R900 1:10 broken");  // once, whatever their number
  CHECK(plain("requires: {section: others}", "boxes: [{host: a}]\nothers: [{host: a}]") == "");
  CHECK(plain("requires: {section: others, unless: 'config[alone]'}", "boxes: [{host: a, config: {alone: yes}}]") == "");
  CHECK(plain("requires: {section: others, unless: 'config[fixed]'}", "boxes: [{host: a}]") ==
        "R900 1:10 broken");  // not written by the user
  CHECK(plain("forbids: {section: others}", "boxes: [{host: a}]\nothers: [{host: a}]") == "R900 1:10 broken");
  CHECK(plain("forbids: {section: others}", "boxes: [{host: a}]") == "");
}

TEST_CASE("odd") {
  CHECK(valued("odd: {section: boxes}", "boxes: [{host: a}, {host: b}]") == "R900 1:10 v=2");
  CHECK(valued("odd: {section: boxes}", "boxes: [{host: a}]") == "");
  CHECK(valued("odd: {section: boxes}", "boxes: [{host: a}, {host: b}, {host: c}]") == "");
  CHECK(valued("odd: {section: others}", "boxes: [{host: a}]") == "");  // that there is none is another matter
}

TEST_CASE("unique points at both") {
  support::World world({boxes("unique: {value: id}, help: h"), others});
  world.read("boxes:\n  - host: a\n    id: 3\n  - host: b\n    id: 3\n");
  CHECK(world.complaints().find("lab.yaml:5:9") != std::string::npos);
  CHECK(world.complaints().find(" ::: lab.yaml:3:9\n  |\n3 |     id: 3\n  |         - boxes 1 has it first") != std::string::npos);
  CHECK(valued("unique: {value: id}", "boxes: [{host: a}, {host: b, id: 1}, {host: c, id: 1}]") == "R900 1:34 v=1\nR900 1:52 v=1");
  CHECK(valued("unique: {value: id}", "boxes: [{host: a}, {host: b}]") == "");
  CHECK(valued("unique: {value: name}", "boxes: [{host: a}, {host: b}]") == "");     // empty values are none
  CHECK(valued("unique: {value: tags}", "boxes: [{host: a, tags: [x, x]}]") == "");  // of one instance
  CHECK(valued("unique: {value: 'config[id]'}", "boxes: [{host: a, config: {id: 2}}, {host: b}]") == "R900 1:38 v=2");
  const std::string beside = "boxes: [{host: a, place: /b}, {host: b}]\nothers: [{host: c}]";  // whose place is /box, too
  CHECK(valued("unique: {value: place, also: others}", beside) == "R900 2:11 v=/box");
  CHECK(valued("unique: {value: place, also: others}", "boxes: [{host: a, place: /b}]\nothers: [{host: c}]") == "");
  CHECK(valued("unique: {value: place}", beside) == "");
}

TEST_CASE("absent: what is written, not what is derived") {
  CHECK(valued("absent: {value: late}", "boxes: [{host: a, late: x}]") == "R900 1:25 v=x");
  CHECK(valued("absent: {value: late}", "component_versions: {box: 3.0}\nboxes: [{host: a}]") == "");
  CHECK(valued("absent: {value: 'config[fixed]'}", "boxes: [{host: a}]") == "");
  CHECK(valued("absent: {value: 'config[fixed]'}", "server_configs: {box: {fixed: 1}}\nboxes: [{host: a}]") == "R900 1:31 v=1");
}

TEST_CASE("same") {
  CHECK(ask("same: {value: 'config[id]', as: id}", "boxes: [{host: a, config: {id: 9}}]") == "R900 1:32 v=9 o=1");
  CHECK(ask("same: {value: 'config[id]', as: id}", "boxes: [{host: a, id: 9, config: {id: 9}}]") == "");
  CHECK(ask("same: {value: 'config[id]', as: id}", "boxes: [{host: a, id: 9}]") == "");
  CHECK(ask("same: {value: 'config[none]', as: id}", "boxes: [{host: a}]") == "");
  CHECK(ask("same: {value: 'config[id]', as: id}", "boxes: [{host: a, config: {id: ''}}]") == "");
}

TEST_CASE("agrees, where two stand at one place") {
  const std::string rule = "agrees: {value: jre, section: others, where: place}";
  CHECK(ask(rule, "boxes: [{host: a, jre: 8}]\nothers: [{host: a}]") == "R900 1:24 v=8 o=11.0.13");
  CHECK(ask(rule, "boxes: [{host: a}]\nothers: [{host: a, jre: 8}]") == "R900 2:25 v=11.0.13 o=8");  // the one that is written
  CHECK(ask(rule, "boxes: [{host: a, jre: 8}]\nothers: [{host: b}]") == "");
  CHECK(ask(rule, "boxes: [{host: a, jre: 8, place: /x}]\nothers: [{host: a}]") == "");
  CHECK(ask(rule, "boxes: [{host: a, jre: 8}]") == "");
  CHECK(ask(rule, "boxes: [{host: localhost, jre: 8}]\nothers: [{host: 127.0.0.1}]").starts_with("R900"));
}

TEST_CASE("at_most and at_least: sizes and times, whatever their units") {
  CHECK(ask("at_least: {value: 'opts[cache]', limit: 256MB}", "boxes: [{host: a, opts: {cache: 128MiB}}]").starts_with("R900"));
  CHECK(ask("at_least: {value: 'opts[cache]', limit: 256MB}", "boxes: [{host: a, opts: {cache: 1g}}]") == "");
  CHECK(ask("at_least: {value: 'opts[cache]', limit: 256MB}", "boxes: [{host: a, opts: {cache: much}}]") == "");
  CHECK(ask("at_least: {value: 'opts[cache]', limit: 256MB, unless: 'opts[limit]'}", "boxes: [{host: a, opts: {cache: 1m, limit: 1g}}]") ==
        "");
  CHECK(ask("at_most: {value: 'opts[stop]', limit: 50s}", "boxes: [{host: a, opts: {stop: 1m}}]").starts_with("R900"));
  CHECK(ask("at_most: {value: 'opts[stop]', limit: 50s}", "boxes: [{host: a, opts: {stop: 900ms}}]") == "");
}

TEST_CASE("at_most and at_least") {
  CHECK(ask("at_most: {value: id, limit: 3}", "boxes: [{host: a, id: 4}]") == "R900 1:23 v=4 o=3");
  CHECK(ask("at_most: {value: id, limit: 3}", "boxes: [{host: a, id: 3}]") == "");
  CHECK(ask("at_least: {value: id, limit: 3}", "boxes: [{host: a, id: 2}]") == "R900 1:23 v=2 o=3");
  CHECK(ask("at_most: {value: id, limit: count others}", "boxes: [{host: a, id: 2}]\nothers: [{host: a}]") == "R900 1:23 v=2 o=1");
  CHECK(ask("at_most: {value: id, limit: 2 times count others}", "boxes: [{host: a, id: 3}]\nothers: [{host: a}]") == "R900 1:23 v=3 o=2");
  CHECK(ask("at_most: {value: id, limit: 2 times count others}", "boxes: [{host: a, id: 2}]\nothers: [{host: a}]") == "");
  CHECK(ask("at_most: {value: id, limit: count others}", "boxes: [{host: a, id: 2}]") == "");  // none: told as such
  CHECK(ask("at_most: {value: id, limit: others.size}", "boxes: [{host: a, id: 20}]\nothers: [{host: a}, {host: b, size: 30}]") ==
        "R900 1:23 v=20 o=10");
  CHECK(ask("at_most: {value: 'uri?size', limit: 'opts[size]'}", "boxes: [{host: a}]") == "R900 1:10 v=7 o=5");
  CHECK(ask("at_most: {value: 'uri?none or 6', limit: 'opts[size]'}", "boxes: [{host: a}]").starts_with("R900"));
  CHECK(ask("at_most: {value: 'uri?size', limit: 'opts[none] or others.config[limit]'}",
            "boxes: [{host: a}]\nothers: [{host: a, config: {limit: 6}}]") == "R900 2:36 v=7 o=6");
  CHECK(ask("at_most: {value: name, limit: others.version}", "boxes: [{host: a, name: 1.6.0}]\nothers: [{host: a}]") ==
        "R900 1:25 v=1.6.0 o=v1.5.0-alpha");
  CHECK(ask("at_most: {value: name, limit: 3}", "boxes: [{host: a, name: many}]") == "");  // no number: not for this word
  CHECK(ask("at_most: {value: name, limit: 3}", "boxes: [{host: a, name: 9999999999999999999999}]") == "");
  CHECK(ask("at_most: {value: name, limit: 3}", "boxes: [{host: a, name: -1}]") == "");
}

TEST_CASE("range") {
  CHECK(valued("range: {value: jre, range: '8 || 11'}", "boxes: [{host: a, jre: 17.0.9}]") == "R900 1:24 v=17.0.9");
  CHECK(valued("range: {value: jre, range: '8 || 11'}", "boxes: [{host: a, jre: 11.0.13+8}]") == "");
  CHECK(valued("range: {value: jre, range: '8 || 11'}", "boxes: [{host: a, jre: 8}]") == "");
  CHECK(valued("range: {value: jre, range: '*'}", "boxes: [{host: a, jre: newest}]") == "R900 1:24 v=newest");
  CHECK(valued("range: {value: name, range: '1'}", "boxes: [{host: a}]") == "");
}

TEST_CASE("version_of and same_line") {
  const std::string two = "boxes: [{host: a}]\nothers: [{host: a}]";
  CHECK(ask("version_of: {section: others, range: '>=2'}", "component_versions: {box: 2.1.1}\n" + two) ==
        "R900 1:27 v=2.1.1 o=v1.5.0-alpha");
  CHECK(ask("version_of: {section: others, range: '>=2'}", "component_versions: {other: 1.0}\n" + two) == "R900 1:29 v=2.1.0 o=1.0");
  CHECK(ask("version_of: {section: others, range: '>=1.5 <2'}", two) == "");  // the suffix does not count
  CHECK(ask("version_of: {section: others, range: '>=2'}", "boxes: [{host: a}]") == "");
  CHECK(ask("same_line: {section: others, parts: 1}", two) == "R900 1:10 v=2.1.0 o=v1.5.0-alpha");
  CHECK(ask("same_line: {section: others, parts: 1}", "component_versions: {other: v2.7.0-rc}\n" + two) == "");
  CHECK(ask("same_line: {section: others, parts: 2}", "component_versions: {other: v2.7.0-rc}\n" + two).starts_with("R900"));
  CHECK(ask("same_line: {section: others, parts: 1}", "boxes: [{host: a}]") == "");
}

TEST_CASE("one_of, like, unlike") {
  CHECK(valued("one_of: {value: 'uri?last', words: [x, y]}", "boxes: [{host: a}]") == "R900 1:10 v=z");
  CHECK(valued("one_of: {value: 'uri?last', words: [x, z]}", "boxes: [{host: a}]") == "");
  CHECK(valued("one_of: {value: 'uri?empty', words: [x]}", "boxes: [{host: a}]") == "");
  CHECK(valued("one_of: {value: name, words: ['${place}']}", "boxes: [{host: a, name: /box}]") == "");
  CHECK(valued("like: {value: name, patterns: ['*-${line}', '?']}", "boxes: [{host: a, name: x-2.0}]") == "R900 1:25 v=x-2.0");
  CHECK(valued("like: {value: name, patterns: ['*-${line}', '?']}", "boxes: [{host: a, name: x-2.1}, {host: b, name: x}, {host: c}]") ==
        "");
  CHECK(valued("like: {value: tags, patterns: ['*.*']}", "boxes: [{host: a, tags: [a.b, c]}]") == "R900 1:31 v=c");
  CHECK(valued("unlike: {value: name, patterns: ['*_2.12:*']}", "boxes: [{host: a, name: 'k_2.12:1'}]") == "R900 1:25 v=k_2.12:1");
  CHECK(valued("unlike: {value: name, patterns: ['*_2.12:*']}", "boxes: [{host: a, name: 'k_2.11:1'}, {host: b}]") == "");
}

TEST_CASE("table filters") {
  CHECK(valued("not_matched: {text: '${name}', filter: tags}", "boxes: [{host: a, name: t.x, tags: ['t.*']}]") == "R900 1:25 v=t.x");
  CHECK(valued("not_matched: {text: '${name}', filter: tags}", "boxes: [{host: a, name: t.x, tags: ['t.*', '!t.x']}]") == "");
  CHECK(valued("matched: {text: '${name}.y', filter: tags}", "boxes: [{host: a, name: t, tags: [s.y]}]") == "R900 1:35 v=t.y");
  CHECK(valued("matched: {text: '${name}.y', filter: tags}", "boxes: [{host: a, name: t, tags: ['t.?']}]") == "");
  CHECK(valued("matched: {text: '${name}', filter: tags}", "boxes: [{host: a, name: t}]") == "");  // no filter says nothing
  CHECK(valued("matched: {text: '${name}', filter: tags}", "boxes: [{host: a, tags: [x]}]") == "");
}

TEST_CASE("spelled") {
  const auto id = [](const std::string& text) {
    return valued("spelled: {value: name, inner: '-', extra: '.', most: 8, least: 2}", "boxes: [{host: a, name: '" + text + "'}]");
  };
  for (const std::string good : {"ab", "a-b", "A1-2-z", "a.b", "..", "12345678", ""}) {
    CAPTURE(good);
    CHECK(id(good) == "");
  }
  for (const std::string bad : {"a_b", "-a", "a-", "a--b", "a b", "ä", "123456789", "a", "--", "a/b"}) {
    CAPTURE(bad);
    CHECK(id(bad) == "R900 1:25 v=" + bad);
  }
  CHECK(valued("spelled: {value: name}", "boxes: [{host: a, name: '" + std::string(100000, 'a') + "'}]") == "");
}

TEST_CASE("listeners") {
  const auto said = [](const std::string& text) {
    return valued("listeners: {value: 'config[addr]'}", "boxes: [{host: a, config: {addr: '" + text + "'}}]");
  };
  for (const std::string good : {"P://h:1", "P://:1", "P://[::1]:1, Q://h:65535", "P_S://0.0.0.0:0"}) {
    CAPTURE(good);
    CHECK(said(good) == "");
  }
  CHECK(said("h:1") == "R900 1:35 v=h:1");
  CHECK(said("P://h:1,P://h:2") == "R900 1:43 v=P://h:2");  // at the one that is wrong
  CHECK(said("P://h:1,p://h:2") == "R900 1:43 v=p://h:2");  // names know no case
  for (const std::string bad : {"P://h", "P://h:", "P://h:x", "P://h:70000", "://h:1", "P:h:1", "P://h:-1", "P://h:1,"}) {
    CAPTURE(bad);
    CHECK(said(bad).starts_with("R900 1:"));
  }
}

TEST_CASE("listeners of one port") {
  const auto said = [](const std::string& text) {
    return valued("ports_differ: {value: 'config[addr]'}", "boxes: [{host: a, config: {addr: '" + text + "'}}]");
  };
  CHECK(said("P://:1,Q://:2") == "");
  CHECK(said("P://:1,Q://:1") == "R900 1:42 v=1");
  CHECK(said("P://:0,Q://:0") == "");             // any free port
  CHECK(said("P://0.0.0.0:1,Q://[::]:1") == "");  // one of each family
  CHECK(said("P://[::1]:1,Q://[::]:1") == "R900 1:47 v=1");
}

TEST_CASE("names of listeners stand for protocols") {
  const std::string rule = "mapped: {value: 'config[addr]', map: 'config[map]', protocols: [P, S]}";
  const auto said = [&](const std::string& config) { return ask(rule, "boxes: [{host: a, config: {" + config + "}}]"); };
  CHECK(said("addr: 'p://:1,S://:2'") == "");
  CHECK(said("addr: 'P://:1,IN://:2'") == "R900 1:42 v=IN o=is not written");
  CHECK(said("addr: 'P://:1,IN://:2', map: 'P:P,IN:S'") == "");
  CHECK(said("addr: 'P://:1,IN://:2', map: 'IN:S'") == "R900 1:35 v=P o=does not name it");  // a map takes the place of what is known
  CHECK(said("addr: 'IN://:2', map: 'IN:X'") == "R900 1:35 v=IN o=says X");
  const std::string inner = "named_in: {value: name, listeners: 'config[addr]', otherwise: P}";
  CHECK(ask(inner, "boxes: [{host: a, config: {addr: 'P://:1'}}]") == "");
  CHECK(ask(inner, "boxes: [{host: a, config: {addr: 'IN://:1'}}]") == "R900 1:34 v=P o=IN");
  CHECK(ask(inner, "boxes: [{host: a, name: IN, config: {addr: 'IN://:1'}}]") == "");
  CHECK(ask(inner, "boxes: [{host: a, name: OUT, config: {addr: 'IN://:1'}}]") == "R900 1:25 v=OUT o=IN");
}

TEST_CASE("who is told an address finds the listener behind it") {
  const auto said = [](const std::string& at, const std::string& told) {
    return ask("answered: {value: name, listeners: 'config[addr]', at: " + at + "}",
               "boxes: [{host: a, name: '" + told + "', config: {addr: 'P://:1,Q://:0'}}]");
  };
  CHECK(said("host", "P://a:1") == "");
  CHECK(said("host", "P://A:2") == "R900 1:26 v=2 o=1");
  CHECK(said("host", "P://nat:2") == "");
  CHECK(said("elsewhere", "P://nat:2") == "R900 1:26 v=2 o=1");
  CHECK(said("elsewhere", "P://a:2") == "");
  CHECK(said("host", "Q://a:2") == "");  // any free port
  CHECK(said("host", "R://a:2") == "");  // told by `listed_in`
  const auto hears = [](const std::string& host, const std::string& addr) {
    return ask("hears: {value: 'config[addr]'}", "boxes: [{host: " + host + ", config: {addr: '" + addr + "'}}]");
  };
  CHECK(hears("a", "P://localhost:1") == "R900 1:35 v=localhost o=a");
  CHECK(hears("a", "P://0.0.0.0:1") == "");
  CHECK(hears("127.0.0.1", "P://localhost:1") == "");
}

TEST_CASE("addresses of a list are instances of a section") {
  const std::string rule = "addresses_in: {value: name, section: others}";
  const std::string two = "]\nothers: [{host: b}, {host: a, port: 9}]";
  CHECK(valued(rule, "boxes: [{host: a, name: 'b:7100,a:9/path'}" + two) == "");
  CHECK(valued(rule, "boxes: [{host: a, name: 'localhost:9'}" + two) == "");  // its own host
  CHECK(valued(rule, "boxes: [{host: a, name: 'b:7100,c:9'}" + two) == "R900 1:33 v=c:9");
  CHECK(valued(rule, "boxes: [{host: a, name: 'c:9'}]") == "");  // no such section
}

TEST_CASE("listed_in and port_in") {
  const std::string rule = "listed_in: {value: name, listeners: 'config[addr]'}";
  CHECK(ask(rule, "boxes: [{host: a, name: 'Q://h:1'}]") == "R900 1:25 v=Q o=P://a:7000");
  CHECK(ask(rule, "boxes: [{host: a, name: 'p://h:1'}]") == "");
  CHECK(ask(rule, "boxes: [{host: a}]") == "");
  const std::string port = "port_in: {value: port, listeners: 'config[addr]'}";
  CHECK(ask(port, "boxes: [{host: a, config: {addr: 'P://a:7001'}}]") == "R900 1:34 v=7000 o=P://a:7001");
  CHECK(ask(port, "boxes: [{host: a, port: 7001, config: {addr: 'P://a:7000'}}]").starts_with("R900 1:46 v=7001"));
  CHECK(ask(port, "boxes: [{host: a, port: 7001, config: {addr: 'P://a:7001'}}]") == "");
  CHECK(ask(port, "boxes: [{host: a, port: 7001}]") == "");
  CHECK(ask(port, "boxes: [{host: a, config: {addr: 'nonsense'}}]") == "");  // told by `listeners`
}

TEST_CASE("reachable and not_loopback") {
  const auto reach = [](const std::string& addr) {
    return valued("reachable: {value: 'config[addr]'}", "boxes: [{host: a, config: {addr: '" + addr + "'}}]");
  };
  CHECK(reach("P://0.0.0.0:1") == "R900 1:35 v=0.0.0.0");
  CHECK(reach("P://[::]:1") == "R900 1:35 v=::");
  CHECK(reach("P://:1") == "R900 1:35 v=P://:1");
  CHECK(reach("0.0.0.0:1") == "R900 1:35 v=0.0.0.0");
  CHECK(reach("P://a:1") == "");
  const std::string rule = "not_loopback: {value: 'config[addr]'}";
  CHECK(ask(rule, "boxes: [{host: a, config: {addr: 'P://localhost:1'}}]") == "R900 1:35 v=localhost o=a");
  CHECK(ask(rule, "boxes: [{host: a, config: {addr: 'localhost:1'}}]") == "R900 1:35 v=localhost o=a");
  CHECK(ask(rule, "boxes: [{host: 127.0.0.1}]") == "");
  // What follows from the host is told there.
  CHECK(ask(rule, "boxes: [{host: 127.0.0.1}]\nothers: [{host: b}]").starts_with("T023 1:16"));
  CHECK(ask(rule, "boxes: [{host: localhost}]\nothers: [{host: 127.0.0.2}]") == "");
  CHECK(ask(rule, "boxes: [{host: a}]\nothers: [{host: b}]") == "");
}

TEST_CASE("address_in") {
  const std::string rule = "address_in: {value: uri, section: others}";
  const std::string two = "]\nothers: [{host: b}, {host: '::2', port: 9}]";
  CHECK(valued(rule, "boxes: [{host: a, uri: 'k://b:7100,c:1/t'}" + two) == "R900 1:24 v=c:1");
  CHECK(valued(rule, "boxes: [{host: a, uri: 'k://b:7100,[::2]:9/t?x=/'}" + two) == "");
  CHECK(valued(rule, "boxes: [{host: a, uri: 'k://b:7100'}]") == "");  // no such section
  CHECK(valued(rule, "boxes: [{host: a, uri: nonsense}" + two) == "");
  CHECK(valued(rule, "boxes: [{host: a, uri: ''}" + two) == "");
}

TEST_CASE("implied_port") {
  const std::string rule = "implied_port: {port: 'config[admin.port] or 7100', unless_false: 'config[admin]'}";
  CHECK(ask(rule, "boxes: [{host: a}]\nothers: [{host: a}]") == "R900 1:10 v=7100 o=`port` of others 1");
  CHECK(ask(rule, "boxes: [{host: a}]\nothers: [{host: b}]") == "");
  CHECK(ask(rule, "boxes: [{host: a, config: {admin: false}}]\nothers: [{host: a}]") == "");
  CHECK(ask(rule, "boxes: [{host: a, config: {admin: true}}]\nothers: [{host: a}]").starts_with("R900 1:35"));
  CHECK(ask(rule, "boxes: [{host: a, config: {admin.port: 7101}}]\nothers: [{host: a}]") == "");
  CHECK(ask(rule, "boxes: [{host: a, config: {admin.port: 7000}}]") == "R900 1:40 v=7000 o=`port` of boxes 1");
  CHECK(ask(rule, "boxes: [{host: a}, {host: a, port: 1}, {host: b}]") == "R900 1:21 v=7100 o=boxes 1");
  CHECK(ask(rule, "boxes: [{host: localhost}]\nothers: [{host: 127.0.0.1}]").starts_with("R900"));
}

TEST_CASE("where a value is written") {
  // In a URI the very part; quotes are counted.
  CHECK(valued("one_of: {value: 'uri?b', words: [x]}", "boxes: [{host: a, uri: 'k://ö/t?a=1&b=2'}]") == "R900 1:39 v=2");
  CHECK(valued("one_of: {value: 'uri?b', words: [x]}", "boxes: [{host: a, uri: 'k://h/t?a=1&b=2'}]") == "R900 1:39 v=2");
  CHECK(valued("one_of: {value: 'uri?b', words: [x]}", "boxes: [{host: a, uri: 'k://h/t?ab=2&xb=3#?b=4'}]") == "");
  CHECK(valued("one_of: {value: 'opts[k]', words: [x]}", "boxes: [{host: a, opts: {k: v}}]") == "R900 1:29 v=v");
  // A setting of the instance wins over that of the component, which wins over the playbook's.
  CHECK(valued("one_of: {value: 'config[fixed]', words: [x]}",
               "server_configs: {box: {fixed: 1}}\nboxes: [{host: a, config: {fixed: 2}}]") == "R900 2:35 v=2");
  CHECK(valued("one_of: {value: 'config[fixed]', words: [x]}", "boxes: [{host: a}]") == "R900 1:10 v=true");
  CHECK(valued("one_of: {value: 'config[never]', words: [x]}", "boxes: [{host: a}]") == "");
  CHECK(valued("one_of: {value: 'config[id]', words: [x]}", "boxes: [{host: a, id: 4}]") == "R900 1:23 v=4");
  CHECK(valued("one_of: {value: host, words: [x]}", "boxes: [{host: a}]") == "R900 1:16 v=a");
}

TEST_CASE("a rule may warn") {
  support::World world({boxes("odd: {section: boxes}, severity: warning").replace(boxes("").find(" o=${other}"), 11, ""), others});
  world.read("boxes: [{host: a}, {host: b}]");
  CHECK(world.diagnostics.warnings() == 1);
  CHECK_FALSE(world.diagnostics.has_errors());
}
