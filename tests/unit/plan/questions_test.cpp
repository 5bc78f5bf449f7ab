// Questions that a playbook answers for others, texts with a name, and settings for some versions only.
#include "unit/plan/plans.hpp"

using namespace tidelab;
using namespace tidelab::plan;

namespace {

// A component whose requests changed with 2.0; what nobody can ask of the old one says so.
const char* const wells = R"(
section: wells
component: well
title: Well
versions: ">=1.0 <4"
default_version: 2.5.0
address: ${host}:${port}
log: ${deploy_dir}/well.log
params:
  port: {type: port, default: 70}
  password: {type: secret, default: ""}
  deploy_dir: {type: dir, default: /srv/well}
let:
  api: http://${any wells "{host}:{port}"}/${release}
  release: {"<2.0": old, ">=2.0": new}
  needs_nobody: ${first missing "{host}"}
questions:
  depth:
    with: [well]
    by_hand: well depth ${well}
    ways:
      - {versions: "<2.0", do: {on: wells, exec: {argv: [well, depth, "${well}"]}}, gives: {metres: /stdout, unit: ~, at: ~, since: ~}}
      - {versions: ">=2.0", do: {http: {url: "${api}/${well}/depth", expect: {/ok: true}, give_up: {/dry: true}, take: {seen: /id}}}, gives: {metres: /depth, unit: /meta/unit, at: /at, since: /since}}
  taste:
    with: [words]
    ways:
      - {versions: "<2.0", nothing: nobody tasted it}
      - {versions: ">=2.0", do: {http: {url: "${api}/taste", body: '{"words":${json words}}'}}}
  bucket:
    with: [well]
    ways:
      - {versions: "<2.0", do: {exec: {argv: [bucket, "${well}"]}}}
      - versions: ">=2.0"
        do:
          - ask: {of: wells, what: depth, with: {well: "${well}-rope"}}
          - http: {method: POST, url: "${api}/bucket", take: {rope: /rope}}
  circle: {do: {ask: {of: wells, what: circle}}}
install:
  - config:
      path: /srv/well/conf
      format: properties
      set:
        - {first: "1"}
        - {versions: "<2.0", set: {second: "${only_old}"}}
        - versions: ">=2.0"
          set: {second: "${release}"}
        - {versions: "odd", third: "3"}
)";

const char* const drinkers = R"(
section: drinkers
component: drinker
title: Drinker
hostless: true
node: ${name}
needs: [wells]
params:
  name: {type: text, required: true}
  words: {type: list, default: [sweet, "\"cold\""]}
shows:
  - title: depth for ${name}
    ask: {ask: {of: wells, what: depth, with: {well: "${name}"}}}
    state: /metres
    good: {/unit: m}
    says: {unit: /unit}
    ages: {measured: {at: /at}}
)";

const std::string lab = "global: {ssh_type: none}\nwells: [{host: a, password: hush}, {host: b}]\ndrinkers: [{name: ann}]\n";
const std::string old_lab = "component_versions: {well: 1.5.0}\n" + lab;

std::string check_with(const std::string& step, const std::string& more = "") {
  return "check: c\nof: drinkers\n" + more + "steps:\n  - " + step + "\n  - {id: other, hop: {title: t}, do: {tcp: {address: x}}}\n";
}

// The first step of `verify`, as it is printed, or what was complained of.
std::string asked(const std::string& topology, const std::string& step, const std::string& more = "") {
  Planned p({wells, drinkers}, topology);
  const auto plan = p.check(check_with(step, more)).verify();
  if (const auto told = p.world.complaints(); !told.empty()) return told.substr(0, told.find("\n "));
  const auto& made = plan.steps.front();
  return fmt::format("@{} look at {}\n{}", plan.lanes[static_cast<std::size_t>(made.lane)].name, made.hop ? made.hop->look_at : "-",
                     step::render_fields(made.action, 0));
}

const std::string depth = "{id: q, hop: {title: t}, do: {wait: {for: {ask: {of: wells, what: depth, with: {well: \"${name}\"}, ";

}  // namespace

TEST_CASE("a question is asked as the version that is there wants it") {
  CHECK(
      asked(lab, depth + "expect: {/metres: {ge: 3}, /unit/name: m, /at: {before: {than: /since, by: 2s}}}, take: {deep: /metres}}}}}}") ==
      "@controller look at well depth ann\nfor:\n  - http:\n      url: http://a:70,b:70/new/ann/depth\n"
      "      expect: /ok = true, /depth >= 3, /meta/unit/name = m, /at is before /since 2000 ms\n      give_up: /dry = true\n"
      "      take: seen = /id, deep = /depth\n");
  // Of the old one on its host; and what it does not tell is not asked of it.
  CHECK(asked(old_lab, depth + "expect: {/metres: {ge: 3}, /unit: m}, take: {deep: /metres, unit: /unit}, give_up: {/metres: 0}}}}}}") ==
        "@a look at well depth ann\nfor:\n  - exec:\n      argv: [\"well\", \"depth\", \"ann\"]\n      expect: /stdout >= 3\n"
        "      give_up: /stdout = 0\n      take: deep = /stdout, unit = /\n");
}

TEST_CASE("what whoever asks says comes as it is, and nothing of his own is known") {
  CHECK(asked(lab, "{id: q, do: {ask: {of: wells, what: taste, with: {words: \"${json words} $${name} @{x}\"}}}}") ==
        "@controller look at -\nurl: http://a:70,b:70/new/taste\n"
        "body: {\"words\":\"[\\\"sweet\\\",\\\"\\\\\\\"cold\\\\\\\"\\\"] ${name} @{x}\"}\n");
}

