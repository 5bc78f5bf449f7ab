#include <set>

#include <fmt/format.h>

#include "check/check.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::check {

namespace {

using source::Diagnostics;
using yaml::Node;

Text text_at(const Node& node, const char* key, Diagnostics& diagnostics, bool needed = false) {
  const auto* found = node.find(key);
  if (found == nullptr) {
    if (needed) diagnostics.error("C001", fmt::format("`{}` is missing", key), node.span);
    return {};
  }
  return yaml::read_text(*found, fmt::format("`{}`", key), diagnostics).value_or(Text{});
}

Hop read_hop(const Node& node, Diagnostics& diagnostics) {
  Hop hop;
  if (!yaml::read_mapping(node, "`hop`", diagnostics)) return hop;
  yaml::refuse_unknown_keys(node, "a hop", {"place", "title", "look_at", "since", "about", "heal", "drift", "warns"}, diagnostics);
  hop.place = text_at(node, "place", diagnostics);
  hop.title = text_at(node, "title", diagnostics);
  hop.look_at = text_at(node, "look_at", diagnostics);
  if (const auto* about = node.find("about")) hop.about = yaml::read_texts(*about, "`about`", diagnostics);
  hop.heal = text_at(node, "heal", diagnostics);
  if (const auto* drift = node.find("drift")) hop.drift = yaml::read_bool(*drift, "`drift`", diagnostics).value_or(false);
  if (const auto* warns = node.find("warns")) hop.warns = yaml::read_bool(*warns, "`warns`", diagnostics).value_or(false);
  hop.since = text_at(node, "since", diagnostics);
  hop.travels = !hop.place.empty();
  if (hop.title.empty()) diagnostics.error("C003", "a hop needs a `title`: it is a row of the report", node.span);
  return hop;
}

void read_check_step(const Node& node, Check& out, std::set<std::string>& ids, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a step of a check", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a step of a check", {"id", "hop", "needs", "after", "do", "evidence", "within"}, diagnostics);
  CheckStep made;
  made.id = text_at(node, "id", diagnostics, true);
  if (!made.id.empty() && !ids.insert(made.id.value).second)
    diagnostics.error("C002", fmt::format("there are two steps with the id `{}`", made.id.value), made.id.span);
  if (const auto* hop = node.find("hop")) made.hop = read_hop(*hop, diagnostics);
  if (const auto* needs = node.find("needs")) made.needs = yaml::read_texts(*needs, "`needs`", diagnostics);
  if (const auto* after = node.find("after")) made.after = yaml::read_texts(*after, "`after`", diagnostics);
  if (const auto* evidence = node.find("evidence")) made.evidence = step::read_steps(*evidence, diagnostics);
  if (const auto* within = node.find("within")) made.within = yaml::read_duration(*within, "`within`", diagnostics);
  const auto* action = node.find("do");
  if (action == nullptr) {
    diagnostics.error("C001", "`do` is missing: what is done or asked", node.span);
    return;
  }
  auto steps = step::read_steps(*action, diagnostics);
  if (steps.size() > 1) diagnostics.error("C001", "`do` takes one word", action->span);
  if (steps.size() == 1) {
    made.step = std::move(steps.front());
    out.steps.push_back(std::move(made));
  }
}

}  // namespace

Check read_check(const source::File& file, Diagnostics& diagnostics) {
  Check out;
  out.span = {&file, 1, 1, 1};
  const auto root = yaml::read_document(file, diagnostics);
  if (!root.is_mapping()) {
    if (!diagnostics.has_errors()) diagnostics.error("C001", "a check is a mapping", out.span);
    return out;
  }
  yaml::refuse_unknown_keys(root, "a check", {"check", "title", "of", "versions", "let", "steps"}, diagnostics);
  out.name = text_at(root, "check", diagnostics, true);
  out.title = text_at(root, "title", diagnostics);
  out.of = text_at(root, "of", diagnostics, true);
  if (const auto* versions = root.find("versions"); versions != nullptr && yaml::read_mapping(*versions, "`versions`", diagnostics))
    for (const auto& [section, range] : versions->entries) out.versions.emplace_back(section, range.as_text());
  if (const auto* lets = root.find("let"); lets != nullptr && yaml::read_mapping(*lets, "`let`", diagnostics))
    for (const auto& [name, text] : lets->entries) out.lets.emplace_back(name, text.as_text());
  std::set<std::string> ids;
  if (const auto* steps = root.find("steps"); steps != nullptr && yaml::read_sequence(*steps, "`steps`", diagnostics))
    for (const auto& item : steps->items) read_check_step(item, out, ids, diagnostics);
  bool asserts = false;
  for (const auto& each : out.steps) asserts = asserts || each.hop.has_value();
  if (!asserts && !diagnostics.has_errors())
    diagnostics.error("C004", "this check has no hop: it claims nothing and would always pass", out.span);
  return out;
}

}  // namespace tidelab::check
