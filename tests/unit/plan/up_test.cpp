// Bringing up: order, merging, literal texts, artifacts, and the complaints of planning.
#include "unit/plan/plans.hpp"

using namespace tidelab;
using namespace tidelab::plan;

namespace {

const std::string one = "global: {ssh_type: none}\nbases: [{host: a}]\n";

}  // namespace

TEST_CASE("install by path, then start, then ready, then whoever needs it") {
  Planned p({bases, tops, ways}, one + "tops: [{host: b}]\nways: [{name: w}]\n");
  CHECK(show(p.up()) ==
        "0 dir /srv/base-7000 @a\n"
        "1 unpack base 1.0.0 into /srv/base-7000 @a 0\n"
        "2 dir /elsewhere @a\n"
        "3 file /srv/base-7000/conf/f @a 0 1\n"
        "4 service base-7000 @a 0 1 2 3\n"
        "5 wait for tcp a:7000 @a 4\n"
        "6 service top @b 5\n"
        "7 way w is there @a 6\n");
  CHECK(p.world.complaints() == "");
}

TEST_CASE("an archive that has a directory of the same name comes behind the step that makes it, and notes it as the lab's") {
  const auto* const kits =
      "section: kits\ncomponent: kit\ntitle: Kit\ndefault_version: 1.0.0\nparams: {port: {type: port, default: 7000}}\n"
      "artifacts: [{name: kit, file: \"kit-${version}.tgz\", sources: [{official: \"http://x/${version}\"}]}]\n"
      "install:\n  - dir: {path: /srv/kit}\n  - dir: {path: /srv/kit/log}\n  - dir: {path: /srv/other}\n"
      "  - unpack: {artifact: kit, into: /srv/kit}\n";
  Planned p({kits}, "global: {ssh_type: none}\nkits: [{host: a}]\n");
  CHECK(show(p.up()) ==
        "0 dir /srv/kit @a\n"
        "1 dir /srv/kit/log @a 0\n"
        "2 dir /srv/other @a\n"
        "3 unpack kit 1.0.0 into /srv/kit @a 0 1\n");
  CHECK(p.world.complaints() == "");
}

TEST_CASE("a plan grows with the instances and not with their pairs") {
  const auto size = [](int count) {
    std::string lab = "global: {ssh_type: none}\nbases:\n";
    for (int i = 0; i < count; ++i) lab += fmt::format("  - {{host: a{}}}\n", i);
    lab += "tops:\n";
    for (int i = 0; i < count; ++i) lab += fmt::format("  - {{host: b{}}}\n", i);
    Planned p({bases, tops}, lab);
    p.check("check: low\nof: bases\nsteps: [{id: up, hop: {title: t}, do: {tcp: {address: h}}}]\n");
    p.check("check: high\nof: tops\nsteps: [{id: up, needs: [low], hop: {title: t}, do: {tcp: {address: h}}}]\n");
    std::size_t out = 0;
    for (const auto& plan : {p.up(), p.verify(), p.down(), p.power(true), p.power(false)}) {
      for (const auto& step : plan.steps) out += 1 + step.needs.size() + step.gates.size();
      for (const auto& gate : plan.gates) out += gate.steps.size();
    }
    CHECK(p.world.complaints() == "");
    return out;
  };
  CHECK(size(40) - size(20) == size(60) - size(40));
}

TEST_CASE("over ssh the account comes first on each host, once") {
  Planned p({bases, tops}, "bases: [{host: a}, {host: a, port: 7001}]\ntops: [{host: b}]\n");
  const auto plan = p.up();
  CHECK(plan.steps[0].title == "user lab");
  CHECK(plan.steps[1].title == "user lab");
  CHECK(plan.lanes.size() == 3);
  int dirs = 0;
  for (const auto& step : plan.steps) {
    if (!std::holds_alternative<step::Dir>(step.action)) continue;
    ++dirs;
    CHECK(step.needs.at(0).step == 0);
  }
  CHECK(dirs == 3);
}

