// The vocabulary as a JSON Schema. Draft-07, since that is what the YAML servers of editors know best.
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "guide/vocabulary.hpp"

namespace tidelab::guide {

namespace {

using json = nlohmann::ordered_json;
using playbook::Type;

// A topology's reader takes any plain scalar as a text: `2.7` is a version, though YAML calls it a number.
const json scalar = json::array({"string", "number", "boolean"});

json whole_number(long least, long most) { return {{"type", "integer"}, {"minimum", least}, {"maximum", most}}; }

// A pattern for any of the words in any mix of cases, as they are read.
std::string in_any_case(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    out += out.empty() ? "" : "|";
    for (const char c : word) {
      const auto lower = std::tolower(static_cast<unsigned char>(c)), upper = std::toupper(static_cast<unsigned char>(c));
      if (lower != upper)
        out += fmt::format("[{}{}]", static_cast<char>(upper), static_cast<char>(lower));
      else
        out += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ? std::string(1, c) : std::string("\\") + c;
    }
  }
  return "^(?:" + out + ")$";
}

// The words as such come first: they are what an editor offers.
json words(json offered, const std::vector<std::string>& all) {
  return {{"anyOf", json::array({std::move(offered), {{"type", "string"}, {"pattern", in_any_case(all)}}})}};
}

json with_keys(const Field& field, const json& value) {
  json properties = json::object();
  for (const auto& each : field.keys) properties[each] = value;
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

json typed(const Field& field) {
  const bool may_be_empty = !field.required;  // an empty path or host is as good as none
  const auto text = [&](const std::string& pattern) -> json {
    return {{"type", "string"}, {"pattern", may_be_empty ? fmt::format("^$|{}", pattern) : pattern}};
  };
  switch (field.type) {
    case Type::port: return whole_number(field.least.value_or(1), 65535);
    case Type::integer:
      if (field.least && !field.most) return {{"type", "integer"}, {"minimum", *field.least}};
      return whole_number(field.least.value_or(0), field.most.value_or(2147483647));
    // TiUP takes `yes` and `no` where it wants a truth, which YAML 1.2 calls texts.
    case Type::boolean: return words({{"type", "boolean"}}, {"yes", "no", "on", "off"});
    case Type::duration: return {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h)$"}};
    case Type::one_of: return words({{"enum", field.words}}, field.words);
    case Type::dir:
    case Type::dirs: return {{"type", "string"}};
    case Type::path: return text("^/");
    case Type::any: return field.keys.empty() ? json::object() : with_keys(field, json::object());
    // No blanks, no leading dash, and not one colon alone, which would be a port.
    case Type::host:
      if (field.wildcard) return text("^(?!-)(?![^:]*:[^:]*$)[*A-Za-z0-9._:-]+$");
      return text("^(?!-)(?!0\\.0\\.0\\.0$|::$|0$|255\\.255\\.255\\.255$)(?![^:]*:[^:]*$)[A-Za-z0-9._:-]+$");
    case Type::list: return {{"type", json::array({"string", "number", "boolean", "array"})}, {"items", {{"type", scalar}}}};
    case Type::map:
      return field.keys.empty() ? json{{"type", "object"}}
                                : with_keys(field, {{"type", json::array({"string", "number", "boolean", "null"})}});
    case Type::text:
    case Type::size:
    case Type::secret: break;
  }
  json out = {{"type", scalar}};
  if (!field.pattern.empty()) out["pattern"] = fmt::format("^(?:{}){}$", field.pattern, may_be_empty ? "?" : "");
  return out;
}

// A default that is a literal, in the type that an editor would insert.
json literal(const Field& field) {
  const auto& text = field.fallback;
  if (field.type == Type::boolean) return text == "true";
  if (field.type == Type::port || field.type == Type::integer) {
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? json(number) : json();
  }
  return field.type == Type::list || field.type == Type::map ? json() : json(text);
}

std::string describe(const Field& field) {
  auto out = field.help;
  const auto add = [&](const std::string& more) { out += (out.empty() ? "" : "\n") + more; };
  if (!field.versions.empty()) add("versions: " + field.versions);
  if (!field.fallback.empty()) add("default: " + field.fallback);
  if (field.left_alone) add("understood, and not acted on by tidelab");
  return out;
}

json or_nothing(json schema) {
  if (schema.contains("anyOf"))
    schema["anyOf"].push_back({{"type", "null"}});
  else if (schema.contains("type") && schema["type"].is_array())
    schema["type"].push_back("null");
  else if (schema.contains("type"))
    schema["type"] = json::array({schema["type"], "null"});
  return schema;
}

json make_property(const Field& field) {
  auto out = typed(field);
  if (!field.required) out = or_nothing(std::move(out));  // a key without a value is as good as none
  if (const auto text = describe(field); !text.empty()) out["description"] = text;
  if (!field.fallback.empty() && field.fallback.find("${") == std::string::npos)
    if (auto value = literal(field); !value.is_null()) out["default"] = std::move(value);
  return out;
}

json make_object(const std::vector<Field>& fields) {
  json out = {{"type", "object"}, {"additionalProperties", false}};
  json properties = json::object(), required = json::array();
  for (const auto& each : fields) {
    properties[each.name] = make_property(each);
    // A field of some versions only cannot be asked for here: a schema does not know the version.
    if (each.required && each.versions.empty()) required.push_back(each.name);
  }
  if (!required.empty()) out["required"] = std::move(required);
  out["properties"] = std::move(properties);
  return out;
}

json make_section(const Section& section) {
  auto text = section.title;
  if (!section.versions.empty()) text += fmt::format(", versions {}", section.versions);
  if (!section.default_version.empty()) text += fmt::format(" (default {})", section.default_version);
  if (!section.provisioned) text += "; understood, and left alone by tidelab";
  if (section.per_host) {
    auto fields = make_object(section.fields);
    fields["description"] = text;
    return or_nothing(std::move(fields));
  }
  return or_nothing({{"type", "array"}, {"description", text}, {"items", make_object(section.fields)}});
}

json for_each_component(const Vocabulary& vocabulary, const char* description, const json& schema) {
  json properties = json::object();
  for (const auto& each : vocabulary.components) properties[each] = schema;
  return or_nothing(
      {{"type", "object"}, {"description", description}, {"additionalProperties", false}, {"properties", std::move(properties)}});
}

}  // namespace

std::string render_schema(const Vocabulary& vocabulary) {
  json properties = json::object();
  auto global = make_object(vocabulary.global);
  global["description"] = "what holds for every instance that does not say otherwise";
  properties["global"] = or_nothing(std::move(global));
  properties["component_versions"] =
      for_each_component(vocabulary, "the version of each component; the playbook's default unless it is written",
                         {{"type", json::array({"string", "number", "null"})}});
  properties["component_sources"] =
      for_each_component(vocabulary, "understood, and not provisioned", {{"type", json::array({"string", "null"})}});
  properties["archives"] =
      or_nothing({{"type", "object"},
                  {"description", "where an archive is to come from, by its name, or its name and version"},
                  {"additionalProperties",
                   {{"type", "object"},
                    {"additionalProperties", false},
                    {"required", {"url", "sha256"}},
                    {"properties", {{"url", {{"type", "string"}}}, {"sha256", {{"type", "string"}, {"pattern", "^[0-9a-fA-F]{64}$"}}}}}}}});
  properties["server_configs"] = for_each_component(vocabulary, "keys of each component's configuration file, nested or dotted",
                                                    {{"type", json::array({"object", "null"})}});
  for (const auto& each : vocabulary.sections) properties[each.key] = make_section(each);
  const json out = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                    {"title", "tidelab topology"},
                    {"type", "object"},
                    {"additionalProperties", false},
                    {"properties", std::move(properties)}};
  return out.dump(2) + "\n";
}

}  // namespace tidelab::guide
