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
  for (const auto& [section, range] : versions)
    out += fmt::format("{}{}{}{}", out.empty() ? "" : ", ", section.value, section.empty() ? "" : " ", range.value);
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
  return out;
}

Field left_alone(const std::string& name) {
  Field out;
  out.name = name;
  out.left_alone = true;
  return out;
}

// What the reader of topologies itself gives a meaning to.
std::vector<Field> make_global(const playbook::Common& common) {
  std::vector<Field> out = {
      {"lab", Type::text, {}, "", "name of the lab; the file's name unless it is written", "", false, false},
      {"user", Type::text, {}, common.user, "account that services run under; made over ssh if it is missing", "", false, false},
      {"ssh_type", Type::one_of, {"builtin", "none", "system"}, "builtin", "builtin: over ssh; none: this machine", "", false, false},
      {"ssh_port", Type::port, {}, "22", "port of sshd on hosts that name none", "", false, false},
      {"deploy_dir",
       Type::dir,
       {},
       "deploy",
       "where components are unpacked; below the user's home unless it is absolute",
       "",
       false,
       false},
      {"data_dir", Type::dir, {}, "", "", "", false, false},
      {"log_dir", Type::dir, {}, "", "", "", false, false},
  };
  for (const auto& each : common.global_left_alone) out.push_back(left_alone(each));
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
  if (!out.hostless) {
    out.fields.push_back({"host", Type::host, {}, "", "name or address, without a port", "", true, false});
    out.fields.push_back({"ssh_port", Type::port, {}, "${global.ssh_port}", "port of sshd on this host", "", false, false});
  }
  for (const auto& each : playbook.params) out.fields.push_back(make_field(each));
  out.fields.push_back({"config",
                        Type::map,
                        {},
                        "",
                        "keys of its configuration file, for this instance alone; wins over `server_configs`",
                        "",
                        false,
                        false});
  for (const auto& each : common.instance_left_alone) {
    const auto same = [&](const auto& field) { return field.name == each; };
    if (std::none_of(out.fields.begin(), out.fields.end(), same)) out.fields.push_back(left_alone(each));
  }
  return out;
}

}  // namespace

Vocabulary make_vocabulary(const playbook::Library& library) {
  Vocabulary out;
  out.global = make_global(library.common);
  const auto add = [&](const std::string& component) {
    if (std::find(out.components.begin(), out.components.end(), component) == out.components.end()) out.components.push_back(component);
  };
  for (const auto& [key, playbook] : library.by_section) {
    out.sections.push_back(make_section(playbook, library.common));
    add(playbook.component.value);
  }
  for (const auto& [component, playbook] : library.runtimes) add(component);
  std::sort(out.components.begin(), out.components.end());
  return out;
}

std::string name_for_people(const Field& field) {
  if (field.left_alone) return "any";
  if (field.name == "config") return "map";
  switch (field.type) {
    case Type::one_of: return "one of " + fmt::format("{}", fmt::join(field.words, ", "));
    case Type::list: return "list of texts";
    case Type::integer: return "whole number";
    case Type::boolean: return "true or false";
    case Type::dir: return "directory";
    default: return playbook::name_of(field.type);
  }
}

}  // namespace tidelab::guide