TEST_CASE("identical steps on one host merge, on two they do not") {
  Planned p({bases}, "global: {ssh_type: none}\nbases: [{host: a}, {host: a, port: 7001}, {host: b}]\n");
  const auto plan = p.up();
  std::string lanes;
  for (const auto& step : plan.steps)
    if (step.title == "dir /elsewhere") lanes += plan.lanes[static_cast<std::size_t>(step.lane)].name;
  CHECK(lanes == "ab");
  for (const auto& step : plan.steps)
    if (step.title == "service base-7001")
      CHECK(std::any_of(step.needs.begin(), step.needs.end(),
                        [&](const Need& n) { return plan.steps[static_cast<std::size_t>(n.step)].title == "dir /elsewhere"; }));
}

TEST_CASE("localhost is one host, and another ssh port is another") {
  Planned p(
      {bases},
      "global: {ssh_type: none}\nbases: [{host: localhost}, {host: 127.0.0.1, port: 7001}, {host: 127.0.0.1, port: 7002, ssh_port: 23}]\n");
  const auto plan = p.up();
  REQUIRE(plan.lanes.size() == 3);
  CHECK(plan.lanes[1].name == "127.0.0.1");
  CHECK(plan.lanes[2].ssh_port == 23);
}

TEST_CASE("versions choose steps, nested ones too") {
  Planned old({bases, tops, ways}, one + "tops: [{host: b}]\nways: [{name: w}]\n");
  Planned recent({bases, tops, ways}, "component_versions: {base: 2.1.0}\n" + one + "tops: [{host: b}]\nways: [{name: w}]\n");
  CHECK(show(old.up()).find("/two") == std::string::npos);
  CHECK(show(recent.up()).find("file /srv/base-7000/two") != std::string::npos);
  const auto act = [](const Plan& plan) {
    const auto& ensure = std::get<step::Ensure>(plan.steps.back().action);
    REQUIRE(ensure.act.size() == 1);
    return step::render_action(ensure.act[0].action);
  };
  CHECK(act(old.up()) == "exec old w");
  CHECK(act(recent.up()) == "exec new w");
}

TEST_CASE("lists come whole, and what a user typed is not looked into again") {
  Planned p({bases, tops}, one + "tops: [{host: b, args: ['${x}', '$${y}', 'a b']}]\n");
  const auto plan = p.up();
  const auto& argv = std::get<step::Service>(plan.steps.back().action).argv;
  REQUIRE(argv.size() == 4);
  CHECK(argv[1].value == "${x}");
  CHECK(argv[2].value == "$${y}");
  CHECK(argv[3].value == "a b");
}

TEST_CASE("artifacts are registered once, with their sources in order") {
  Planned p({bases}, "global: {ssh_type: none}\nbases: [{host: a}, {host: b}]\n");
  const auto plan = p.up();
  REQUIRE(plan.artifacts.size() == 1);
  CHECK(plan.artifacts[0].key == "base 1.0.0");
  CHECK(plan.artifacts[0].file_name == "base-1.0.0.tgz");
  REQUIRE(plan.artifacts[0].sources.size() == 2);
  CHECK(plan.artifacts[0].sources[0].urls.at(0) == "http://x/1.0.0");
  CHECK(plan.artifacts[0].sources[1].script == "folder/assemble");
  CHECK(plan.components[1].artifacts == std::vector<std::string>{"base 1.0.0"});
  p.source_kind = "assembled";
  CHECK(p.up().artifacts[0].sources.size() == 1);
}

TEST_CASE("a component knows where it lives") {
  Planned p({bases}, one);
  const auto c = p.up().components.at(0);
  CHECK(c.name == "bases 1");
  CHECK(c.node == "a:7000");
  CHECK(c.dir == "/srv/base-7000");
  CHECK(c.ports == std::vector<int>{7000});
  CHECK(c.services == std::vector<std::string>{"base-7000"});
}

TEST_CASE("the same input gives the same plan") {
  const std::string text = one + "tops: [{host: b}]\nways: [{name: w}, {name: v}]\n";
  Planned a({bases, tops, ways}, text), b({ways, tops, bases}, text);
  const auto x = a.up(), y = a.up(), z = b.up();
  CHECK(render_text(x) == render_text(y));
  CHECK(render_text(x) == render_text(z));
  for (std::size_t i = 0; i < x.steps.size(); ++i)
    CHECK(step::render_fields(x.steps[i].action, 0) == step::render_fields(z.steps[i].action, 0));
}

