// Params: what a topology may set, as data with a type, a default, a meaning.
#include "playbook/read_param.hpp"

#include <algorithm>
#include <limits>
#include <regex>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "yaml/read.hpp"

namespace tidelab::playbook {

using source::Diagnostics;
using yaml::Node;

namespace {

struct TypeName {
  Type type;
  const char* name;
};
constexpr TypeName type_names[] = {{Type::text, "text"},         {Type::port, "port"}, {Type::dir, "dir"},       {Type::dirs, "dirs"},
                                   {Type::path, "path"},         {Type::host, "host"}, {Type::integer, "int"},   {Type::boolean, "bool"},
                                   {Type::duration, "duration"}, {Type::size, "size"}, {Type::secret, "secret"}, {Type::one_of, "enum"},
                                   {Type::list, "list"},         {Type::map, "map"},   {Type::any, "any"}};

struct MutabilityName {
  Mutability mutability;
  const char* name;
};
constexpr MutabilityName mutability_names[] = {
    {Mutability::no, "no"}, {Mutability::yes, "yes"}, {Mutability::append, "append"}, {Mutability::free, "free"}};

// Names that mean something on every instance, and those of `${…}` that are no params.
const std::vector<std::string> taken = {"host", "version",   "ordinal", "section", "lab",    "user",
                                        "log",  "state_dir", "token",   "number",  "config", "ssh_port"};

template <class Row, std::size_t count>
const Row* row_of(const Row (&rows)[count], const Text& name, const char* what, Diagnostics& diagnostics) {
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return name.value == r.name; });
  if (row != std::end(rows)) return row;
  if (!name.empty()) {
    std::string known;
    for (const auto& each : rows) known += (known.empty() ? "" : ", ") + std::string(each.name);
    diagnostics.error("P002", fmt::format("there is no {} `{}`", what, name.value), name.span).help = fmt::format("known are {}", known);
  }
  return nullptr;
}

// A default for each range of versions: a param of the same name for each of them.
void add_by_version(const Param& param, const Node& defaults, std::vector<Param>& out, Diagnostics& diagnostics) {
  for (const auto& [condition, value] : by_version(defaults, diagnostics)) {
    auto made = param;
    made.versions.insert(made.versions.end(), condition.begin(), condition.end());
    made.fallback = yaml::read_text(*value, "`default`", diagnostics).value_or(Text{});
    out.push_back(std::move(made));
  }
}

void read_default(const Node& node, Param& param, Diagnostics& diagnostics) {
  const auto* fallback = node.find("default");
  if (fallback == nullptr || fallback->is_null()) return;
  if (param.type == Type::list) {
    param.list = yaml::read_texts(*fallback, "`default`", diagnostics);
  } else if (param.type == Type::map) {
    if (yaml::read_mapping(*fallback, "`default`", diagnostics))
      for (const auto& [key, value] : fallback->entries) param.map.emplace_back(key, value.as_text());
  } else {
    param.fallback = yaml::read_text(*fallback, "`default`", diagnostics).value_or(Text{});
  }
}

void read_param(const Text& name, const Node& node, std::vector<Param>& out, Diagnostics& diagnostics) {
  Param param;
  param.name = name;
  if (!yaml::read_mapping(node, "a param", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a param",
                            {"type",        "default",  "required",       "help",     "values", "aliases",  "versions",    "mutable",
                             "provisioned", "inherits", "equal_per_host", "in",       "own",    "known_as", "replaced_by", "pattern",
                             "least",       "most",     "harmless",       "wildcard", "keys",   "spelling"},
                            diagnostics);
  const auto* type = row_of(type_names, needed(node, "type", diagnostics), "type", diagnostics);
  if (type == nullptr) return;
  param.type = type->type;
  param.help = text_at(node, "help", diagnostics);
  param.versions = read_versions(node, diagnostics);
  param.required = truth_at(node, "required", false, diagnostics);
  param.provisioned = truth_at(node, "provisioned", true, diagnostics);
  param.inherits = truth_at(node, "inherits", false, diagnostics);
  param.equal_per_host = truth_at(node, "equal_per_host", false, diagnostics);
  param.in = text_at(node, "in", diagnostics);
  param.own = text_at(node, "own", diagnostics);
  param.known_as = texts_at(node, "known_as", diagnostics);
  param.replaced_by = texts_at(node, "replaced_by", diagnostics);
  param.pattern = pattern_at(node, "pattern", diagnostics);
  param.wildcard = truth_at(node, "wildcard", false, diagnostics);
  param.keys = texts_at(node, "keys", diagnostics);
  param.spelling = text_at(node, "spelling", diagnostics);
  if (const auto* row = row_of(mutability_names, text_at(node, "mutable", diagnostics), "way to be `mutable`", diagnostics))
    param.mutability = row->mutability;
  param.harmless = texts_at(node, "harmless", diagnostics);
  if (const auto* least = node.find("least"))
    param.least = yaml::read_integer(*least, "`least`", std::numeric_limits<std::int64_t>::min(), 65535, diagnostics);
  if (const auto* most = node.find("most"))
    param.most = yaml::read_integer(*most, "`most`", 1, std::numeric_limits<std::int64_t>::max(), diagnostics);
  if (const auto* aliases = node.find("aliases"); aliases != nullptr && yaml::read_mapping(*aliases, "`aliases`", diagnostics))
    for (const auto& [key, value] : aliases->entries) param.aliases.emplace_back(key, value.as_text());
  if (const auto* fallback = node.find("default"); fallback != nullptr && fallback->is_mapping() && param.type != Type::map)
    return add_by_version(param, *fallback, out, diagnostics);
  read_default(node, param, diagnostics);
  if (param.type == Type::one_of) param.list = texts_at(node, "values", diagnostics);
  out.push_back(std::move(param));
}

}  // namespace

