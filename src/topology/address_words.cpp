// Rule words about addresses: listeners (`NAME://host:port,…`), URIs, and ports that no param names.
#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "topology/rule_words.hpp"
#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::topology {

namespace {

struct Listener {
  std::string name, host, port;
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (bool more = true; more;) {
    const auto end = text.find(at);
    more = end != std::string_view::npos;
    auto piece = text.substr(0, end);
    while (piece.starts_with(' ')) piece.remove_prefix(1);
    while (piece.ends_with(' ')) piece.remove_suffix(1);
    out.emplace_back(piece);
    if (more) text.remove_prefix(end + 1);
  }
  return out;
}

bool is_port(const std::string& text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 0 && port <= 65535;
}

// "host:port", "[::1]:port"; the host may be empty.
bool split_address(const std::string& text, std::string& host, std::string& port) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  host = text.substr(0, colon);
  port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return is_port(port);
}

std::optional<Listener> parse_listener(const std::string& text) {
  const auto sign = text.find("://");
  Listener out;
  if (sign == std::string::npos || sign == 0) return std::nullopt;
  out.name = text.substr(0, sign);
  std::transform(out.name.begin(), out.name.end(), out.name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (!split_address(text.substr(sign + 3), out.host, out.port)) return std::nullopt;
  return out;
}

// Those that can be read; the others are told by `listeners`.
std::vector<Listener> parse_listeners(const std::string& text) {
  std::vector<Listener> out;
  for (const auto& each : split(text, ','))
    if (auto listener = parse_listener(each)) out.push_back(std::move(*listener));
  return out;
}

bool is_wildcard(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::" || host == "*"; }
bool is_loopback(const std::string& host) { return same_host(host) == "127.0.0.1" || host.starts_with("127."); }

void listeners(const Question& q, Faults& faults) {
  for (const auto& value : q.values("value")) {
    std::set<std::string> names;
    for (const auto& each : split(value.value, ',')) {
      const auto listener = parse_listener(each);
      if (listener && names.insert(listener->name).second) continue;
      blame(faults, q, value).said["value"] = each;
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

void reachable(const Question& q, Faults& faults) {
  for (const auto& value : q.values("value"))
    for (const auto& each : parse_listeners(value.value))
      if (is_wildcard(each.host)) {
        blame(faults, q, value).said["value"] = each.host;
        break;
      }
}

void not_loopback(const Question& q, Faults& faults) {
  const auto elsewhere = std::find_if(q.topology.instances.begin(), q.topology.instances.end(), [](const auto& each) {
    return !each.playbook->hostless && !each.host.empty() && !is_loopback(each.host.value);
  });
  if (elsewhere == q.topology.instances.end()) return;
  for (const auto& value : q.values("value"))
    for (const auto& each : parse_listeners(value.value))
      if (is_loopback(each.host)) {
        auto& fault = blame(faults, q, value);
        fault.said["value"] = each.host;
        fault.said["other"] = elsewhere->host.value;
        if (!value.stated && q.instance.host.span.known()) fault.span = q.instance.host.span;
        break;
      }
}

std::string canonical(const std::string& address) {
  std::string host, port;
  return split_address(address, host, port) ? same_host(host) + " " + port : address;
}

// The hosts of a URI are to be instances of a section, at the address that its playbook gives them.
void address_in(const Question& q, Faults& faults) {
  std::set<std::string> known;
  source::Diagnostics unheard;
  for (const auto* each : q.of(q.rule.text("section")))
    known.insert(canonical(Scope(q.topology, each, unheard).expand(each->playbook->address)));
  if (known.empty()) return;
  for (const auto& value : q.values("value")) {
    const auto sign = value.value.find("://");
    if (sign == std::string::npos) continue;
    const auto rest = std::string_view(value.value).substr(sign + 3);
    for (const auto& each : split(rest.substr(0, rest.find_first_of("/?#")), ',')) {
      if (known.count(canonical(each)) != 0) continue;
      blame(faults, q, value).said["value"] = each;
      break;
    }
  }
}

// The port that an instance takes without a param that says so; nothing when it is switched off.
std::optional<Found> implied(const Question& q) {
  const auto switches = q.values("unless_false"), ports = q.values("port");
  if (ports.empty() || std::any_of(switches.begin(), switches.end(), [](const auto& each) { return each.value == "false"; })) return {};
  auto out = ports.front();
  if (!out.stated && !switches.empty() && switches.front().stated) out.span = switches.front().span, out.stated = true;
  out.whose = &q.instance;
  return out;
}

// Also one that is left alone takes its ports.
template <class Visit>
void each_neighbour(const Question& q, Visit&& visit) {
  for (const auto* list : {&q.topology.instances, &q.topology.left_alone})
    for (const auto& other : *list)
      if (!other.playbook->hostless && same_host(other.host.value) == same_host(q.instance.host.value) && !visit(other)) return;
}

const Instance* first_to_imply(const Question& q, const std::string& port) {
  for (const auto& other : q.topology.instances) {
    if (&other == &q.instance) return nullptr;  // the second one is told, not both
    if (other.playbook->hostless || same_host(other.host.value) != same_host(q.instance.host.value)) continue;
    for (const auto& rule : other.playbook->rules) {
      if (rule.word.value != "implied_port" || !applies(rule.versions, other, q.topology)) continue;
      if (const auto claim = implied({rule, other, q.topology, q.members}); claim && claim->value == port) return &other;
    }
  }
  return nullptr;
}

void implied_port(const Question& q, Faults& faults) {
  const auto claim = implied(q);
  if (!claim) return;
  const auto tell = [&](const Instance& other, const std::string& name, const source::Span& span) {
    auto& fault = blame(faults, q, *claim);
    fault.said["other"] = name.empty() ? other.name() : fmt::format("`{}` of {}", name, other.name());
    fault.notes.push_back({fmt::format("{} is", fault.said["other"]), span});
  };
  bool told = false;
  each_neighbour(q, [&](const Instance& other) {
    for (const auto& [name, value] : other.values) {
      told = value.type == playbook::Type::port && value.text.value == claim->value;
      if (told) tell(other, name, value.stated ? value.text.span : other.span);
      if (told) break;
    }
    return !told;
  });
  if (told) return;
  if (const auto* other = first_to_imply(q, claim->value)) tell(*other, "", other->span);
}

}  // namespace

const std::vector<WordRow>& words_about_addresses() {
  static const std::vector<WordRow> rows = {
      {"listeners", listeners},       {"listed_in", listed_in},   {"port_in", port_in},           {"reachable", reachable},
      {"not_loopback", not_loopback}, {"address_in", address_in}, {"implied_port", implied_port},
  };
  return rows;
}

}  // namespace tidelab::topology
