#include "guide/vocabulary.hpp"

#include <nlohmann/json.hpp>

#include "unit/guide/world.hpp"

namespace tidelab::guide {

using nlohmann::json;

namespace {

struct Made {
  Lab lab;
  Vocabulary vocabulary = make_vocabulary(lab.library);
  json schema = json::parse(render_schema(vocabulary));
  const json& front() const { return schema["properties"]["fronts"]["items"]; }
};

}  // namespace

TEST_CASE("every section of the playbooks is in the vocabulary, each component once") {
  const Made made;
  std::vector<std::string> keys;
  for (const auto& each : made.vocabulary.sections) keys.push_back(each.key);
  CHECK(keys == std::vector<std::string>{"backs", "fronts", "guests", "ways"});
  CHECK(made.vocabulary.components == std::vector<std::string>{"back", "front", "guest", "way"});
}

TEST_CASE("a schema knows each type, its range and its literal default") {
  const Made made;
  const auto& fields = made.front()["properties"];
  CHECK(fields["port"]["minimum"] == 1);
  CHECK(fields["port"]["maximum"] == 65535);
  CHECK(fields["port"]["default"] == 7000);
  CHECK(fields["mode"]["anyOf"][0]["enum"] == json({"one", "many"}));
  CHECK(fields["mode"]["anyOf"][1]["pattern"] == "^(?:[Oo][Nn][Ee]|[Mm][Aa][Nn][Yy])$");
  CHECK(fields["mode"]["anyOf"][2]["type"] == "null");
  CHECK(made.schema["properties"]["global"]["properties"]["user"]["pattern"] == "^(?:[a-z_][a-z0-9_-]{0,31})?$");
  CHECK(fields["fast"]["default"] == false);
  CHECK(fields["copies"]["type"] == json({"integer", "null"}));
  CHECK(fields["pause"].contains("pattern"));
  CHECK(fields["opts"]["type"] == json({"object", "null"}));
  SECTION("a default that depends on other values is told, and not inserted") {
    CHECK_FALSE(fields["dir"].contains("default"));
    CHECK(fields["dir"]["description"].get<std::string>().find("/srv/front-${port}") != std::string::npos);
  }
}

TEST_CASE("a schema refuses unknown keys everywhere but in what is free") {
  const Made made;
  CHECK(made.schema["additionalProperties"] == false);
  CHECK(made.front()["additionalProperties"] == false);
  CHECK(made.schema["properties"]["global"]["additionalProperties"] == false);
  CHECK(made.schema["properties"]["server_configs"]["additionalProperties"] == false);
  CHECK_FALSE(made.front()["properties"]["config"].contains("additionalProperties"));
}

TEST_CASE("a schema asks for a host where there is one, and for what a playbook requires") {
  const Made made;
  CHECK(made.front()["required"] == json({"host", "label"}));
  CHECK(made.schema["properties"]["ways"]["items"]["required"] == json({"name"}));
  CHECK_FALSE(made.schema["properties"]["ways"]["items"]["properties"].contains("host"));
}

TEST_CASE("a section may be empty") {
  const Made made;
  CHECK(made.schema["properties"]["fronts"]["type"] == json({"array", "null"}));
}

TEST_CASE("the page has a row for every field, and no text ends a cell") {
  const Made made;
  const auto page = render_page(made.vocabulary);
  for (const auto& section : made.vocabulary.sections) {
    CHECK(page.find("\n## `" + section.key + "`\n") != std::string::npos);
    for (const auto& field : section.fields) {
      INFO(field.name);
      CHECK(page.find("`" + field.name + "`") != std::string::npos);
    }
  }
  CHECK(page.find("| `mode` | one of one, many | `one` | yes |  |") != std::string::npos);
  CHECK(page.find("| `stores` | directories | `/srv/one` | may grow |  |") != std::string::npos);
  CHECK(page.find("| `numa_node` | text |  | yes | *not acted on* |") != std::string::npos);
  CHECK(page.find("## `guests`") > page.find("## `ways`"));  // what is left alone comes last
  CHECK(page.find("listens \\| here") != std::string::npos);
  CHECK(page.find("Front &lt;end>") != std::string::npos);
  CHECK(page.find("| `label` | text | **required** | no | what it is called |") != std::string::npos);
}

}  // namespace tidelab::guide
