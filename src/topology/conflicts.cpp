// Claims of instances on ports and directories, sorted by machine, so that neighbours are all that must be compared.
#include "topology/conflicts.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "topology/hosts.hpp"

namespace tidelab::topology {

namespace {

using playbook::Type;
using source::Diagnostics;
using source::Severity;

struct Claim {
  const Instance* instance;
  const std::string* name;  ///< of the param
  const Value* value;
  source::Span at;   ///< where it is written
  std::string path;  ///< of a directory
  int order = 0;     ///< in the file

  source::Span span() const { return value->stated ? at : instance->span; }
  /// A tree that programs are put into, rather than data or logs.
  bool tree() const { return value->param != nullptr && value->param->in.empty(); }
  std::string text() const { return fmt::format("{} of {}", *name, instance->name()); }
};

template <class Visit>
void each_value(const Topology& topology, Visit&& visit) {
  for (const auto* list : {&topology.instances, &topology.left_alone})
    for (const auto& instance : *list)
      if (instance.machine >= 0)
        for (const auto& [name, value] : instance.values)
          if (value.usable) visit(instance, name, value);
}

bool earlier(const Claim& a, const Claim& b) {
  const auto key = [](const Claim& c) { return std::tuple(c.instance->span.line, c.instance->span.column); };
  return key(a) < key(b);
}

bool may_share(const Instance& a, const Instance& b) {
  const auto names = [](const Instance& x, const std::string& section) {
    const auto& shares = x.playbook->shares;
    return std::any_of(shares.begin(), shares.end(), [&](const auto& each) { return each.value == section; });
  };
  return names(a, b.section) || names(b, a.section);
}

// One that is on each host without being written is a fault only beside what brings it there: who does not use it may
// have its port.
bool only_perhaps(const Claim& claim, const Claim& other) {
  const auto& on = claim.instance->playbook->on_hosts_of;
  if (on.empty() || claim.instance->span.known()) return false;
  return std::none_of(on.begin(), on.end(), [&](const auto& each) { return each.value == other.instance->section; });
}

using Pair = std::pair<const Instance*, const Instance*>;

class Checker {
public:
  Checker(const Topology& topology, Diagnostics& diagnostics) : topology_(topology), diagnostics_(diagnostics) {}

  void check() {
    check_ports();
    check_dirs();
    check_names();
  }

private:
  const Topology& topology_;
  Diagnostics& diagnostics_;
  std::set<Pair> clash_;  ///< whose ports are told: what derives from those is not told again
  std::set<Pair> twins_;  ///< of one section, with several ports the same: an instance that stands there twice
  std::set<Pair> told_dirs_;

  // The claim that is told about, and the one that it is held against: the later in the file complains about the earlier.
  source::Diagnostic& complain(const char* code, const Claim& claim, const Claim& other, std::string message, bool warning) {
    auto& d =
        warning ? diagnostics_.warning(code, std::move(message), claim.span()) : diagnostics_.error(code, std::move(message), claim.span());
    d.label = claim.text();
    d.notes.push_back({fmt::format("first claimed as {}", other.text()), other.span()});
    return d;
  }

  /// The ports that a later instance wants and an earlier one has; of one section, all of them: they have one cause.
  using Clash = std::vector<std::pair<Claim, Claim>>;

