#include <algorithm>

#include <fmt/format.h>

#include "playbook/playbook.hpp"
#include "playbook/read_param.hpp"
#include "playbook/version.hpp"
#include "step/describe.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::playbook {

namespace {

using source::Diagnostics;
using yaml::Node;

// Visits the fields of a word for the steps that are inside it.
struct NestedRanges {
  const std::string& code;
  Diagnostics& diagnostics;
  void operator()(std::string_view, const std::vector<step::Step>& steps, step::Use) const { check_ranges(steps, code, diagnostics); }
  void operator()(std::string_view, const step::Settings& settings, step::Use) const {
    for (const auto& each : settings) check_ranges(each.versions, code, diagnostics);
  }
  template <class Other>
  void operator()(std::string_view, const Other&, step::Use) const {}
};

/// Texts by name; complains about what is no mapping, and about other names than `known`, if there are any.
std::map<std::string, Text> texts_by_name(const Node& node, const char* key, const std::vector<std::string>& known,
                                          Diagnostics& diagnostics) {
  std::map<std::string, Text> out;
  const auto* found = node.find(key);
  if (found == nullptr || !yaml::read_mapping(*found, fmt::format("`{}`", key), diagnostics)) return out;
  if (!known.empty()) yaml::refuse_unknown_keys(*found, fmt::format("`{}`", key), known, diagnostics);
  for (const auto& [name, value] : found->entries) out.emplace(name.value, value.as_text());
  return out;
}

void read_source(const Node& item, Artifact& artifact, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(item, "a source", diagnostics)) return;
  static const std::vector<std::string> kinds = {"official", "tiup", "index", "maven", "file", "assembled"};
  Source source;
  for (const auto& [key, value] : item.entries)
    if (std::find(kinds.begin(), kinds.end(), key.value) != kinds.end()) source.kind = key;
  if (source.kind.empty()) {
    diagnostics.error("P005", "a source is one of official, tiup, index, maven, file, assembled", item.span);
  } else {
    source.where = texts_at(item, source.kind.value.c_str(), diagnostics);
    if (source.where.size() != 1 && (source.where.empty() || source.kind.value != "official"))
      diagnostics.error("P005", fmt::format("`{}` is one text", source.kind.value), item.span);
  }
  auto known = kinds;
  known.insert(known.end(), {"checksum_url", "checksum", "note", "platforms", "mirror", "at", "near", "native", "repository"});
  yaml::refuse_unknown_keys(item, "a source", known, diagnostics);
  source.checksum_url = text_at(item, "checksum_url", diagnostics);
  source.checksum = text_at(item, "checksum", diagnostics);
  source.note = text_at(item, "note", diagnostics);
  source.platforms = texts_by_name(item, "platforms", {}, diagnostics);
  source.at = texts_by_name(item, "at", {"url", "checksum", "bytes", "release", "near"}, diagnostics);
  source.mirror = text_at(item, "mirror", diagnostics);
  source.repository = text_at(item, "repository", diagnostics);
  source.near = text_at(item, "near", diagnostics);
  source.native = text_at(item, "native", diagnostics).value == "true";
  if (source.kind.value == "tiup" && source.mirror.empty())
    diagnostics.error("P001", "a source of the kind `tiup` needs `mirror`", item.span);
  if (source.kind.value == "index" && (source.at.count("url") == 0 || source.at.count("checksum") == 0))
    diagnostics.error("P001", "a source of the kind `index` needs `at` with `url` and `checksum`", item.span);
  artifact.sources.push_back(std::move(source));
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
  if (const auto* sources = node.find("sources"); sources != nullptr && yaml::read_sequence(*sources, "`sources`", diagnostics))
    for (const auto& item : sources->items) read_source(item, artifact, diagnostics);
  out.artifacts.push_back(std::move(artifact));
}

// One of a few words; empty: it is not written.
Text read_choice(const Node& node, const char* key, const std::vector<std::string>& choices, Diagnostics& diagnostics) {
  auto out = text_at(node, key, diagnostics);
  if (!out.empty() && std::find(choices.begin(), choices.end(), out.value) == choices.end())
    diagnostics.error("P002", fmt::format("`{}` does not know `{}`", key, out.value), out.span).help =
        fmt::format("it is `{}`", fmt::join(choices, "`, `"));
  return out;
}

void read_hint(const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a hint", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a hint", {"says", "help"}, diagnostics);
  const auto says = needed(node, "says", diagnostics), help = needed(node, "help", diagnostics);
  check_pattern(says, diagnostics);
  out.hints.emplace_back(says, help);
}

