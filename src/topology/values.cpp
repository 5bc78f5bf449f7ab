#include "topology/values.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::topology {

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    auto part = list.substr(at, end - at);
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    if (!part.empty()) out.push_back(part);
    at = end + 1;
  }
  return out;
}

namespace {

int characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

source::Span part_of(const Text& text, std::size_t from, std::size_t size) {
  auto span = text.span;
  const auto all = characters(text.value);
  const int quote = span.length == all + 2 ? 1 : 0;
  if (span.length != all + 2 * quote) return span;
  span.column += quote + characters(std::string_view(text.value).substr(0, from));
  span.length = std::max(1, characters(std::string_view(text.value).substr(from, size)));
  return span;
}

namespace {

using playbook::Operand;

void add(std::vector<Found>& out, const Instance& whose, const Text& text, bool stated) {
  if (!text.empty()) out.push_back({&whose, text.value, text.span, stated && text.span.known()});
}

void add_query(std::vector<Found>& out, const Instance& whose, const Value& value, const std::string& key) {
  const std::string_view all = value.text.value;
  for (auto at = all.find('?'); at != std::string_view::npos; at = all.find('&', at + 1)) {
    const auto pair = all.substr(at + 1, all.find_first_of("&#", at + 1) - at - 1);
    if (!pair.starts_with(key + "=")) continue;
    const auto from = at + key.size() + 2;
    const auto text = pair.substr(key.size() + 1);
    if (text.empty()) return;
    add(out, whose, {std::string(text), part_of(value.text, from, text.size())}, value.stated);
    return;
  }
}

void add_param(std::vector<Found>& out, const Instance& whose, const Operand& operand) {
  if (operand.of == Operand::Of::param && operand.name == "host") return add(out, whose, whose.host, true);
  const auto found = whose.values.find(operand.name);
  if (found == whose.values.end()) return;
  const auto& value = found->second;
  if (!value.usable) return;
  if (operand.of == Operand::Of::entry) {
    for (const auto& [key, text] : value.map)
      if (key.value == operand.key) add(out, whose, text, value.stated);
  } else if (operand.of == Operand::Of::query) {
    add_query(out, whose, value, operand.key);
  } else {
    add(out, whose, value.text, value.stated || value.text.span.file == whose.span.file);  // also what `global` says
    for (const auto& each : value.list) add(out, whose, each, value.stated);
  }
}

void add_values(std::vector<Found>& out, const Operand& operand, const Instance& whose, const Topology& topology) {
  if (operand.of == Operand::Of::version) {
    if (!whose.version.empty()) out.push_back(find_version(whose));
  } else if (operand.of == Operand::Of::setting) {
    for (auto& each : find_setting(operand.key, whose, topology)) out.push_back(std::move(each));
  } else {
    add_param(out, whose, operand);
  }
}

// A number behind `or` stands for what a written URI leaves out, and is then pointed at there.
Found default_of(const Operand& first, const Instance& instance) {
  const auto param = instance.values.find(first.name);
  if (first.of != Operand::Of::query || !first.section.empty() || param == instance.values.end() || !param->second.stated) return {};
  return {&instance, {}, param->second.text.span, true};
}

// At the first that is written. Nothing where one of them cannot be read: that is told already, and a sum without it would be a second
// complaint.
std::optional<Found> sum_of(const std::vector<const Instance*>& members, const Operand& operand) {
  const auto& param = operand.name;
  std::int64_t out = 0;
  Found made;
  for (const auto* each : members) {
    const auto* value = each->find(param);
    std::int64_t number = 0;
    if (value == nullptr || !value->usable) return std::nullopt;
    const auto& text = value->text.value;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
    out += number;
    if (value->stated && !made.stated) made.span = value->text.span, made.stated = true;
  }
  made.value = std::to_string(operand.times * out);
  return made;
}

Found count_of(const std::vector<const Instance*>& members, const Operand& operand) {
  return {nullptr, std::to_string(operand.times * static_cast<std::int64_t>(members.size())), {}, false};
}

std::string joined(const step::Setting& setting) {
  std::string out;
  for (const auto& each : setting.values) out += (out.empty() ? "" : ",") + each.value;
  return out;
}

}  // namespace

Members make_members(const Topology& topology) {
  Members out;
  for (const auto* list : {&topology.instances, &topology.left_alone})
    for (const auto& each : *list) out[each.section].push_back(&each);
  return out;
}

Found find_version(const Instance& instance) {
  const auto& span = instance.version.span;
  return {&instance, instance.version.value, span, span.known() && span.file == instance.span.file};
}

std::vector<Found> find_setting(const std::string& key, const Instance& instance, const Topology& topology) {
  std::vector<Found> out;
  const auto found = setting_for(instance, topology, key);
  if (found.setting == nullptr) return out;
  if (found.stated) {
    add(out, instance, {joined(*found.setting), found.setting->values.front().span}, true);
    return out;
  }
  if (!instance.placed) return out;
  source::Diagnostics unheard;  // told when the plan is made
  const Text text{joined(*found.setting), {}};
  // A setting that only passes a param on is written where the param is.
  if (text.value.starts_with("${") && text.value.ends_with('}')) {
    const auto param = instance.values.find(text.value.substr(2, text.value.size() - 3));
    if (param != instance.values.end() && param->second.stated) {
      if (param->second.usable) add(out, instance, param->second.text, true);
      return out;
    }
  }
  bool usable = true;  // what is made from a mistake is no second one
  const auto look = [&](const Instance& whose, const std::string& name) {
    const auto* value = whose.find(name);
    usable = usable && whose.placed && (value == nullptr || value->usable);
  };
  const auto made = Scope(topology, &instance, unheard, look).expand(text);
  if (usable) add(out, instance, {made, {}}, false);
  return out;
}

std::vector<Found> find_values(const playbook::Operands& operands, const Where& where) {
  std::vector<Found> out;
  for (const auto& operand : operands) {
    const auto members = where.members.find(operand.section);
    if (operand.of == Operand::Of::number) {
      out.push_back(default_of(operands.front(), where.instance));
      out.back().value = operand.name;
    } else if (operand.of == Operand::Of::count) {
      if (members == where.members.end()) continue;
      if (operand.name.empty())
        out.push_back(count_of(members->second, operand));
      else if (auto total = sum_of(members->second, operand))
        out.push_back(std::move(*total));
    } else if (operand.section.empty()) {
      add_values(out, operand, where.instance, where.topology);
    } else if (members != where.members.end()) {
      for (const auto* each : members->second) add_values(out, operand, *each, where.topology);
    }
    if (!out.empty()) break;
  }
  return out;
}

}  // namespace tidelab::topology
