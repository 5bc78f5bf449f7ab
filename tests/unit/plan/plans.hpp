// Plans of small playbooks, shown as lines that a test compares: title, host, what must hold (`3`) or only come before (`~3`).
#pragma once

#include <fmt/format.h>

#include "plan/make.hpp"
#include "step/describe.hpp"
#include "support/world.hpp"

namespace tidelab::plan {

inline const char* const bases = R"(
section: bases
component: base
title: Base
default_version: 1.0.0
address: ${host}:${port}
node: ${host}:${port}
dir: ${deploy_dir}
params:
  port: {type: port, default: 7000}
  deploy_dir: {type: dir, default: "/srv/base-${port}"}
  password: {type: secret, default: ""}
artifacts:
  - {name: base, file: "base-${version}.tgz", sources: [{official: "http://x/${version}"}, {assembled: assemble}]}
install:
  - dir: {path: "${deploy_dir}"}
  - unpack: {artifact: base, into: "${deploy_dir}"}
  - dir: {path: "/elsewhere"}
  - file: {path: "${deploy_dir}/conf/f", content: "p=${password}"}
  - {versions: ">=2", file: {path: "${deploy_dir}/two", content: x}}
start:
  - service: {name: "base-${port}", argv: [run, "${host}"], log: /l, stop_within: 5s}
ready:
  - wait: {for: {tcp: {address: "${host}:${port}"}}, within: 9s}
)";

inline const char* const tops = R"(
section: tops
component: top
title: Top
default_version: 1.0.0
needs: [bases]
node: ${host}
params:
  opts: {type: map, default: {k: v}}
  args: {type: list, default: [x, y]}
  deploy_dir: {type: dir, default: /srv/top}
start:
  - service: {name: top, argv: [run, "${args}"], env: {A: b}, log: /l}
)";

inline const char* const ways = R"(
section: ways
component: way
title: Way
hostless: true
needs: [tops]
node: ${name}
params: {name: {type: text, required: true}}
install:
  - title: way ${name} is there
    on: bases
    ensure:
      look: {http: {url: "http://${first bases \"{host}:{port}\"}/${name}"}}
      act:
        - {versions: {bases: "<2"}, exec: {argv: [old, "${name}"]}}
        - {versions: {bases: ">=2"}, exec: {argv: [new, "${name}"]}}
remove:
  - exec: {argv: [first, "${name}"]}
  - exec: {argv: [second, "${name}"]}
)";

struct Planned {
  support::World world;
  playbook::Templates templates;
  std::vector<check::Check> checks;
  std::vector<std::string> nodes;
  std::string source_kind;
  std::string mirror;

  Planned(const std::vector<std::string>& playbooks, const std::string& topology) : world(playbooks) {
    world.read(topology);
    REQUIRE(world.complaints() == "");
  }
  Inputs inputs() const { return {world.topology, world.library, templates, checks, source_kind, nodes, "tok", 5, mirror}; }
  Planned& check(const std::string& text) {
    checks.push_back(check::read_check(world.files.add("check.yaml", text), world.diagnostics));
    REQUIRE(world.complaints() == "");
    return *this;
  }
  Plan up() { return make_up(inputs(), world.diagnostics); }
  Plan down() { return make_down(inputs(), {}, world.diagnostics); }
  Plan verify() { return make_verify(inputs(), world.diagnostics); }
  Plan status() { return make_status(inputs(), world.diagnostics); }
  Plan rolling_restart() { return make_power(inputs(), Power::restart, world.diagnostics); }
  Plan power(bool start) { return make_power(inputs(), start ? Power::start : Power::stop, world.diagnostics); }
};

inline std::string show(const Plan& plan) {
  std::string out;
  for (const auto& step : plan.steps) {
    out += fmt::format("{} {} @{}", step.id, step.title, plan.lanes.at(static_cast<std::size_t>(step.lane)).name);
    for (const auto& need : step.needs) out += fmt::format(" {}{}", need.must_hold ? "" : "~", need.step);
    for (const auto& need : step.gates)
      for (const auto id : plan.gates.at(static_cast<std::size_t>(need.gate)).steps)
        out += fmt::format(" {}{}", need.must_hold ? "" : "~", id);
    out += "\n";
  }
  return out;
}

}  // namespace tidelab::plan
