// Rule words about addresses: of URIs and of lists, and ports that no param names.
#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "topology/hosts.hpp"
#include "topology/listeners.hpp"
#include "topology/rule_words.hpp"
#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::topology {

namespace {

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

// The same of a list of addresses, perhaps with a path behind it. Loopback is the instance's own host.
void addresses_in(const Question& q, Faults& faults) {
  std::set<std::string> known;
  source::Diagnostics unheard;
  for (const auto* each : q.of(q.rule.text("section")))
    known.insert(canonical(Scope(q.topology, each, unheard).expand(each->playbook->address)));
  if (known.empty()) return;
  for (const auto& value : q.values("value")) {
    if (!value.stated) continue;
    for (const auto& each : split(std::string_view(value.value).substr(0, value.value.find('/')), ',')) {
      std::string host, port;
      const bool whole = split_address(each, host, port);
      const auto address =
          whole && is_loopback(host) && !q.instance.host.empty() ? same_host(q.instance.host.value) + " " + port : canonical(each);
      if (known.count(address) != 0) continue;
      auto& fault = blame(faults, q, value);
      fault.said["value"] = each;
      fault.span = span_of(value, each);
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
      {"address_in", address_in},
      {"addresses_in", addresses_in},
      {"implied_port", implied_port},
  };
  return rows;
}

}  // namespace tidelab::topology