TEST_CASE("a step that asks what cannot be asked is not there") {
  Planned p({wells, drinkers}, old_lab);
  const auto plan = p.check(check_with("{id: q, do: {refute: {that: {ask: {of: wells, what: taste, with: {words: x}}}}}}")).verify();
  CHECK(p.world.complaints() == "");
  CHECK(plan.steps.size() == 1);
}

TEST_CASE("a question of several words takes its place among others") {
  const std::string ensure =
      "{id: q, do: {ensure: {look: {tcp: {address: x}}, act: [{user: {name: u}}, {ask: {of: wells, what: bucket, with: {well: w}, take: "
      "{r: /rope}}}]}}}";
  CHECK(asked(lab, ensure)
            .find("act:\n  - user:\n      name: u\n  - http:\n      url: http://a:70,b:70/new/w-rope/depth\n      expect: /ok = true\n"
                  "      give_up: /dry = true\n      take: seen = /id\n  - http:\n      method: POST\n"
                  "      url: http://a:70,b:70/new/bucket\n      take: rope = /rope, r = /rope\n") != std::string::npos);
  CHECK(asked(lab, "{id: q, do: {ask: {of: wells, what: bucket, with: {well: w}}}}").starts_with("error[L009]: `bucket` is several words"));
}

TEST_CASE("L009: what cannot be meant") {
  const auto told = [](const std::string& ask) { return asked(lab, "{id: q, do: {ask: " + ask + "}}"); };
  CHECK(told("{of: streams, what: depth}") == "error[L009]: the topology has no `streams` that could be asked");
  CHECK(told("{of: wells, what: dept}") == "error[L009]: the playbook of `wells` knows no question `dept`");
  CHECK(told("{of: wells, what: depth}") == "error[L009]: `depth` needs `well` in `with`");
  CHECK(told("{of: wells, what: depth, with: {well: x, rope: y}}") == "error[L009]: `depth` takes no `rope`");
  CHECK(told("{of: wells, what: depth, with: {well: x}, expect: {/meters: 1}}") == "error[L009]: `depth` gives no `meters`");
  CHECK(told("{of: wells, what: circle}") == "error[L009]: `circle` asks itself, through others");
}

TEST_CASE("status looks where the version that is there tells it") {
  Planned p({wells, drinkers}, lab);
  const auto plan = p.status();
  CHECK(p.world.complaints() == "");
  REQUIRE(plan.components.size() == 3);
  REQUIRE(plan.components[2].shows.size() == 1);
  const auto& shown = plan.components[2].shows[0];
  CHECK(shown.state == "/depth");
  CHECK(step::render_match(shown.good) == "/meta/unit = m");
  CHECK(shown.says.at(0).second == "/meta/unit");
  CHECK(shown.ages.at(0).pointer == "/at");
}

TEST_CASE("texts of a check, and of the components that it names") {
  CHECK(asked(lab, "{id: q, hop: {title: t, look_at: \"${where}\"}, do: {tcp: {address: \"${twice}\"}}}",
              "let: {where: \"${first wells \\\"{log} {release}\\\"}\", twice: \"${where}+${where}\"}\n") ==
        "@controller look at /srv/well/well.log new\naddress: /srv/well/well.log new+/srv/well/well.log new\n");
}

TEST_CASE("settings of other versions are not there, and nothing in them is looked at") {
  const auto content = [](const std::string& topology) {
    Planned p({wells, drinkers}, topology);
    const auto plan = p.up();
    CHECK(p.world.complaints() == "");
    return std::get<step::File>(plan.steps.front().action).content.value;
  };
  // A mapping with other keys than `versions` and `set` is settings.
  CHECK(content(lab) == "first=1\nsecond=new\nversions=odd\nthird=3\n");
  Planned p({wells, drinkers}, old_lab);
  (void)p.up();
  CHECK(p.world.complaints().starts_with("error[T030]: `${only_old}` is not known here"));
}

TEST_CASE("T033: a text that stands for itself") {
  const std::string circle =
      "section: s\ncomponent: c\ntitle: C\ndefault_version: 1.0.0\naddress: ${a}\nlet: {a: \"${b}${b}\", b: \"${a}\"}\n";
  Planned p({circle}, "s: [{host: h}]\n");
  (void)p.up();
  CHECK(p.world.complaints().starts_with("error[T033]: this text stands for itself, through others"));
  // Through another component, which may have a text of that name.
  const std::string here =
      "section: s\ncomponent: c\ntitle: C\ndefault_version: 1.0.0\naddress: ${a}\nlet: {a: \"${first t \\\"{a}\\\"}\"}\n";
  const std::string there = "section: t\ncomponent: d\ntitle: D\ndefault_version: 1.0.0\nlet: {a: x, b: \"${first s \\\"{a}\\\"}\"}\n";
  Planned good({here, there}, "s: [{host: h}]\nt: [{host: h}]\n");
  CHECK(good.up().components.front().address == "x");
  CHECK(good.world.complaints() == "");
  const std::string back = "section: t\ncomponent: d\ntitle: D\ndefault_version: 1.0.0\nlet: {a: \"${first s \\\"{a}\\\"}\"}\n";
  Planned bad({here, back}, "s: [{host: h}]\nt: [{host: h}]\n");
  (void)bad.up();
  CHECK(bad.world.complaints().starts_with("error[T033]"));
}