  void check_ports() {
    std::unordered_map<std::string, Claim> taken;
    std::vector<Claim> claims;
    std::vector<Clash> clashes;
    std::map<Pair, std::size_t> of_pair;  // where in `clashes`
    each_value(topology_, [&](const Instance& instance, const std::string& name, const Value& value) {
      if (value.type == Type::port && !value.text.empty()) claims.push_back({&instance, &name, &value, value.text.span, {}, 0});
    });
    std::stable_sort(claims.begin(), claims.end(), earlier);
    for (auto claim : claims) {
      const auto& port = claim.value->text.value;
      const auto [first, fresh] = taken.try_emplace(fmt::format("{} {}", claim.instance->machine, port), claim);
      if (fresh) continue;
      auto other = first->second;
      // Within one instance, the one that is written is to blame.
      if (claim.instance == other.instance && !claim.value->stated && other.value->stated) std::swap(claim, other);
      if (other.instance == claim.instance && !claim.instance->playbook->on_hosts_of.empty() && claim.instance->ordinal > 1) continue;
      clash_.insert({other.instance, claim.instance});
      const bool one_section = claim.instance != other.instance && claim.instance->section == other.instance->section;
      const auto [known, first_of_pair] = of_pair.try_emplace({other.instance, claim.instance}, clashes.size());
      if (first_of_pair || !one_section)
        clashes.push_back({{claim, other}});
      else
        clashes[known->second].emplace_back(claim, other);
    }
    for (auto& clash : clashes) {
      const auto number = [](const auto& each) { return std::tuple(each.first.value->text.value.size(), each.first.value->text.value); };
      std::stable_sort(clash.begin(), clash.end(), [&](const auto& a, const auto& b) { return number(a) < number(b); });
      tell_clash(clash);
    }
  }

  void tell_clash(const Clash& clash) {
    const auto& [claim, other] = clash.front();
    const bool warning = only_perhaps(claim, other) || only_perhaps(other, claim);
    std::string ports, names;
    for (std::size_t i = 0; i < clash.size(); ++i) {
      const auto* between = i == 0 ? "" : i + 1 == clash.size() ? " and " : ", ";
      ports += between + clash[i].first.value->text.value, names += fmt::format("{}`{}`", between, *clash[i].first.name);
    }
    const bool several = clash.size() > 1;
    if (several) twins_.insert({other.instance, claim.instance});
    auto& d = complain("T012", claim, other,
                       fmt::format("{} {} used twice on {}", several ? "ports " + ports : "port " + ports, several ? "are" : "is",
                                   machine_of(*claim.instance, *other.instance)),
                       warning);
    d.help = several
                 ? fmt::format("take {} away if it is written twice; else give it another host, or other {}", claim.instance->name(), names)
                 : fmt::format("give one of them another {}, or move it to another host", names);
  }

  void check_dirs() {
    std::unordered_map<int, std::vector<Claim>> by_machine;
    std::vector<int> machines;
    each_value(topology_, [&](const Instance& instance, const std::string& name, const Value& value) {
      if ((value.type != Type::dir && value.type != Type::dirs) || value.text.empty()) return;
      auto& claims = by_machine[instance.machine];
      if (claims.empty()) machines.push_back(instance.machine);
      if (value.type == Type::dir) claims.push_back({&instance, &name, &value, value.text.span, value.text.value, 0});
      for (const auto& each : value.list) claims.push_back({&instance, &name, &value, each.span, each.value, 0});
    });
    for (const auto machine : machines) check_dirs_on(by_machine[machine]);
  }

  // Sorted by path with `/` before all else, a directory stands right behind those that it lies in.
  void check_dirs_on(std::vector<Claim>& claims) {
    std::stable_sort(claims.begin(), claims.end(), earlier);
    for (std::size_t i = 0; i < claims.size(); ++i) claims[i].order = static_cast<int>(i);
    const auto key = [](const std::string& path) {
      auto out = path;
      std::replace(out.begin(), out.end(), '/', '\x01');
      return out;
    };
    for (auto& each : claims) each.path = key(each.path);
    std::sort(claims.begin(), claims.end(),
              [](const Claim& a, const Claim& b) { return std::tie(a.path, a.order) < std::tie(b.path, b.order); });
    struct Found {
      const Claim* inner;
      const Claim* outer;
    };
    std::vector<Found> found;
    std::vector<const Claim*> above;
    for (const auto& claim : claims) {
      while (!above.empty() && !lies_in(claim.path, above.back()->path)) above.pop_back();
      for (const auto* outer : above) found.push_back({&claim, outer});
      // One that many have is held against all of them: the first has it, and each other one is told once.
      if (!above.empty() && above.back()->path == claim.path) continue;
      above.push_back(&claim);
      if (above.size() > most_above) above.erase(above.begin() + 1);
    }
    // What is written, and what others lie in, is the cause and is told; what is derived from it is not.
    const auto rank = [](const Found& f) {
      return std::tuple(!f.inner->value->stated || !f.outer->value->stated, f.inner->path.size() + f.outer->path.size(),
                        std::max(f.inner->order, f.outer->order));
    };
    std::stable_sort(found.begin(), found.end(), [&](const Found& a, const Found& b) { return rank(a) < rank(b); });
    for (const auto& each : found) compare(*each.inner, *each.outer);
  }

