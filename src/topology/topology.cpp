#include "topology/topology.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace tidelab::topology {

Ordinals ordinals_of(const Topology& topology) {
  Ordinals out;
  for (const auto& each : topology.instances)
    if (!each.playbook->hostless) out[each.section].push_back(each.ordinal);
  std::erase_if(out, [](const auto& section) {
    int place = 0;
    return std::all_of(section.second.begin(), section.second.end(), [&](const int ordinal) { return ordinal == ++place; });
  });
  return out;
}

std::string Instance::name() const { return fmt::format("{} {}", section, ordinal); }

const Value* Instance::find(const std::string& param) const {
  const auto found = values.find(param);
  return found == values.end() ? nullptr : &found->second;
}

std::vector<const Instance*> Topology::of(const std::string& section) const {
  std::vector<const Instance*> out;
  const auto found = sections.find(section);
  if (found == sections.end()) return out;
  const auto& list = found->second.left_alone ? left_alone : instances;
  out.reserve(found->second.count);
  for (std::size_t i = 0; i < found->second.count; ++i) out.push_back(&list[found->second.begin + i]);
  return out;
}

std::size_t Topology::count(const std::string& section) const {
  const auto found = sections.find(section);
  return found == sections.end() ? 0 : found->second.count;
}

namespace {

const Text* written_arch(const Topology& topology, const Instance& instance) {
  const auto* own = instance.find("arch");
  if (own != nullptr && !own->text.empty()) return &own->text;
  const auto of_all = topology.global.other.find("arch");
  return of_all != topology.global.other.end() && !of_all->second.empty() ? &of_all->second : nullptr;
}

}  // namespace

std::string Topology::arch_of(const Instance& instance) const {
  if (const auto* written = written_arch(*this, instance)) return written->value;
  const auto found = arch_found.find(instance.host.value);
  return found == arch_found.end() ? "amd64" : found->second.word;
}

bool Topology::arch_is_written(const Instance& instance) const { return written_arch(*this, instance) != nullptr; }

bool Topology::learn_arch(const Instance& instance, const std::string& word) {
  if (word.empty() || arch_is_written(instance)) return false;
  const auto before = arch_of(instance);
  auto& found = arch_found[instance.host.value];
  if (!found.seen) found = {word, true};
  return found.word != before;
}

const Instance* Topology::first(const std::string& section) const {
  const auto found = sections.find(section);
  if (found == sections.end() || found->second.count == 0) return nullptr;
  return &(found->second.left_alone ? left_alone : instances)[found->second.begin];
}

bool is_lab_name(std::string_view name) {
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !name.empty() && name.size() <= 63 && plain(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-' || c == '_'; });
}

std::string left_alone_note(const Topology& topology) {
  std::vector<std::string> roles;
  std::map<std::string, int> counts;
  for (const auto& each : topology.left_alone) {
    if (!each.span.known()) continue;  // nobody wrote it
    const auto& title = each.playbook->title.value;
    if (++counts[title] == 1) roles.push_back(title);
  }
  for (auto& each : roles)
    if (counts[each] > 1) each = fmt::format("{} ({})", each, counts[each]);
  return roles.empty() ? "" : fmt::format("left alone, since tidelab does not provision them: {}", fmt::join(roles, ", "));
}

}  // namespace tidelab::topology
