// The vocabulary as a JSON Schema. Draft-07, since that is what the YAML servers of editors know best.
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

json typed(const Field& field) {
  switch (field.type) {
    case Type::port: return whole_number(field.least.value_or(1), 65535);
    case Type::integer: return field.least ? json{{"type", "integer"}, {"minimum", *field.least}} : whole_number(0, 2147483647);
    // TiUP takes `yes` and `no` where it wants a truth, which YAML 1.2 calls texts.
    case Type::boolean: return {{"enum", {true, false, "yes", "no", "on", "off"}}};
    case Type::duration: return {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h)$"}};
    case Type::one_of: return {{"enum", field.words}};
    case Type::dir:
    case Type::dirs: return {{"type", "string"}};
    case Type::path: return {{"type", "string"}, {"pattern", "^/"}};
    case Type::any: return json::object();
    // No blanks, no leading dash, and not one colon alone, which would be a port.
    case Type::host: return {{"type", "string"}, {"pattern", "^(?!-)(?![^:]*:[^:]*$)[A-Za-z0-9._:-]+$"}};
    case Type::list: return {{"type", json::array({"string", "number", "boolean", "array"})}, {"items", {{"type", scalar}}}};
    case Type::map: return {{"type", "object"}};
    case Type::text:
    case Type::size:
    case Type::secret: break;
  }
  return {{"type", scalar}};
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
  if (field.left_alone) return "understood, and not provisioned by tidelab";
  auto out = field.help;
  const auto add = [&](const std::string& more) { out += (out.empty() ? "" : "\n") + more; };
  if (!field.versions.empty()) add("versions: " + field.versions);
  if (!field.fallback.empty()) add("default: " + field.fallback);
  return out;
}

json or_nothing(json schema) {
  if (schema.contains("enum"))
    schema["enum"].push_back(nullptr);
  else if (schema.contains("type") && schema["type"].is_array())
    schema["type"].push_back("null");
  else if (schema.contains("type"))
    schema["type"] = json::array({schema["type"], "null"});
  return schema;
}

json make_property(const Field& field) {
  auto out = field.left_alone ? json::object() : typed(field);
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
