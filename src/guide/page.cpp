// The vocabulary as docs/topology.md.
#include <algorithm>

#include <fmt/format.h>

#include "guide/vocabulary.hpp"

namespace tidelab::guide {

namespace {

constexpr std::size_t widest_default = 60;

constexpr auto opening =
    "<!-- Generated from the playbooks; do not edit. To renew: tidelab schema --format markdown > docs/topology.md -->\n"
    "# The topology file\n\n"
    "Every key that a topology may have. A file written for TiUP is understood as it is; `tidelab template` prints files to start\n"
    "from, `tidelab schema` the same knowledge for an editor, and `tidelab validate FILE` tells every mistake at once.\n\n"
    "A default may refer to other values: `${port}` is the instance's own, `${global.deploy_dir}` the topology's, `${ordinal}` counts\n"
    "the instances of a section from 1, and `${join SECTION \"{host}:{port}\" \",\"}` lists the instances of a section.\n\n"
    "**May change** says what a lab that is up can follow: `tidelab diff OLD NEW` tells for a whole file, and `tidelab up` refuses the "
    "rest.\n"
    "*Not acted on*: the field is understood and checked, and tidelab does nothing about it.\n\n"
    "For an editor with a YAML language server:\n\n"
    "```sh\n"
    "tidelab schema > topology.schema.json\n"
    "```\n"
    "and, as the first line of the topology, `# yaml-language-server: $schema=topology.schema.json`.\n";

// A cell must neither end its column nor its row.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|')
      out += "\\|";
    else if (c == '\n')
      out += ' ';
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

std::string code(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c == '\n' ? ' ' : c);
  return out.empty() ? out : "`" + out + "`";
}

bool is_long(const Field& field) { return field.fallback.size() > widest_default; }

std::string default_cell(const Field& field) {
  if (field.required) return "**required**";
  return is_long(field) ? std::string("see below") : code(field.fallback);
}

// What is not acted on can become whatever it wants.
const char* may_change(const Field& field) {
  if (field.left_alone) return "yes";
  switch (field.mutability) {
    case playbook::Mutability::no: return "no";
    case playbook::Mutability::append: return "may grow";
    case playbook::Mutability::yes:
    case playbook::Mutability::free: break;
  }
  return "yes";
}

std::string meaning_of(const Field& field) {
  auto out = field.help;
  const auto add = [&](const std::string& more) { out += (out.empty() ? "" : "; ") + more; };
  if (!field.inside.empty()) add(fmt::format("a relative path lies in its `{}`", field.inside));
  if (field.inherits) add(fmt::format("`global.{}`, where that is written, comes before the default", field.name));
  if (!field.versions.empty()) add(fmt::format("versions {}", field.versions));
  if (field.left_alone) add("*not acted on*");
  return out;
}

void add_fields(std::string& out, const std::vector<Field>& fields) {
  out += "\n| field | type | default | may change | meaning |\n|---|---|---|---|---|\n";
  for (const auto& each : fields)
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", each.name, cell(name_for_people(each)), default_cell(each), may_change(each),
                       cell(meaning_of(each)));
  for (const auto& each : fields)
    if (is_long(each)) out += fmt::format("\nDefault of `{}`:\n\n```\n{}\n```\n", each.name, each.fallback);
}

std::string names(const std::vector<std::string>& list) { return list.empty() ? "" : fmt::format("`{}`", fmt::join(list, "`, `")); }

void add_section(std::string& out, const Section& section) {
  out += fmt::format("\n## `{}`\n\n{}; component `{}`", section.key, section.title, section.component);
  if (!section.versions.empty()) out += fmt::format(", versions `{}`", section.versions);
  if (!section.default_version.empty()) out += fmt::format(", `{}` by default", section.default_version);
  out += ".";
  if (!section.needs.empty()) out += fmt::format(" Starts when these are ready: {}.", names(section.needs));
  if (section.hostless) out += " It has no host of its own.";
  if (!section.provisioned) out += " Understood and left alone: its ports and directories count in conflicts.";
  if (section.per_host) out += " One on each host of a cluster; the section is a mapping and may be missing.";
  if (!section.hostless && !section.per_host) out += " Has what [every instance](#every-instance) has, too.";
  out += "\n";
  std::vector<Field> own;
  for (const auto& each : section.fields)
    if (!each.shared) own.push_back(each);
  add_fields(out, own);
}

}  // namespace

std::string render_page(const Vocabulary& vocabulary) {
  auto sections = vocabulary.sections;
  std::stable_partition(sections.begin(), sections.end(), [](const auto& each) { return each.provisioned; });
  std::string out = opening;
  out +=
      "\n## At the top\n\n| key | what |\n|---|---|\n"
      "| `global` | what holds for every instance that does not say otherwise |\n"
      "| `component_versions` | the version of each component |\n"
      "| `component_sources` | understood, and not provisioned |\n"
      "| `archives` | where an archive is to come from, in place of all sources: `NAME: {url: URL, sha256: DIGEST}`, or `NAME VERSION:` "
      "for one release |\n"
      "| `server_configs` | any key of each component's configuration file, nested or dotted |\n";
  for (const auto& each : sections)
    out += fmt::format("| [`{}`](#{}) | {}{} |\n", each.key, each.key, cell(each.title), each.per_host ? "" : ", one item an instance");
  out += fmt::format("\nKeys of `component_versions` and `server_configs`: {}.\n", names(vocabulary.components));
  out += "\n## `global`\n";
  add_fields(out, vocabulary.global);
  out += "\n## Every instance\n\nA section's own field of the same name comes before these.\n";
  add_fields(out, vocabulary.every);
  for (const auto& each : sections) add_section(out, each);
  return out;
}

}  // namespace tidelab::guide
