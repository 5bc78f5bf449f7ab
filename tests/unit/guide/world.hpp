// Small components whose data go from one to the next.
#pragma once

#include "support/world.hpp"

namespace tidelab::guide {

inline const char* const fronts = R"(
section: fronts
component: front
title: Front <end>
versions: ">=1"
default_version: 1.0.0
node: ${host}:${port}
needs: [backs]
params:
  port: {type: port, default: 7000, help: "listens | here"}
  status_port: {type: port, default: 7001, versions: ">=2"}
  dir: {type: dir, default: "/srv/front-${port}"}
  mode: {type: enum, mutable: yes, values: [one, many], default: one}
  tags: {type: list, mutable: yes, default: [a, b]}
  opts: {type: map, mutable: yes, default: {k: v}}
  pause: {type: duration, mutable: yes, default: 5s}
  fast: {type: bool, mutable: yes, default: false}
  copies: {type: int, mutable: yes, default: 1}
  password: {type: secret, mutable: yes, default: ""}
  stores: {type: dirs, default: /srv/one, mutable: append}
  steps: {type: list, default: [one], mutable: append}
  place: {type: text, mutable: yes, default: here}
  spare_dir: {type: dir, default: "/srv/${place}"}
  label: {type: text, required: true, help: "what it is called"}
)";

inline const char* const backs = R"(
section: backs
component: back
title: Back
default_version: 1.0.0
node: ${host}:${port}
params:
  port: {type: port, default: 7100}
fixed_members:
  - {versions: "<2", since: they are counted at birth}
  - {versions: ">=3", since: they could elect one of themselves, unless: majority}
  - {versions: "<3", since: the guests have others, beside: guests}
rules:
  - {code: R900, requires: {section: fronts}, message: alone}
)";

inline const char* const ways = R"(
section: ways
component: way
title: Way
hostless: true
node: ${name}
params: {name: {type: text, required: true}}
flow:
  - {to: fronts, port: port, label: "in by ${name}"}
  - {to: backs, port: port, label: [on, "and on"]}
  - {port: port, port_of: fronts, label: out}
)";

inline const char* const guests = R"(
section: guests
component: guest
title: Guest
provisioned: false
node: ${host}:${port}
params:
  port: {type: port, default: 7200}
)";

struct Lab : support::World {
  Lab() : World({fronts, backs, ways, guests}) {}
};

}  // namespace tidelab::guide
