#include <algorithm>

#include <fmt/format.h>

#include "playbook/playbook.hpp"
#include "playbook/version.hpp"
#include "step/describe.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::playbook {

namespace {

using source::Diagnostics;
using yaml::Node;

struct TypeName {
  Type type;
  const char* name;
};
constexpr auto range_help = "for example `>=2.4 <4.0 || 5.0.3`";

// Visits the fields of a word for the steps that are inside it.
struct NestedRanges {
  const std::string& code;
  Diagnostics& diagnostics;
  void operator()(std::string_view, const std::vector<step::Step>& steps, step::Use) const { check_ranges(steps, code, diagnostics); }
  template <class Other>
  void operator()(std::string_view, const Other&, step::Use) const {}
};

constexpr TypeName type_names[] = {{Type::text, "text"},     {Type::port, "port"},    {Type::dir, "dir"},           {Type::host, "host"},
                                   {Type::integer, "int"},   {Type::boolean, "bool"}, {Type::duration, "duration"}, {Type::size, "size"},
                                   {Type::secret, "secret"}, {Type::one_of, "enum"},  {Type::list, "list"},         {Type::map, "map"}};

Text text_at(const Node& node, const char* key, Diagnostics& diagnostics) {
  const auto* found = node.find(key);
  if (found == nullptr || found->is_null()) return {};
  return yaml::read_text(*found, fmt::format("`{}`", key), diagnostics).value_or(Text{});
}

Texts texts_at(const Node& node, const char* key, Diagnostics& diagnostics) {
  const auto* found = node.find(key);
  return found == nullptr ? Texts{} : yaml::read_texts(*found, fmt::format("`{}`", key), diagnostics);
}

Text needed(const Node& node, const char* key, Diagnostics& diagnostics) {
  auto text = text_at(node, key, diagnostics);
  if (node.find(key) == nullptr) diagnostics.error("P001", fmt::format("`{}` is missing", key), node.span);
  return text;
}

// A default for each range of versions: a param of the same name for each of them.
void add_by_version(const Param& param, const Node& defaults, Playbook& out, Diagnostics& diagnostics) {
  for (const auto& [range, value] : defaults.entries) {
    auto made = param;
    made.versions.emplace_back(Text{"", range.span}, range);
    check_ranges(made.versions, "P003", diagnostics);
    made.fallback = yaml::read_text(value, "`default`", diagnostics).value_or(Text{});
    out.params.push_back(std::move(made));
  }
}

void read_param(const Text& name, const Node& node, Playbook& out, Diagnostics& diagnostics) {
  Param param;
  param.name = name;
  static const std::vector<std::string> taken = {"host", "version",   "ordinal", "section", "lab",    "user",
                                                 "log",  "state_dir", "token",   "number",  "config", "ssh_port"};
  if (std::find(taken.begin(), taken.end(), name.value) != taken.end())
    diagnostics.error("P006", fmt::format("`{}` has a meaning of its own and cannot be a param", name.value), name.span).help =
        "give the param another name";
  if (!yaml::read_mapping(node, "a param", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a param", {"type", "default", "required", "help", "values", "versions"}, diagnostics);
  const auto type = needed(node, "type", diagnostics);
  const auto* row = std::find_if(std::begin(type_names), std::end(type_names), [&](const auto& r) { return type.value == r.name; });
  if (row == std::end(type_names)) {
    if (!type.empty()) {
      std::string known;
      for (const auto& each : type_names) known += (known.empty() ? "" : ", ") + std::string(each.name);
      diagnostics.error("P002", fmt::format("there is no type `{}`", type.value), type.span).help = "types are " + known;
    }
    return;
  }
  param.type = row->type;
  param.help = text_at(node, "help", diagnostics);
  param.versions = read_versions(node, diagnostics);
  if (const auto* required = node.find("required")) param.required = yaml::read_bool(*required, "`required`", diagnostics).value_or(false);
  if (param.type == Type::one_of) param.list = texts_at(node, "values", diagnostics);
  if (const auto* fallback = node.find("default"); fallback != nullptr && !fallback->is_null()) {
    if (param.type == Type::list) {
      param.list = yaml::read_texts(*fallback, "`default`", diagnostics);
    } else if (param.type == Type::map) {
      if (yaml::read_mapping(*fallback, "`default`", diagnostics))
        for (const auto& [key, value] : fallback->entries) param.map.emplace_back(key, value.as_text());
    } else if (fallback->is_mapping()) {
      return add_by_version(param, *fallback, out, diagnostics);
    } else {
      param.fallback = yaml::read_text(*fallback, "`default`", diagnostics).value_or(Text{});
    }
  }
  out.params.push_back(std::move(param));
}

void read_artifact(const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "an artifact", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "an artifact", {"name", "of", "version", "file", "sources", "versions"}, diagnostics);
  Artifact artifact;
  artifact.name = needed(node, "name", diagnostics);
  artifact.of = text_at(node, "of", diagnostics);
  artifact.version = text_at(node, "version", diagnostics);
  artifact.file = text_at(node, "file", diagnostics);
  artifact.versions = read_versions(node, diagnostics);
  if (const auto* sources = node.find("sources"); sources != nullptr && yaml::read_sequence(*sources, "`sources`", diagnostics)) {
    static const std::vector<std::string> kinds = {"official", "maven", "file", "assembled"};
    for (const auto& item : sources->items) {
      if (!yaml::read_mapping(item, "a source", diagnostics)) continue;
      Source source;
      for (const auto& [key, value] : item.entries) {
        if (std::find(kinds.begin(), kinds.end(), key.value) != kinds.end()) source.kind = key, source.where = value.as_text();
      }
      if (source.kind.empty()) diagnostics.error("P005", "a source is one of official, maven, file, assembled", item.span);
      auto known = kinds;
      known.insert(known.end(), {"checksum_url", "checksum", "note"});
      yaml::refuse_unknown_keys(item, "a source", known, diagnostics);
      source.checksum_url = text_at(item, "checksum_url", diagnostics);
      source.checksum = text_at(item, "checksum", diagnostics);
      source.note = text_at(item, "note", diagnostics);
      artifact.sources.push_back(std::move(source));
    }
  }
  out.artifacts.push_back(std::move(artifact));
}

}  // namespace

const char* name_of(Type type) {
  for (const auto& each : type_names)
    if (each.type == type) return each.name;
  return "text";
}

void check_ranges(const Versions& versions, const std::string& code, Diagnostics& diagnostics) {
  for (const auto& [section, range] : versions)
    if (!Range::parse(range.value))
      diagnostics.error(code, fmt::format("`{}` is not a range of versions", range.value), range.span).help = range_help;
}

void check_ranges(const std::vector<step::Step>& steps, const std::string& code, Diagnostics& diagnostics) {
  for (const auto& each : steps) {
    check_ranges(each.versions, code, diagnostics);
    std::visit([&](const auto& word) { step::fields(word, NestedRanges{code, diagnostics}); }, each.action);
  }
}

const Playbook* Library::find(const std::string& section) const {
  const auto found = by_section.find(section);
  return found == by_section.end() ? nullptr : &found->second;
}

std::vector<std::string> Library::sections() const {
  std::vector<std::string> out;
  for (const auto& [section, playbook] : by_section) out.push_back(section);
  return out;
}

Common read_common(const source::File& file, Diagnostics& diagnostics) {
  Common out;
  const auto root = yaml::read_document(file, diagnostics);
  if (!yaml::read_mapping(root, "what is common to topologies", diagnostics)) return out;
  yaml::refuse_unknown_keys(root, "what is common to topologies", {"user", "global_left_alone", "instance_left_alone"}, diagnostics);
  out.user = needed(root, "user", diagnostics).value;
  for (const auto& each : texts_at(root, "global_left_alone", diagnostics)) out.global_left_alone.push_back(each.value);
  for (const auto& each : texts_at(root, "instance_left_alone", diagnostics)) out.instance_left_alone.push_back(each.value);
  return out;
}

Playbook read_playbook(const source::File& file, const std::string& folder, Diagnostics& diagnostics) {
  Playbook out;
  out.folder = folder;
  const auto root = yaml::read_document(file, diagnostics);
  out.span = {&file, 1, 1, 1};
  if (!root.is_mapping()) {
    if (!diagnostics.has_errors()) diagnostics.error("P001", "a playbook is a mapping", out.span);
    return out;
  }
  yaml::refuse_unknown_keys(
      root, "a playbook",
      {"section", "component", "title",  "hostless", "versions",  "default_version", "version_of", "address", "log",   "dir",
       "node",    "needs",     "shares", "params",   "artifacts", "rules",           "install",    "start",   "ready", "remove"},
      diagnostics);
  out.section = text_at(root, "section", diagnostics);
  out.component = needed(root, "component", diagnostics);
  out.title = needed(root, "title", diagnostics);
  out.versions = text_at(root, "versions", diagnostics);
  if (!out.versions.empty() && !Range::parse(out.versions.value))
    diagnostics.error("P003", fmt::format("`{}` is not a range of versions", out.versions.value), out.versions.span).help = range_help;
  out.default_version = text_at(root, "default_version", diagnostics);
  out.version_of = text_at(root, "version_of", diagnostics);
  out.address = text_at(root, "address", diagnostics);
  out.log = text_at(root, "log", diagnostics);
  out.dir = text_at(root, "dir", diagnostics);
  out.node = text_at(root, "node", diagnostics);
  out.needs = texts_at(root, "needs", diagnostics);
  out.shares = texts_at(root, "shares", diagnostics);
  if (const auto* hostless = root.find("hostless")) out.hostless = yaml::read_bool(*hostless, "`hostless`", diagnostics).value_or(false);
  if (const auto* params = root.find("params"); params != nullptr && yaml::read_mapping(*params, "`params`", diagnostics))
    for (const auto& [name, node] : params->entries) read_param(name, node, out, diagnostics);
  if (const auto* artifacts = root.find("artifacts"); artifacts != nullptr && yaml::read_sequence(*artifacts, "`artifacts`", diagnostics))
    for (const auto& item : artifacts->items) read_artifact(item, out, diagnostics);
  if (const auto* rules = root.find("rules"); rules != nullptr && yaml::read_sequence(*rules, "`rules`", diagnostics))
    for (const auto& item : rules->items) out.rules.push_back(read_rule(item, diagnostics));
  const auto steps = [&](const char* key) {
    const auto* found = root.find(key);
    auto made = found == nullptr ? std::vector<step::Step>{} : step::read_steps(*found, diagnostics);
    check_ranges(made, "P003", diagnostics);
    return made;
  };
  out.install = steps("install");
  out.start = steps("start");
  out.ready = steps("ready");
  out.remove = steps("remove");
  return out;
}

}  // namespace tidelab::playbook
