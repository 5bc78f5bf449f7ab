#include "guide/picture.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::guide {

namespace {

using source::Diagnostics;
using topology::Instance;
using topology::Topology;

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// "client_port" is shown as "client".
std::string short_name(std::string name) {
  if (name.ends_with("_port")) name.resize(name.size() - 5);
  return name;
}

class Painter {
public:
  Painter(const Topology& topology, Diagnostics& diagnostics) : topology_(topology), diagnostics_(diagnostics) {}

  Picture paint() {
    out_.title = topology_.global.lab.value;
    for (const auto* list : {&topology_.instances, &topology_.left_alone})
      for (const auto& each : *list)  // what is on every host anyway would only repeat itself
        if (!each.playbook->hostless && each.playbook->on_hosts_of.empty()) place(each);
    for (const auto& each : topology_.instances)
      if (!each.playbook->flow.empty()) follow(each);
    find_needs();
    for (const auto& section : sections_) out_.columns.push_back(parts_of(section));
    return std::move(out_);
  }

private:
  const Topology& topology_;
  Diagnostics& diagnostics_;
  Picture out_;
  std::map<std::string, std::vector<int>> parts_;          // by section
  std::map<int, std::string> host_of_;                     // of a part
  std::vector<std::string> sections_, way_;                // in the order in which they occur
  std::map<std::string, std::vector<std::string>> needs_;  // of a section

  void place(const Instance& instance) {
    const auto host = topology::same_host(instance.host.value);
    auto box = std::find_if(out_.boxes.begin(), out_.boxes.end(), [&](const auto& b) { return topology::same_host(b.host) == host; });
    if (box == out_.boxes.end()) box = out_.boxes.insert(out_.boxes.end(), {instance.host.value, {}});
    Part part{static_cast<int>(host_of_.size()), instance.section, instance.playbook->title.value, instance.version.value, {},
              !instance.playbook->provisioned};
    for (const auto& param : instance.playbook->params) {
      const auto found = instance.values.find(param.name.value);
      if (param.type == playbook::Type::port && found != instance.values.end() && !found->second.text.empty())
        part.lines.push_back(fmt::format("{} {}", short_name(param.name.value), found->second.text.value));
    }
    const topology::Scope scope(topology_, &instance, diagnostics_);
    for (const auto& each : instance.playbook->artifacts)
      if (!each.of.empty() && topology::applies(each.versions, instance, topology_))
        part.lines.push_back(fmt::format("{} {}", each.of.value, scope.expand(each.version)));
    if (!contains(sections_, instance.section)) sections_.push_back(instance.section);
    parts_[instance.section].push_back(part.id);
    host_of_[part.id] = host;
    box->parts.push_back(std::move(part));
  }

  std::vector<int> parts_of(const std::string& section) const {
    const auto found = parts_.find(section);
    return found == parts_.end() ? std::vector<int>{} : found->second;
  }

  // The ports that the instances of a section have under this name, each once.
  std::string ports_of(const std::string& section, const std::string& name) const {
    std::string out;
    std::set<std::string> told;
    for (const auto* each : topology_.of(section)) {
      const auto found = each->values.find(name);
      if (found == each->values.end() || !told.insert(found->second.text.value).second) continue;
      out += fmt::format("{}:{}", out.empty() ? "" : ", ", found->second.text.value);
    }
    return out;
  }

  void follow(const Instance& instance) {
    const topology::Scope scope(topology_, &instance, diagnostics_);
    const auto several = topology_.of(instance.section).size() > 1;
    std::vector<int> at;
    int number = 0;
    for (const auto& hop : instance.playbook->flow) {
      if (!topology::applies(hop.versions, instance, topology_)) continue;
      Leg leg;
      leg.number = std::to_string(++number);
      if (several) leg.lines.push_back(scope.expand(instance.playbook->node));
      for (const auto& line : hop.label) leg.lines.push_back(scope.expand(line));
      if (!hop.port.empty()) {
        const auto& owner = hop.port_of.empty() ? hop.to.value : hop.port_of.value;
        if (auto ports = ports_of(owner, hop.port.value); !ports.empty()) leg.lines.push_back(std::move(ports));
      }
      leg.from = at;
      leg.to = parts_of(hop.to.value);
      at = leg.to;
      if (!leg.to.empty() && !contains(way_, hop.to.value)) way_.push_back(hop.to.value);
      out_.legs.push_back(std::move(leg));
    }
  }

  void need(const std::string& section, const std::string& other) {
    if (section == other || parts_of(section).empty() || parts_of(other).empty()) return;
    if (!contains(needs_[section], other)) needs_[section].push_back(other);
  }

  // Between two that are on one host if there are such, since the shortest arrow says it best.
  Need nearest(const std::vector<int>& from, const std::vector<int>& to) const {
    for (const int a : from)
      for (const int b : to)
        if (host_of_.at(a) == host_of_.at(b)) return {a, b};
    return {from.front(), to.front()};
  }

  void find_needs() {
    for (const auto& each : topology_.instances) {
      for (const auto& section : each.playbook->needs) need(each.section, section.value);
      for (const auto& rule : each.playbook->rules) {
        if (rule.word.value != "requires" || !topology::applies(rule.versions, each, topology_)) continue;
        if (const auto section = rule.text("section"); !section.empty()) need(each.section, section);
      }
    }
    std::set<std::pair<std::string, std::string>> drawn;
    for (const auto& section : sections_)
      for (const auto& other : needs_[section]) {
        if (drawn.count({other, section}) > 0) continue;
        drawn.insert({section, other});
        auto arrow = nearest(parts_of(section), parts_of(other));
        arrow.mutual = contains(needs_[other], section);
        arrow.from_on_way = contains(way_, section);
        arrow.to_on_way = contains(way_, other);
        out_.needs.push_back(arrow);
      }
  }
};

}  // namespace

Picture make_picture(const Topology& topology, Diagnostics& diagnostics) { return Painter(topology, diagnostics).paint(); }

}  // namespace tidelab::guide
