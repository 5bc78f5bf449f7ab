// Rules as they are read: words, their arguments, operands; and what only all playbooks together can tell.

#include "playbook/playbook.hpp"
#include "support/catch.hpp"
#include "support/written.hpp"

using namespace tidelab;
using namespace tidelab::playbook;

namespace {

std::string rule(const std::string& text) {
  support::Written w("{code: R900, message: m, " + text + "}", "p.yaml");
  (void)read_rule(w.node(), w.diagnostics);
  return w.brief();
}

Operand operand(const std::string& text) {
  source::Diagnostics diagnostics;
  const auto all = read_operands({text, {}}, diagnostics);
  CAPTURE(text);
  CHECK(diagnostics.empty());
  REQUIRE(all.size() == 1);
  return all.front();
}

// Two playbooks, the first with the rules given.
std::string library(const std::string& rules) {
  source::Files files;
  source::Diagnostics diagnostics;
  Library made;
  const auto add = [&](const std::string& text) {
    auto playbook = read_playbook(files.add("p.yaml", text), "p", diagnostics);
    auto section = playbook.section.value;
    made.by_section.emplace(section, std::move(playbook));
  };
  add("section: stores\ncomponent: store\ntitle: t\nversions: '>=2 <4'\nparams: {port: {type: port}, opts: {type: map}, uri: {type: "
      "text}}\n"
      "install: [{config: {path: /p, format: toml}}]\nrules:\n" +
      rules);
  add("section: twins\ncomponent: twin\ntitle: t\nversions: '>=1'\nparams: {size: {type: int}}\n");
  CHECK(diagnostics.empty());
  check_library(made, diagnostics);
  std::string out;
  for (const auto* d : diagnostics.ordered())
    out += (out.empty() ? "" : "\n") + d->code + " " + d->message + (d->help.empty() ? "" : " | " + d->help);
  return out;
}

std::string about(const std::string& text) { return library("  - {code: R900, message: m, " + text + "}\n"); }

}  // namespace

TEST_CASE("operands") {
  using Of = Operand::Of;
  CHECK(operand("12").of == Of::number);
  CHECK(operand("12").name == "12");
  CHECK(operand("count some_things").of == Of::count);
  CHECK(operand("count some_things").section == "some_things");
  CHECK(operand("count some_things").times == 1);
  CHECK(operand("2 times count some_things").times == 2);
  CHECK(operand("2 times count some_things").section == "some_things");
  CHECK(operand("10 times sum a.b").name == "b");
  CHECK(operand("port").of == Of::param);
  CHECK(operand("gc-ttl").name == "gc-ttl");
  CHECK(operand("version").of == Of::version);
  CHECK(operand("config[a.b.c]").of == Of::setting);
  CHECK(operand("config[a.b.c]").key == "a.b.c");
  CHECK(operand("opts[a.b]").of == Of::entry);
  CHECK(operand("opts[a.b]").name == "opts");
  CHECK(operand("uri?part-num").of == Of::query);
  CHECK(operand("uri?part-num").key == "part-num");
  CHECK(operand("things.port").section == "things");
  CHECK(operand("things.config[x.y]").section == "things");
  CHECK(operand("things.config[x.y]").key == "x.y");
  CHECK(operand("things.version").of == Of::version);
}

TEST_CASE("several operands, in order") {
  source::Diagnostics diagnostics;
  const auto all = read_operands({"uri?max or opts[max] or 5", {}}, diagnostics);
  REQUIRE(all.size() == 3);
  CHECK(all[0].of == Operand::Of::query);
  CHECK(all[1].of == Operand::Of::entry);
  CHECK(all[2].name == "5");
}

TEST_CASE("P022: an operand that is none") {
  for (const std::string bad :
       {"''", "'a b'", "'a or '", "'a['", "'a[]'", "'a[b'", "'?x'", "'a?'", "'.a'", "'a.'", "'count a b'", "'2 times'", "'x times count a'",
        "'-1 times count a'", "'2 times 2 times count a'", "'2 times a'", "-1", "'a.b.c'"}) {
    CAPTURE(bad);
    CHECK(rule("absent: {value: " + bad + "}").starts_with("P022"));
  }
  CHECK(rule("absent: {value: 'a['}") ==
        "P022 1:42 `a[` says nothing about where a value is | a number, a size, a time, `count SECTION`, `sum SECTION.PARAM`, either with "
        "`N times ` "
        "before it, or `PARAM`, `PARAM[KEY]`, "
        "`PARAM?KEY`, "
        "`config[KEY]`, "
        "`version`, each with `SECTION.` before it or not; ` or ` between several");
}