  static constexpr std::size_t most_above = 64;  // a thousand equal directories are one mistake, not a million

  static bool lies_in(const std::string& inner, const std::string& outer) {
    return inner.size() >= outer.size() && inner.compare(0, outer.size(), outer) == 0 &&
           (inner.size() == outer.size() || inner[outer.size()] == '\x01');
  }

  void compare(const Claim& inner, const Claim& outer) {
    const bool same = inner.path.size() == outer.path.size();
    const auto& a = *inner.instance;
    const auto& b = *outer.instance;
    if (&a == &b) {
      if (!same && (inner.tree() || outer.tree() || !inner.value->stated)) return;  // data and logs lie in their own tree
      if (!inner.value->stated && !outer.value->stated) return;                     // its playbook's own doing
    } else if (may_share(a, b)) {
      return;
    }
    // What somebody wrote is to blame before a default, and the later in the file before the earlier.
    const bool one_is_written = inner.value->stated != outer.value->stated;
    const auto& later = one_is_written ? (inner.value->stated ? inner : outer) : inner.order > outer.order ? inner : outer;
    const auto& sooner = &later == &inner ? outer : inner;
    const Pair pair = inner.order > outer.order ? Pair{&b, &a} : Pair{&a, &b};
    if (&a != &b && !inner.value->stated && !outer.value->stated && clash_.contains(pair)) return;  // derived from one port
    if (same && twins_.contains(pair)) return;
    if (&a != &b && !told_dirs_.insert(pair).second) return;        // one cause, one error
    const bool harmless = !same && (inner.tree() || outer.tree());  // it comes up, and taking one away may take the other, too
    const bool warning = harmless || only_perhaps(inner, outer) || only_perhaps(outer, inner);
    const auto shown = [](std::string path) {
      std::replace(path.begin(), path.end(), '\x01', '/');
      return path;
    };
    const auto x = shown(later.path), y = shown(sooner.path);
    const auto host = machine_of(*later.instance, *sooner.instance);
    auto message = same               ? fmt::format("directory {} is used twice on {}", x, host)
                   : &later == &inner ? fmt::format("directory {} lies inside {} on {}", x, y, host)
                                      : fmt::format("directory {} holds {} on {}", x, y, host);
    auto& d = complain("T013", later, sooner, std::move(message), warning);
    d.notes.back().text = fmt::format("the other one is {}", sooner.text());
    d.help = fmt::format("give one of them another `{}`", *later.name);
  }

  void check_names() {
    std::unordered_map<std::string, const Instance*> taken;
    for (const auto* list : {&topology_.instances, &topology_.left_alone}) {
      for (const auto& instance : *list) {
        const auto* name = instance.find("name");
        if (name == nullptr || name->text.empty() || !name->usable || !instance.placed) continue;
        const auto [first, fresh] = taken.try_emplace(instance.section + " " + name->text.value, &instance);
        if (fresh || (!name->stated && clash_.contains({first->second, &instance}))) continue;
        auto& d = diagnostics_.error("T015", fmt::format("two of `{}` are called `{}`", instance.section, name->text.value),
                                     name->stated ? name->text.span : instance.span);
        d.notes.push_back({"the other one", first->second->span});
        d.help = "give one of them another `name`";
      }
    }
  }
};

}  // namespace

void check_conflicts(const Topology& topology, Diagnostics& diagnostics) { Checker(topology, diagnostics).check(); }

}  // namespace tidelab::topology
