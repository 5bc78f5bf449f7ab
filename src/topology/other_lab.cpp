// What another lab has already on the same machines.
#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "topology/conflicts.hpp"
#include "topology/hosts.hpp"

namespace tidelab::topology {

namespace {

using playbook::Type;
using source::Diagnostics;

struct Theirs {
  const Instance* instance;
  const std::string* name;
  const Value* value;

  source::Span span() const { return value->stated ? value->text.span : instance->span; }
};

/// Ports and directories of one machine. A directory is found by walking up, and those inside it stand behind it.
struct Taken {
  std::unordered_map<std::string, Theirs> ports;
  std::map<std::string, Theirs> dirs;

  const std::pair<const std::string, Theirs>* beside(const std::string& path) const {
    for (auto at = path.size(); at != std::string::npos && at > 0; at = path.rfind('/', at - 1))
      if (const auto found = dirs.find(path.substr(0, at)); found != dirs.end()) return &*found;
    const auto next = dirs.lower_bound(path + "/");
    return next != dirs.end() && next->first.starts_with(path + "/") ? &*next : nullptr;
  }
};

using Machines = std::unordered_map<std::string, int>;  // every name of a machine → its number

std::vector<std::string> names_of(const Instance& instance) {
  std::vector<std::string> out = {same_host(instance.host.value)};
  if (!instance.manage_host.empty()) out.push_back(same_host(instance.manage_host.value));
  return out;
}

class OtherLab {
public:
  OtherLab(const Topology& other, Diagnostics& diagnostics) : other_(other), diagnostics_(diagnostics) {
    for (const auto& instance : other.instances) {
      if (instance.machine < 0) continue;
      for (const auto& name : names_of(instance)) machines_[name] = instance.machine;
      for (const auto& [name, value] : instance.values) add({&instance, &name, &value});
    }
  }

  void check(const Instance& instance) {
    for (const auto& name : names_of(instance)) {
      const auto machine = machines_.find(name);
      if (machine == machines_.end()) continue;
      bool told = false;  // the directories of one instance lie in one another: one cause, one error
      for (const bool stated : {true, false})
        for (const auto& [param, value] : instance.values)
          if (value.usable && value.stated == stated) compare(taken_[machine->second], {&instance, &param, &value}, told);
      return;
    }
  }

private:
  const Topology& other_;
  Diagnostics& diagnostics_;
  Machines machines_;
  std::unordered_map<int, Taken> taken_;

  void add(const Theirs& claim) {
    auto& taken = taken_[claim.instance->machine];
    const auto& value = *claim.value;
    if (value.type == Type::port && !value.text.empty()) taken.ports.try_emplace(value.text.value, claim);
    if (value.type == Type::dir && !value.text.empty()) taken.dirs.try_emplace(value.text.value, claim);
    if (value.type == Type::dirs)
      for (const auto& each : value.list) taken.dirs.try_emplace(each.value, claim);
  }

  void compare(const Taken& taken, const Theirs& mine, bool& told) {
    const auto& value = *mine.value;
    if (value.type == Type::port) {
      const auto found = taken.ports.find(value.text.value);
      if (found != taken.ports.end()) complain(mine, found->second, fmt::format("port {}", value.text.value), "");
    } else if (value.type == Type::dir || value.type == Type::dirs) {
      const auto paths = value.type == Type::dirs ? value.list : step::Texts{value.text};
      for (const auto& path : paths) {
        const auto* found = path.empty() || told ? nullptr : taken.beside(path.value);
        if (found == nullptr) continue;
        told = true;
        complain(mine, found->second, fmt::format("directory {}", path.value), found->first == path.value ? "" : found->first);
      }
    }
  }

  void complain(const Theirs& mine, const Theirs& theirs, const std::string& what, const std::string& through) {
    auto message = fmt::format("{} on host {} is taken by lab {}", what, mine.instance->host.value, other_.global.lab.value);
    if (!through.empty()) message += fmt::format(", which has {}", through);
    auto& d = diagnostics_.error("T019", std::move(message), mine.span());
    d.label = fmt::format("{} of {}", *mine.name, mine.instance->name());
    d.notes.push_back({fmt::format("it is {} of {} there", *theirs.name, theirs.instance->name()), theirs.span()});
    d.help = fmt::format("choose another `{}`, or take that lab away with `tidelab down {}`", *mine.name, other_.global.lab.value);
  }
};

}  // namespace

void check_other_lab(const Topology& topology, const Topology& other, Diagnostics& diagnostics) {
  OtherLab theirs(other, diagnostics);
  for (const auto& instance : topology.instances)
    if (instance.machine >= 0) theirs.check(instance);
}

}  // namespace tidelab::topology
