#include "topology/rules.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "playbook/version.hpp"

namespace tidelab::topology {

namespace {

using playbook::Type;
using source::Diagnostics;

struct Claim {
  const Instance* instance;
  std::string name;
  const Value* value;
  source::Span span() const { return value->stated ? value->text.span : instance->span; }
};

bool may_share(const Instance& a, const Instance& b) {
  const auto names = [](const Instance& x, const std::string& section) {
    for (const auto& each : x.playbook->shares)
      if (each.value == section) return true;
    return false;
  };
  return names(a, b.section) || names(b, a.section);
}

void check_ports(const Topology& topology, Diagnostics& diagnostics) {
  std::map<std::pair<std::string, std::string>, Claim> taken;
  for (const auto& instance : topology.instances) {
    if (instance.playbook->hostless) continue;
    for (const auto& [name, value] : instance.values) {
      if (value.type != Type::port || value.text.empty()) continue;
      const Claim claim{&instance, name, &value};
      const auto [first, fresh] = taken.try_emplace({same_host(instance.host.value), value.text.value}, claim);
      if (fresh) continue;
      auto& d =
          diagnostics.error("T012", fmt::format("port {} is used twice on host {}", value.text.value, instance.host.value), claim.span());
      d.label = fmt::format("{} of {}", name, instance.name());
      d.notes.push_back(
          {fmt::format("first claimed as {} of {}", first->second.name, first->second.instance->name()), first->second.span()});
      d.help = fmt::format("give one of them another `{}`, or move it to another host", name);
    }
  }
}

bool inside(const std::string& inner, const std::string& outer) { return inner.starts_with(outer + "/"); }

void check_dirs(const Topology& topology, Diagnostics& diagnostics) {
  std::vector<Claim> claims;
  for (const auto& instance : topology.instances) {
    if (instance.playbook->hostless) continue;
    const auto first = static_cast<std::ptrdiff_t>(claims.size());
    for (const auto& [name, value] : instance.values)
      if (value.type == Type::dir && !value.text.empty()) claims.push_back({&instance, name, &value});
    // What is written, and what others lie in, is the cause and is told; what is derived from it is not.
    std::stable_sort(claims.begin() + first, claims.end(), [](const Claim& a, const Claim& b) {
      return std::pair(!a.value->stated, a.value->text.value.size()) < std::pair(!b.value->stated, b.value->text.value.size());
    });
  }
  std::set<std::pair<const Instance*, const Instance*>> told;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto &b = claims[i], &a = claims[j];
      if (a.instance == b.instance || same_host(a.instance->host.value) != same_host(b.instance->host.value)) continue;
      const auto &x = a.value->text.value, &y = b.value->text.value;
      const bool same = x == y;
      if (!same && !inside(x, y) && !inside(y, x)) continue;
      if (may_share(*a.instance, *b.instance)) continue;
      if (!told.insert({a.instance, b.instance}).second) continue;  // one cause, one error
      auto& d = diagnostics.error("T013",
                                  same           ? fmt::format("directory {} is used twice on host {}", y, b.instance->host.value)
                                  : inside(y, x) ? fmt::format("directory {} lies inside {} on host {}", y, x, b.instance->host.value)
                                                 : fmt::format("directory {} holds {} on host {}", y, x, b.instance->host.value),
                                  b.span());
      d.label = fmt::format("{} of {}", b.name, b.instance->name());
      d.notes.push_back({fmt::format("the other one is {} of {}", a.name, a.instance->name()), a.span()});
      d.help = fmt::format("give one of them another `{}`", b.name);
    }
  }
}

void check_names(const Topology& topology, Diagnostics& diagnostics) {
  std::map<std::pair<std::string, std::string>, const Instance*> taken;
  for (const auto& instance : topology.instances) {
    const auto name = instance.values.find("name");
    if (name == instance.values.end() || name->second.text.empty()) continue;
    const auto [first, fresh] = taken.try_emplace({instance.section, name->second.text.value}, &instance);
    if (fresh) continue;
    auto& d = diagnostics.error("T015", fmt::format("two of `{}` are called `{}`", instance.section, name->second.text.value),
                                name->second.stated ? name->second.text.span : instance.span);
    d.notes.push_back({"the other one is", first->second->span});
    d.help = "give one of them another `name`";
  }
}

}  // namespace

std::string same_host(const std::string& host) { return host == "localhost" || host == "::1" ? "127.0.0.1" : host; }

bool matches_wildcard(std::string_view text, std::string_view pattern) {
  // Iterative, so that "a*a*a*…" cannot take exponential time.
  std::size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++t, ++p;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool applies(const playbook::Versions& versions, const Instance& instance, const Topology& topology) {
  for (const auto& [section, range_text] : versions) {
    const auto range = playbook::Range::parse(range_text.value);
    if (!range) return false;
    const Instance* whose = &instance;
    if (!section.value.empty()) {
      const auto members = topology.of(section.value);
      if (members.empty()) return false;
      whose = members.front();
    }
    const auto version = playbook::parse_version(whose->version.value);
    if (!version || !range->holds(*version)) return false;
  }
  return true;
}

void check_conflicts(const Topology& topology, Diagnostics& diagnostics) {
  check_ports(topology, diagnostics);
  check_dirs(topology, diagnostics);
  check_names(topology, diagnostics);
}

}  // namespace tidelab::topology