void check_pattern(const Text& pattern, Diagnostics& diagnostics) {
  try {
    const std::regex made(pattern.value);
  } catch (const std::regex_error&) {
    diagnostics.error("P007", fmt::format("`{}` is not a regular expression", pattern.value), pattern.span).help =
        "patterns are ECMAScript's; in YAML, single quotes keep the backslashes";
  }
}

Text text_at(const Node& node, const char* key, Diagnostics& diagnostics) {
  const auto* found = node.find(key);
  if (found == nullptr || found->is_null()) return {};
  return yaml::read_text(*found, fmt::format("`{}`", key), diagnostics).value_or(Text{});
}

Text pattern_at(const Node& node, const char* key, Diagnostics& diagnostics) {
  auto pattern = text_at(node, key, diagnostics);
  if (!pattern.empty()) check_pattern(pattern, diagnostics);
  return pattern;
}

Texts texts_at(const Node& node, const char* key, Diagnostics& diagnostics) {
  const auto* found = node.find(key);
  return found == nullptr ? Texts{} : yaml::read_texts(*found, fmt::format("`{}`", key), diagnostics);
}

bool truth_at(const Node& node, const char* key, bool otherwise, Diagnostics& diagnostics) {
  const auto* found = node.find(key);
  return found == nullptr ? otherwise : yaml::read_bool(*found, fmt::format("`{}`", key), diagnostics).value_or(otherwise);
}

Text needed(const Node& node, const char* key, Diagnostics& diagnostics) {
  auto text = text_at(node, key, diagnostics);
  if (node.find(key) == nullptr) diagnostics.error("P001", fmt::format("`{}` is missing", key), node.span);
  return text;
}

std::vector<Param> read_params(const Node& root, const char* key, Names names, Diagnostics& diagnostics) {
  std::vector<Param> out;
  const auto* params = root.find(key);
  if (params == nullptr || !yaml::read_mapping(*params, fmt::format("`{}`", key), diagnostics)) return out;
  for (const auto& [name, node] : params->entries) {
    if (names == Names::of_params && has_meaning(name.value))
      diagnostics.error("P006", fmt::format("`{}` has a meaning of its own and cannot be a param", name.value), name.span).help =
          "give the param another name";
    read_param(name, node, out, diagnostics);
  }
  return out;
}

std::vector<std::pair<Versions, const Node*>> by_version(const Node& mapping, Diagnostics& diagnostics) {
  std::vector<std::pair<Versions, const Node*>> out;
  const auto section = text_at(mapping, "of", diagnostics);
  for (const auto& [range, value] : mapping.entries) {
    if (range.value == "of") continue;
    out.push_back({{{section.empty() ? Text{"", range.span} : section, range}}, &value});
    check_ranges(out.back().first, "P003", diagnostics);
  }
  return out;
}

bool has_meaning(const std::string& name) { return std::find(taken.begin(), taken.end(), name) != taken.end(); }

const char* name_of(Type type) {
  for (const auto& each : type_names)
    if (each.type == type) return each.name;
  return "text";
}

const char* name_of(Mutability mutability) {
  for (const auto& each : mutability_names)
    if (each.mutability == mutability) return each.name;
  return "no";
}

}  // namespace tidelab::playbook
