#include "topology/read_archives.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "source/spelling.hpp"
#include "step/url.hpp"
#include "topology/meaning.hpp"
#include "yaml/read.hpp"

namespace tidelab::topology {

namespace {

constexpr std::size_t sha256_digits = 64;

std::vector<std::string> artifacts_of(const playbook::Library& library) {
  std::vector<std::string> out;
  for (const auto* playbooks : {&library.by_section, &library.runtimes})
    for (const auto& [name, playbook] : *playbooks)
      for (const auto& each : playbook.artifacts)
        if (each.of.empty() && std::find(out.begin(), out.end(), each.name.value) == out.end()) out.push_back(each.name.value);
  return out;
}

/// What stands under `key`, if it is like that; what is missing or is not is told.
Text must_have(const yaml::Node& node, const char* key, const std::string& of, bool (*is_one)(const std::string&), const char* help,
               source::Diagnostics& diagnostics) {
  const auto* found = node.find(key);
  if (found == nullptr) {
    diagnostics.error("T002", fmt::format("`{}` under `archives` has no `{}`", of, key), node.span).help = help;
    return {};
  }
  const auto text = yaml::read_text(*found, fmt::format("`{}`", key), diagnostics);
  if (!text) return {};
  if (is_one(text->value)) return *text;
  diagnostics.error("T007", fmt::format("`{}` cannot be `{}` of an archive", text->value, key), text->span).help = help;
  return {};
}

bool is_place(const std::string& text) { return step::is_url(text) || text.starts_with("/"); }
bool is_digest(const std::string& text) {
  return text.size() == sha256_digits && text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

}  // namespace

void read_archives(const yaml::Node& node, const playbook::Library& library, Topology& out, source::Diagnostics& diagnostics) {
  if (node.is_null() || !yaml::read_mapping(node, "`archives`", diagnostics)) return;
  const auto known = artifacts_of(library);
  for (const auto& [key, value] : node.entries) {
    const auto name = key.value.substr(0, key.value.find(' '));
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      diagnostics.error("T001", fmt::format("there is no archive `{}`", name), key.span).help =
          did_you_mean_help(source::did_you_mean(name, known));
      continue;
    }
    if (!yaml::read_mapping(value, "an archive", diagnostics)) continue;
    yaml::refuse_unknown_keys(value, "an archive", {"url", "sha256"}, diagnostics);
    const auto url =
        must_have(value, "url", key.value, is_place, "write an http or https URL, or the path of a file on the controller", diagnostics);
    const auto sha256 = must_have(
        value, "sha256", key.value, is_digest,
        "write the 64 digits that `sha256sum` prints of the right file: without them nobody would notice another one", diagnostics);
    out.archives[key.value] = {url, sha256};
  }
}

}  // namespace tidelab::topology