std::vector<Fixed> read_fixed(const Node& root, const std::string& key, Diagnostics& diagnostics) {
  std::vector<Fixed> out;
  const auto* found = root.find(key);
  if (found == nullptr || !yaml::read_sequence(*found, "`" + key + "`", diagnostics)) return out;
  for (const auto& node : found->items) {
    if (!yaml::read_mapping(node, "an item of `" + key + "`", diagnostics)) continue;
    yaml::refuse_unknown_keys(node, "an item of `" + key + "`", {"since", "versions", "unless", "beside"}, diagnostics);
    out.push_back({needed(node, "since", diagnostics), read_versions(node, diagnostics),
                   read_choice(node, "unless", {"majority"}, diagnostics), text_at(node, "beside", diagnostics)});
  }
  return out;
}

void read_fewest(const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "an item of `fewest`", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "an item of `fewest`", {"count", "since", "versions"}, diagnostics);
  out.fewest.push_back({needed(node, "count", diagnostics), needed(node, "since", diagnostics), read_versions(node, diagnostics)});
}

void read_together(const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "an item of `together`", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "an item of `together`", {"artifact", "since", "versions"}, diagnostics);
  out.together.push_back({needed(node, "artifact", diagnostics), needed(node, "since", diagnostics), read_versions(node, diagnostics)});
}

void read_hop(const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a hop", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a hop", {"label", "to", "port", "port_of", "versions"}, diagnostics);
  out.flow.push_back({texts_at(node, "label", diagnostics), text_at(node, "to", diagnostics), text_at(node, "port", diagnostics),
                      text_at(node, "port_of", diagnostics), read_versions(node, diagnostics)});
}

// A path, or a mapping with one.
void read_log(const Node& root, Playbook& out, Diagnostics& diagnostics) {
  const auto* log = root.find("log");
  if (log == nullptr || !log->is_mapping()) {
    out.log = text_at(root, "log", diagnostics);
    return;
  }
  yaml::refuse_unknown_keys(*log, "`log`", {"path", "also", "matters", "ours", "out_of_memory"}, diagnostics);
  out.log = needed(*log, "path", diagnostics);
  auto& look = out.log_look;
  look.also = texts_at(*log, "also", diagnostics);
  look.matters = text_at(*log, "matters", diagnostics);
  look.ours = texts_at(*log, "ours", diagnostics);
  look.out_of_memory = text_at(*log, "out_of_memory", diagnostics);
  auto patterns = look.ours;
  patterns.insert(patterns.end(), {look.matters, look.out_of_memory});
  for (const auto& each : patterns) check_pattern(each, diagnostics);
}

void read_spelling(const Node& node, std::vector<Spelling>& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a spelling", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a spelling", {"like", "means", "refused"}, diagnostics);
  Spelling made{pattern_at(node, "like", diagnostics), text_at(node, "means", diagnostics), text_at(node, "refused", diagnostics)};
  if (made.like.empty() || made.means.empty() == made.refused.empty())
    diagnostics.error("P001", "a spelling is `like` something, and `means` something or is `refused`", node.span);
  else
    out.push_back(std::move(made));
}

void read_mirror(const Node& node, Mirror& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a mirror", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a mirror", {"url", "root", "threshold", "keys"}, diagnostics);
  out.url = needed(node, "url", diagnostics);
  out.root = needed(node, "root", diagnostics);
  out.threshold = needed(node, "threshold", diagnostics);
  out.keys = texts_at(node, "keys", diagnostics);
  for (const auto& number : {out.root, out.threshold})
    if (!number.empty() && number.value.find_first_not_of("0123456789") != std::string::npos)
      diagnostics.error("P002", fmt::format("`{}` is no number", number.value), number.span);
}

void read_foreign(const Node& node, std::vector<Foreign>& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a file of another program", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a file of another program", {"what", "help", "any", "all", "items", "lines"}, diagnostics);
  Foreign made{needed(node, "what", diagnostics),  needed(node, "help", diagnostics),    texts_at(node, "any", diagnostics),
               texts_at(node, "all", diagnostics), texts_at(node, "items", diagnostics), {}};
  if (const auto* lines = node.find("lines"); lines != nullptr && lines->is_scalar()) made.lines = {pattern_at(node, "lines", diagnostics)};
  out.push_back(std::move(made));
}

}  // namespace

bool is_condition(const Text& section, const Text& range) {
  if (range.value == of_several || range.value == of_one) return !section.empty();
  return range.value == of_no_version ? !section.empty() : Range::parse(range.value).has_value();
}

void check_ranges(const Versions& versions, const std::string& code, Diagnostics& diagnostics) {
  for (const auto& [section, range] : versions)
    if (!is_condition(section, range))
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
  yaml::refuse_unknown_keys(root, "what is common to topologies", {"global", "instance", "spellings", "foreign", "mirrors"}, diagnostics);
  out.global = read_params(root, "global", Names::any, diagnostics);
  out.instance = read_params(root, "instance", Names::any, diagnostics);
  if (const auto* spellings = root.find("spellings"); spellings != nullptr && yaml::read_mapping(*spellings, "`spellings`", diagnostics))
    for (const auto& [name, list] : spellings->entries)
      if (yaml::read_sequence(list, name.value, diagnostics))
        for (const auto& item : list.items) read_spelling(item, out.spellings[name.value], diagnostics);
  if (const auto* foreign = root.find("foreign"); foreign != nullptr && yaml::read_sequence(*foreign, "`foreign`", diagnostics))
    for (const auto& item : foreign->items) read_foreign(item, out.foreign, diagnostics);
  if (const auto* mirrors = root.find("mirrors"); mirrors != nullptr && yaml::read_mapping(*mirrors, "`mirrors`", diagnostics))
    for (const auto& [name, mirror] : mirrors->entries) read_mirror(mirror, out.mirrors[name.value], diagnostics);
  return out;
}