TEST_CASE("waiting counts as no change, and every step has a deadline") {
  Planned p({bases}, one);
  const auto plan = p.up();
  for (const auto& step : plan.steps) {
    CHECK(step.within.count() > 0);
    CHECK(step.changes != std::holds_alternative<step::Wait>(step.action));
  }
}

TEST_CASE("config becomes a file: playbook, then component, then instance") {
  Planned p({"section: cs\ncomponent: c\ntitle: C\ndefault_version: 1.0.0\nnode: ${host}\ninstall:\n  - config: {path: /c/f, format: "
             "properties, set: {a: 1, h: \"${host}\"}, append: last}\n"},
            "global: {ssh_type: none}\nserver_configs: {c: {a: 2, b: 3}}\ncs: [{host: x, config: {b: 4}}]\n");
  CHECK(std::get<step::File>(p.up().steps.at(0).action).content.value == "a=2\nh=x\nb=4\nlast\n");
}

TEST_CASE("what planning complains about") {
  const auto said = [](const std::string& steps, const std::string& more = "", const std::string& kind = "") {
    Planned p({"section: cs\ncomponent: c\ntitle: C\ndefault_version: 1.0.0\nnode: ${host}\n" + more + "install:\n  - " + steps + "\n"},
              "global: {ssh_type: none}\ncs: [{host: x}]\n");
    p.source_kind = kind;
    (void)p.up();
    return p.world.brief();
  };
  CHECK(said("file: {path: /p, from: templates/none}").ends_with("there is no file `templates/none` beside the playbook"));
  CHECK(said("file: {path: /p, from: templates/none}").starts_with("L001"));
  CHECK(said("config: {path: /p, format: ini, set: {a: 1}}").starts_with("L003"));
  CHECK(said("unpack: {artifact: none, into: /p}").starts_with("L004"));
  CHECK(said("unpack: {artifact: r, into: /p}", "artifacts: [{name: r, of: nobody, version: '1'}]\n").starts_with("L004"));
  CHECK(said("unpack: {artifact: r, into: /p}", "artifacts: [{name: r, file: f, sources: [{official: u}]}]\n", "file") ==
        "L005 2:7 r 1.0.0 has no source of the kind `file` | it comes from official");
  CHECK(said("{on: nowhere, dir: {path: /p}}").starts_with("L006"));
  CHECK(said("dir: {path: \"${nothing}\"}").starts_with("T030"));
  CHECK(said("dir: {path: conf}").starts_with("L007 7:17 `path` is `conf`, which does not begin with `/`"));
  CHECK(said("ensure: {look: {tcp: {address: a}}, act: {exec: {argv: [a], cwd: x}}}").starts_with("L007"));
  CHECK(said("file: {path: /p, content: a, mode: 0640}") == "");
  for (const auto* mode : {"64", "0o640", "u+x", "648", "00640"})
    CHECK(said(fmt::format("file: {{path: /p, content: a, mode: {}}}", mode)) ==
          fmt::format("L007 7:40 `mode` is `{}`, which is not three or four octal digits | write it as in `mode: \"750\"`", mode));
}

TEST_CASE("L002: sections that need each other") {
  Planned p({"section: xs\ncomponent: x\ntitle: X\ndefault_version: 1.0.0\nneeds: [ys]\n",
             "section: ys\ncomponent: y\ntitle: Y\ndefault_version: 1.0.0\nneeds: [xs]\n"},
            "global: {ssh_type: none}\nxs: [{host: a}]\nys: [{host: a}]\n");
  (void)p.up();
  CHECK(p.world.brief() == "L002 1:1 `xs` needs itself, through others");
}

TEST_CASE("a mirror is looked into before the playbook's sources") {
  Planned p({bases, tops}, one);
  const auto before = p.up();
  REQUIRE(!before.artifacts.empty());
  p.mirror = "/mnt/archives";
  const auto plan = p.up();
  CHECK(plan.artifacts.front().sources.size() == before.artifacts.front().sources.size() + 1);
  CHECK(plan.artifacts.front().sources.front().kind == "file");
  CHECK(plan.artifacts.front().sources.front().paths.at(0) == "/mnt/archives/" + plan.artifacts.front().file_name);
}