TEST_CASE("P004: words") {
  CHECK(rule("requiers: {section: s}") == "P004 1:26 there is no rule word `requiers` | did you mean `requires`?");
  CHECK(rule("zzzzzzzz: {section: s}").starts_with("P004 1:26 there is no rule word `zzzzzzzz` | rule words are requires, forbids, "));
  CHECK(rule("help: h").starts_with("P004 1:1 a rule needs a word | rule words are "));
  CHECK(rule("odd: {section: s}, forbids: {section: s}") == "P004 1:45 a rule has one word; make two rules of it");
}

TEST_CASE("P021: arguments") {
  CHECK(rule("odd: {sections: s}") == "P021 1:26 `odd` needs `section`\nP021 1:32 `odd` takes no `sections` | did you mean `section`?");
  CHECK(rule("range: {value: jre, range: '8', zzz: 1}") == "P021 1:58 `range` takes no `zzz` | it takes value, range");
  CHECK(rule("odd: s").starts_with("Y010"));
}

TEST_CASE("arguments that cannot be read") {
  CHECK(rule("range: {value: jre, range: 2.x}") == "P003 1:53 `2.x` is not a range of versions | for example `>=2.4 <4.0 || 5.0.3`");
  CHECK(rule("same_line: {section: s, parts: two}") == "P022 1:57 `two` is not a number, which `parts` must be");
  CHECK(rule("one_of: {value: a, words: []}") == "P022 1:52 `words` is empty");
  CHECK(rule("odd: {section: s}, severity: hint") == "P022 1:55 `hint` is not a severity | one of error, warning");
}

TEST_CASE("a rule as it is read") {
  support::Written w("{code: R900, message: m, help: h, severity: warning, versions: {s: '1'}, one_of: {value: a or 1, words: [x, y]}}");
  const auto r = read_rule(w.node(), w.diagnostics);
  CHECK(w.brief() == "");
  CHECK(r.warning);
  CHECK(r.versions.size() == 1);
  CHECK(r.word.value == "one_of");
  CHECK(r.find("value")->operands.size() == 2);
  CHECK(r.find("words")->texts.size() == 2);
  CHECK(r.find("zzz") == nullptr);
  CHECK(r.text("value") == "a or 1");
  CHECK(r.text("zzz") == "");
}

TEST_CASE("P023: a rule about what does not exist") {
  CHECK(about("requires: {section: twin}") == "P023 no playbook has the section `twin` | did you mean `twins`?");
  CHECK(about("absent: {value: prot}") == "P023 `stores` has no param `prot` | did you mean `port`?");
  CHECK(about("absent: {value: twins.port}") == "P023 `twins` has no param `port`");
  CHECK(about("absent: {value: twin.size}") == "P023 no playbook has the section `twin` | did you mean `twins`?");
  CHECK(about("absent: {value: 'twins.config[a]'}") == "P023 `twins.config[a]`: `twins` writes no configuration file");
  CHECK(about("absent: {value: opts}") == "P023 `opts`: `opts` is a map | `PARAM[KEY]` reads a map, `PARAM?KEY` a URI");
  CHECK(about("absent: {value: 'port[a]'}") == "P023 `port[a]`: `port` is a port | `PARAM[KEY]` reads a map, `PARAM?KEY` a URI");
  CHECK(about("requires: {section: twins, unless: 'config[a.b]'}") == "");
  CHECK(about("same: {value: host, as: 'twins.host or uri?a or opts[b] or 3 or count twins'}") == "");
}

TEST_CASE("P024: a rule for no version that is served can never fire") {
  CHECK(about("versions: '<2', absent: {value: port}") ==
        "P024 the rule is for <2, and none of these versions is served | the playbook of `stores` serves >=2 <4");
  CHECK(about("versions: {twins: '<1'}, absent: {value: port}") ==
        "P024 the rule is for <1, and none of these versions is served | the playbook of `twins` serves >=1");
  CHECK(about("versions: {twin: '<1'}, absent: {value: port}").starts_with("P023"));
  CHECK(about("versions: '>=3.9.9', absent: {value: port}") == "");
  CHECK(about("versions: '4 || 2.0.0', absent: {value: port}") == "");
}
