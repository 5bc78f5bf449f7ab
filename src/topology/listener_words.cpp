// Rule words about listeners (`NAME://host:port,…`) and the addresses that others are told.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "topology/hosts.hpp"
#include "topology/listeners.hpp"
#include "topology/rule_words.hpp"

namespace tidelab::topology {

namespace {

// At the piece of the value, where the value is written; the piece is what the message calls the value.
Fault& blame_piece(Faults& faults, const Question& q, const Found& value, const std::string& piece, const std::string& shown,
                   const Found* other = nullptr) {
  auto& fault = blame(faults, q, value, other);
  fault.said["value"] = shown;
  if (value.stated) fault.span = span_of(value, piece);
  return fault;
}

void listeners(const Question& q, Faults& faults) {
  for (const auto& value : q.values("value")) {
    std::set<std::string> names;
    for (const auto& each : split(value.value, ',')) {
      const auto listener = parse_listener(each);
      if (listener && names.insert(listener->name).second) continue;
      blame_piece(faults, q, value, each, each);
      break;
    }
  }
}

void listed_in(const Question& q, Faults& faults) {
  const auto others = q.values("listeners");
  if (others.empty()) return;
  std::set<std::string> names;
  for (const auto& each : split(others.front().value, ',')) {
    const auto listener = parse_listener(each);
    if (!listener) return;  // told by `listeners`
    names.insert(listener->name);
  }
  for (const auto& value : q.values("value")) {
    for (const auto& each : parse_listeners(value.value)) {
      if (names.count(each.name) != 0) continue;
      blame(faults, q, value, &others.front()).said["value"] = each.name;
      break;
    }
  }
}

// The listener of this name is what the brokers talk to each other by.
void named_in(const Question& q, Faults& faults) {
  const auto names = q.values("value"), all = q.values("listeners");
  if (all.empty()) return;
  const auto wanted = names.empty() ? Found{&q.instance, q.rule.text("otherwise"), {}, false} : names.front();
  for (const auto& told : q.values("unless"))  // advertised and not listened on: `listed_in` tells that
    for (const auto& each : parse_listeners(told.value))
      if (each.name == wanted.value) return;
  const auto parsed = parse_listeners(all.front().value);
  if (parsed.empty() || std::any_of(parsed.begin(), parsed.end(), [&](const auto& each) { return each.name == wanted.value; })) return;
  auto& fault = blame(faults, q, wanted, &all.front());
  fault.said["other"] = parsed.front().name;
}

void port_in(const Question& q, Faults& faults) {
  const auto ports = q.values("value"), others = q.values("listeners");
  if (ports.empty() || others.empty()) return;
  const auto all = parse_listeners(others.front().value);
  const auto& port = ports.front().value;
  if (all.empty() || std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.port == port; })) return;
  auto& fault = blame(faults, q, others.front(), &ports.front());
  fault.said["value"] = port;
  fault.said["other"] = others.front().value;
}

// One address of each family may have the same port.
void ports_differ(const Question& q, Faults& faults) {
  for (const auto& value : q.values("value")) {
    if (!value.stated) continue;  // made from ports, which are told there
    std::map<std::pair<std::string, bool>, std::string> taken;
    for (const auto& each : parse_listeners(value.value)) {
      if (each.port == "0") continue;
      const auto [first, fresh] = taken.try_emplace({each.port, each.host.find(':') != std::string::npos}, each.name);
      if (fresh) continue;
      auto& fault = blame_piece(faults, q, value, each.text, each.port);
      fault.said["name"] = each.name;
      fault.said["other"] = first->second;
    }
  }
}

// Each name stands for a protocol: its own, or the one that the map gives it.
void mapped(const Question& q, Faults& faults) {
  const auto& protocols = q.rule.find("protocols")->texts;
  const auto is_protocol = [&](const std::string& name) {
    return std::any_of(protocols.begin(), protocols.end(), [&](const auto& each) { return each.value == name; });
  };
  std::map<std::string, std::string> known;
  const auto maps = q.values("map");
  if (!maps.empty())
    for (const auto& each : split(maps.front().value, ',')) {
      const auto colon = std::min(each.find(':'), each.size());
      known[each.substr(0, colon)] = each.substr(std::min(colon + 1, each.size()));
    }
  for (const auto& value : q.values("value"))
    for (const auto& each : parse_listeners(value.value)) {
      const auto protocol = known.find(each.name);
      const bool fine = maps.empty() ? is_protocol(each.name) : protocol != known.end() && is_protocol(protocol->second);
      if (fine) continue;
      auto& fault = blame_piece(faults, q, value, each.text, each.name, maps.empty() ? nullptr : &maps.front());
      fault.said["other"] = maps.empty() ? "is not written" : protocol == known.end() ? "does not name it" : "says " + protocol->second;
    }
}

// Who is told an address has to find the listener of that name behind it. Behind another address than the host's there may
// be something that translates.
void answered(const Question& q, Faults& faults) {
  const auto others = q.values("listeners");
  if (others.empty()) return;
  const auto all = parse_listeners(others.front().value);
  const bool here = q.rule.text("at") == "host";
  for (const auto& value : q.values("value")) {
    std::set<std::string> names;  // one that is there twice is told by `listeners`
    for (const auto& each : parse_listeners(value.value)) {
      if (!value.stated || !names.insert(each.name).second) continue;
      const auto own = std::find_if(all.begin(), all.end(), [&](const auto& listener) { return listener.name == each.name; });
      if (own == all.end() || own->port == each.port || own->port == "0") continue;
      if ((same_host(each.host) == same_host(q.instance.host.value) || is_loopback(each.host) || is_wildcard(each.host)) != here) continue;
      auto& fault = blame_piece(faults, q, value, each.text, each.port, &others.front());
      fault.said["name"] = each.name;
      fault.said["other"] = own->port;
      fault.said["host"] = each.host;
    }
  }
}

void reachable(const Question& q, Faults& faults) {
  for (const auto& value : q.values("value"))
    for (const auto& each : parse_addresses(value.value))
      if (value.stated && is_wildcard(each.host)) blame_piece(faults, q, value, each.text, each.host.empty() ? each.text : each.host);
}

void not_loopback(const Question& q, Faults& faults) {
  const auto elsewhere = std::find_if(q.topology.instances.begin(), q.topology.instances.end(), [](const auto& each) {
    return !each.playbook->hostless && !each.host.empty() && !is_loopback(each.host.value);
  });
  if (elsewhere == q.topology.instances.end()) return;
  for (const auto& value : q.values("value"))
    for (const auto& each : parse_addresses(value.value))
      if (value.stated && is_loopback(each.host)) {  // what follows from `host` is told there
        blame_piece(faults, q, value, each.text, each.host).said["other"] = elsewhere->host.value;
        break;
      }
}

// Who is reached at its host and listens on loopback only answers nobody, not even on its own machine.
void hears(const Question& q, Faults& faults) {
  if (is_loopback(q.instance.host.value)) return;
  for (const auto& value : q.values("value"))
    for (const auto& each : parse_addresses(value.value))
      if (is_loopback(each.host)) blame_piece(faults, q, value, each.text, each.host).said["other"] = q.instance.host.value;
}

}  // namespace

const std::vector<WordRow>& words_about_listeners() {
  static const std::vector<WordRow> rows = {
      {"listeners", listeners},       {"listed_in", listed_in}, {"named_in", named_in}, {"port_in", port_in},
      {"ports_differ", ports_differ}, {"mapped", mapped},       {"answered", answered}, {"reachable", reachable},
      {"not_loopback", not_loopback}, {"hears", hears},
  };
  return rows;
}

}  // namespace tidelab::topology