TEST_CASE("what people use by hand comes with literal values, and only where it applies") {
  const std::string base = std::string(bases) + R"(
tools: {path: ["${deploy_dir}/bin"], env: {JAVA_HOME: "${deploy_dir}/jre"}}
opens:
  - {title: shell, line: "shell ${host}:${port}", unless: password}
  - {title: shell, line: "shell ${host}:${port} -p", given: password}
  - {title: new, line: x, versions: ">=2"}
  - {title: page, line: "http://${host}", when: {http: {url: "http://${host}:${port}/"}}}
shows:
  - {title: "queue ${port}", ask: {http: {url: "http://${host}/"}}, state: /state, good: {/state: "on-${port}"}, ages: {seen: {at: /t, per_ms: 4}}}
)";
  Planned p({base}, "global: {ssh_type: none}\nbases: [{host: a}, {host: b, port: 7001, password: s}]\n");
  const auto up = p.up();
  CHECK(p.world.brief() == "");
  REQUIRE(up.components.size() == 2);
  CHECK(up.components[0].tools.path == std::vector<std::string>{"/srv/base-7000/bin"});
  CHECK(up.components[1].tools.env.at(0).second == "/srv/base-7001/jre");
  REQUIRE(up.components[0].opens.size() == 2);
  CHECK(up.components[0].opens[0].line == "shell a:7000");
  CHECK(up.components[1].opens[0].line == "shell b:7001 -p");
  CHECK(up.components[0].opens[1].when.has_value());
  CHECK(up.components[0].shows.empty());  // only `status` asks
  const auto status = p.status();
  REQUIRE(status.components[1].shows.size() == 1);
  const auto& shown = status.components[1].shows[0];
  CHECK(shown.title == "queue 7001");
  CHECK(shown.good.at(0).value.value == "on-7001");
  CHECK(shown.ages.at(0).per_ms == 4);
}

TEST_CASE("instances of one section are a group: what changes each, what says that it serves, and what ends its change") {
  std::string led = bases;
  led += "leads: [{title: leader, tcp: {address: '${host}:${port}', send: who}}]\n";
  led += "whole: [{title: in sync, wait: {for: {tcp: {address: '${host}:1'}}, within: 3s}}]\n";
  Planned p({led, tops}, "global: {ssh_type: none}\nbases: [{host: a}, {host: b}]\ntops: [{host: b}]\n");
  const auto plan = p.up();
  REQUIRE(plan.groups.size() == 1);
  const auto& group = plan.groups.front();
  CHECK(group.section == "bases");
  REQUIRE(group.members.size() == 2);
  const auto& second = group.members[1];
  CHECK(second.steps == std::vector<int>{6, 7, 8, 9, 10});
  CHECK(second.services == std::vector<int>{10});
  REQUIRE(second.ready.size() == 1);
  CHECK(second.ready.front().id == 11);
  CHECK(second.ends == std::vector<int>{11});
  REQUIRE(second.leads.size() == 1);
  CHECK(second.leads.front().title == "leader");
  CHECK(std::get<step::Tcp>(second.leads.front().action).address.value == "b:7000");
  REQUIRE(second.whole.size() == 1);
  CHECK(second.whole.front().within == std::chrono::seconds(3));
  CHECK(p.world.complaints() == "");
}

TEST_CASE("what others of a host need, too, waits for nobody's turn") {
  const std::string shared = R"(
section: ones
component: one
title: One
default_version: 1.0.0
node: ${host}:${port}
params: {port: {type: port, default: 7}}
install:
  - dir: {path: /srv/tree}
  - dir: {path: "/srv/tree/${port}"}
start:
  - service: {name: "one-${port}", argv: [run], log: /l}
)";
  Planned p({shared}, "global: {ssh_type: none}\nones: [{host: a}, {host: a, port: 8}]\n");
  const auto plan = p.up();
  REQUIRE(plan.groups.size() == 1);
  CHECK(show(plan) ==
        "0 dir /srv/tree @a\n1 dir /srv/tree/7 @a 0\n2 service one-7 @a 0 1\n3 dir /srv/tree/8 @a 0\n4 service one-8 @a 0 3\n");
  CHECK(plan.groups.front().members[0].steps == std::vector<int>{1, 2});
  CHECK(plan.groups.front().members[1].steps == std::vector<int>{3, 4});
  CHECK(plan.groups.front().members[1].ends == std::vector<int>{4});
}
