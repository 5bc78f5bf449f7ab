#include "guide/vocabulary.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tidelab::guide {

namespace {

using playbook::Type;

std::string joined(const step::Texts& texts) {
  std::string out;
  for (const auto& each : texts) out += (out.empty() ? "" : ", ") + each.value;
  return out;
}

std::string joined(const step::Pairs& pairs) {
  std::string out;
  for (const auto& [key, value] : pairs) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key.value, value.value);
  return out;
}

std::string in_words(const playbook::Versions& versions) {
  std::string out;
  for (const auto& [section, range] : versions) {
    const auto comma = out.empty() ? "" : ", ";
    if (range.value == playbook::of_no_version)
      out += fmt::format("{}without {}", comma, section.value);
    else if (range.value == playbook::of_several || range.value == playbook::of_one)
      out += fmt::format("{}{} {}", comma, range.value, section.value);
    else
      out += fmt::format("{}{}{}{}", comma, section.value, section.empty() ? "" : " ", range.value);
  }
  return out;
}

Field make_field(const playbook::Param& param) {
  Field out;
  out.name = param.name.value;
  out.type = param.type;
  out.fallback = param.fallback.value;
  if (param.type == Type::list && !param.list.empty()) out.fallback = "[" + joined(param.list) + "]";
  if (param.type == Type::map && !param.map.empty()) out.fallback = "{" + joined(param.map) + "}";
  if (param.type == Type::one_of)
    for (const auto& each : param.list) out.words.push_back(each.value);
  out.help = param.help.value;
  out.versions = in_words(param.versions);
  out.required = param.required;
  out.left_alone = !param.provisioned;
  out.mutability = param.mutability;
  out.pattern = param.pattern.value;
  out.inside = param.in.value;
  out.inherits = param.inherits;
  out.least = param.least;
  out.most = param.most;
  out.wildcard = param.wildcard;
  for (const auto& each : param.keys) out.keys.push_back(each.value);
  for (const auto& [alias, meant] : param.aliases) out.words.push_back(alias.value);
  if (param.inherits && out.fallback.empty()) out.fallback = "${global." + out.name + "}";
  return out;
}

Field shared_field(const playbook::Param& param) {
  auto out = make_field(param);
  out.shared = true;
  return out;
}

Section make_section(const playbook::Playbook& playbook, const playbook::Common& common) {
  Section out;
  out.key = playbook.section.value;
  out.component = playbook.component.value;
  out.title = playbook.title.value;
  out.versions = playbook.versions.value;
  out.default_version = playbook.default_version.value;
  out.hostless = playbook.hostless;
  for (const auto& each : playbook.needs) out.needs.push_back(each.value);
  out.per_host = !playbook.on_hosts_of.empty();
  out.provisioned = playbook.provisioned;
  const auto has = [&](const std::string& name) {
    return std::any_of(out.fields.begin(), out.fields.end(), [&](const auto& field) { return field.name == name; });
  };
  const auto add_common = [&](bool acted_on) {
    for (const auto& each : common.instance)
      if (each.provisioned == acted_on && !has(each.name.value) && !out.per_host && (!out.hostless || each.name.value == "config"))
        out.fields.push_back(shared_field(each));
  };
  std::vector<Field> own;
  for (const auto& each : playbook.params) own.push_back(make_field(each));
  for (const auto& each : common.instance)
    if (each.required && !out.hostless && !out.per_host) out.fields.push_back(shared_field(each));
  out.fields.insert(out.fields.end(), own.begin(), own.end());
  add_common(true);
  add_common(false);
  return out;
}

}  // namespace

Vocabulary make_vocabulary(const playbook::Library& library) {
  Vocabulary out;
  for (const auto& each : library.common.global) out.global.push_back(make_field(each));
  for (const auto& each : library.common.instance) out.every.push_back(make_field(each));
  const auto add = [&](const std::string& component) {
    if (std::find(out.components.begin(), out.components.end(), component) == out.components.end()) out.components.push_back(component);
  };
  for (const auto& [key, playbook] : library.by_section) {
    out.sections.push_back(make_section(playbook, library.common));
    add(playbook.component.value);
    for (const auto& each : playbook.also_components) add(each.value);
  }
  for (const auto& [component, playbook] : library.runtimes) add(component);
  std::sort(out.components.begin(), out.components.end());
  return out;
}

std::string name_for_people(const Field& field) {
  switch (field.type) {
    case Type::one_of: {
      std::string out;
      for (const auto& each : field.words) out += each.empty() ? "" : (out.empty() ? "" : ", ") + each;
      return "one of " + out;
    }
    case Type::list: return "list of texts";
    case Type::integer: return "whole number";
    case Type::boolean: return "true or false";
    case Type::dir: return "directory";
    case Type::dirs: return "directories";
    default: return playbook::name_of(field.type);
  }
}

}  // namespace tidelab::guide