Playbook read_playbook(const source::File& file, const std::string& folder, Diagnostics& diagnostics, const Fragments& fragments) {
  Playbook out;
  out.folder = folder;
  const auto root = with_fragments(yaml::read_document(file, diagnostics), fragments, diagnostics);
  out.span = {&file, 1, 1, 1};
  if (!root.is_mapping()) {
    if (!diagnostics.has_errors()) diagnostics.error("P001", "a playbook is a mapping", out.span);
    return out;
  }
  yaml::refuse_unknown_keys(root, "a playbook",
                            {"section",  "component", "also_components", "title",      "hostless",  "provisioned",   "on_hosts_of",
                             "unless",   "versions",  "default_version", "version_of", "address",   "log",           "dir",
                             "node",     "needs",     "shares",          "params",     "artifacts", "rules",         "install",
                             "start",    "ready",     "remove",          "flow",       "host",      "known_as",      "version_spelling",
                             "settings", "outside",   "hints",           "tools",      "shows",     "opens",         "serves_with",
                             "let",      "questions", "fragments",       "leads",      "whole",     "fixed_members", "together",
                             "leave",    "left",      "fixed_leaving",   "fewest",     "joins"},
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
  read_log(root, out, diagnostics);
  out.dir = text_at(root, "dir", diagnostics);
  out.node = text_at(root, "node", diagnostics);
  out.needs = texts_at(root, "needs", diagnostics);
  out.known_as = texts_at(root, "known_as", diagnostics);
  out.version_spelling = text_at(root, "version_spelling", diagnostics);
  out.settings = texts_at(root, "settings", diagnostics);
  if (const auto* outside = root.find("outside"); outside != nullptr && yaml::read_mapping(*outside, "`outside`", diagnostics))
    for (const auto& [section, setting] : outside->entries) out.outside.emplace_back(section, setting.as_text());
  out.shares = texts_at(root, "shares", diagnostics);
  out.serves_with = read_choice(root, "serves_with", {"any", "majority", "all"}, diagnostics);
  out.joins = read_choice(root, "joins", {"one_at_a_time"}, diagnostics);
  if (const auto* hints = root.find("hints"); hints != nullptr && yaml::read_sequence(*hints, "`hints`", diagnostics))
    for (const auto& item : hints->items) read_hint(item, out, diagnostics);
  out.fixed_members = read_fixed(root, "fixed_members", diagnostics);
  out.fixed_leaving = read_fixed(root, "fixed_leaving", diagnostics);
  if (const auto* fewest = root.find("fewest"); fewest != nullptr && yaml::read_sequence(*fewest, "`fewest`", diagnostics))
    for (const auto& item : fewest->items) read_fewest(item, out, diagnostics);
  if (const auto* together = root.find("together"); together != nullptr && yaml::read_sequence(*together, "`together`", diagnostics))
    for (const auto& item : together->items) read_together(item, out, diagnostics);
  out.also_components = texts_at(root, "also_components", diagnostics);
  out.hostless = truth_at(root, "hostless", false, diagnostics);
  out.provisioned = truth_at(root, "provisioned", true, diagnostics);
  out.on_hosts_of = texts_at(root, "on_hosts_of", diagnostics);
  out.unless = text_at(root, "unless", diagnostics);
  out.params = read_params(root, "params", Names::of_params, diagnostics);
  read_let(root, out, diagnostics);
  read_questions(root, out, diagnostics);
  if (const auto* artifacts = root.find("artifacts"); artifacts != nullptr && yaml::read_sequence(*artifacts, "`artifacts`", diagnostics))
    for (const auto& item : artifacts->items) read_artifact(item, out, diagnostics);
  if (const auto* flow = root.find("flow"); flow != nullptr && yaml::read_sequence(*flow, "`flow`", diagnostics))
    for (const auto& item : flow->items) read_hop(item, out, diagnostics);
  if (const auto* host = root.find("host"); host != nullptr && yaml::read_sequence(*host, "`host`", diagnostics))
    for (const auto& item : host->items) read_host_need(item, out.host, diagnostics);
  read_daily(root, out, diagnostics);
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
  out.leads = steps("leads");
  out.whole = steps("whole");
  out.leave = steps("leave");
  out.left = steps("left");
  return out;
}

}  // namespace tidelab::playbook
