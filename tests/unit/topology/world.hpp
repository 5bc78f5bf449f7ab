// A small component with one param of each type, and one that stands beside it.
#pragma once

#include "support/world.hpp"

namespace tidelab::topology {

inline const char* const stores = R"(
section: stores
component: store
title: Store
versions: ">=1 <3"
default_version: 1.2.3
shares: [twins]
params:
  port: {type: port, default: 7000}
  peer_port: {type: port, default: 7001}
  late_port: {type: port, default: 7002, versions: ">=2"}
  deploy_dir: {type: dir, default: "${global.deploy_dir}/store-${port}"}
  data_dir: {type: dir, default: data, inherits: true, in: deploy_dir, own: "store-${port}"}
  name: {type: text, default: "s${ordinal}"}
  id: {type: int, default: "${ordinal}"}
  fast: {type: bool, default: false}
  pause: {type: duration, default: 5s}
  mode: {type: enum, values: [one, many], default: one}
  tags: {type: list, default: ["${name}", b]}
  opts: {type: map, default: {k: "${port}"}}
  password: {type: secret, default: "", mutable: yes}
  jre: {type: text, default: 11.0.13}
  copies: {type: int, default: 1}
rules:
  - {code: R901, requires: {section: twins}, versions: "2.5", message: "store ${version} needs a twin", help: "add `twins`"}
  - {code: R902, forbids: {section: twins}, versions: "2.6", message: no twins}
  - {code: R903, java: {param: jre, range: "8 || 11"}, message: "no Java ${jre}"}
  - {code: R904, not_matched: {param: name, patterns: tags}, versions: "2.7", message: "${name} is matched"}
  - {code: R905, at_most: {param: copies, count_of: stores}, message: "${copies} copies of ${count stores}"}
)";

inline const char* const twins = R"(
section: twins
component: twin
title: Twin
default_version: 1.0.0
version_of: store
params:
  port: {type: port, default: 7100}
  deploy_dir: {type: dir, default: "${global.deploy_dir}/store-7000"}
)";

inline const char* const flows = R"(
section: flows
component: flow
title: Flow
hostless: true
params:
  name: {type: text, required: true, help: "what it is called"}
  to: {type: text, default: "${join stores \"{host}:{port}\" \",\"}"}
)";

// Left alone, on hosts that are named.
inline const char* const helpers = R"(
section: helpers
component: helper
title: Helper
provisioned: false
address: ${host}:${port}
params:
  port: {type: port, default: 7200}
  off_port: {type: port, default: 7201, least: -1}
  deploy_dir: {type: dir, default: "${global.deploy_dir}/helper-${port}"}
  data_dir: {type: dirs, default: data, inherits: true, in: deploy_dir, own: "helper-${port}", mutable: append}
  rules: {type: path}
)";

// Left alone, and on every host of a store.
inline const char* const probes = R"(
section: probes
component: probe
title: Probe
provisioned: false
on_hosts_of: [stores]
unless: lonely
params:
  port: {type: port, default: 7300}
  deploy_dir: {type: dir, default: "${global.deploy_dir}/probe-${port}"}
)";

}  // namespace tidelab::topology
