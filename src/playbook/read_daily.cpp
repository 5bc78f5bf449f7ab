// What people see and use of a component by hand, as data: its programs, its state, and where to look next.
#include <charconv>

#include <fmt/format.h>

#include "playbook/read_param.hpp"
#include "step/describe.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::playbook {

using source::Diagnostics;
using yaml::Node;

namespace {

enum class Reach { anything, no_host };

// Exactly one asking word; where no host is asked, one that needs none.
std::vector<step::Step> read_question(const Node& node, const char* key, Reach reach, Diagnostics& diagnostics) {
  const auto* found = node.find(key);
  if (found == nullptr) return {};
  const auto before = diagnostics.errors();
  auto out = step::read_steps(*found, diagnostics);
  const auto fits = [&](const step::Step& each) {
    return std::visit(
        [&](const auto& word) {
          using W = std::decay_t<decltype(word)>;
          constexpr bool on_host = std::is_same_v<W, step::Exec> || std::is_same_v<W, step::Process>;
          return step::is_question<W> && (reach == Reach::anything || !on_host);
        },
        each.action);
  };
  if (diagnostics.errors() == before && (out.size() != 1 || !fits(out.front())))
    diagnostics.error("P009", fmt::format("`{}` is not one question", key), found->span).help =
        reach == Reach::anything ? "one of tcp, http, sql, exec, topic, process, ask" : "one of tcp, http, sql, topic, ask";
  check_ranges(out, "P003", diagnostics);
  return out;
}

Pairs pairs_at(const Node& node, const char* key, Diagnostics& diagnostics) {
  Pairs out;
  const auto* found = node.find(key);
  if (found == nullptr || !yaml::read_mapping(*found, fmt::format("`{}`", key), diagnostics)) return out;
  for (const auto& [name, value] : found->entries)
    if (auto text = yaml::read_text(value, fmt::format("`{}`", name.value), diagnostics)) out.emplace_back(name, *text);
  return out;
}

void read_ages(const Node& node, Shown& out, Diagnostics& diagnostics) {
  const auto* found = node.find("ages");
  if (found == nullptr || !yaml::read_mapping(*found, "`ages`", diagnostics)) return;
  for (const auto& [name, value] : found->entries) {
    if (!yaml::read_mapping(value, "an age", diagnostics)) continue;
    yaml::refuse_unknown_keys(value, "an age", {"at", "per_ms"}, diagnostics);
    Age age{name, needed(value, "at", diagnostics), 1};
    const auto per = text_at(value, "per_ms", diagnostics);
    const auto* end = per.value.data() + per.value.size();
    const auto [read, problem] = std::from_chars(per.value.data(), end, age.per_ms);
    if (!per.empty() && (problem != std::errc() || read != end || age.per_ms < 1))
      diagnostics.error("P009", fmt::format("`per_ms` is `{}`, and it is how many units are a millisecond", per.value), per.span);
    out.ages.push_back(std::move(age));
  }
}

void read_shown(const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "what is shown", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "what is shown", {"title", "ask", "state", "good", "says", "ages", "missing", "versions"}, diagnostics);
  Shown made;
  made.title = needed(node, "title", diagnostics);
  if (node.find("ask") == nullptr) diagnostics.error("P001", "`ask` is missing", node.span);
  made.ask = read_question(node, "ask", Reach::anything, diagnostics);
  made.state = text_at(node, "state", diagnostics);
  if (const auto* good = node.find("good")) made.good = step::read_match(*good, diagnostics);
  made.says = pairs_at(node, "says", diagnostics);
  read_ages(node, made, diagnostics);
  made.missing = text_at(node, "missing", diagnostics);
  made.versions = read_versions(node, diagnostics);
  out.shows.push_back(std::move(made));
}

void read_opened(const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "what is opened", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "what is opened", {"title", "line", "given", "unless", "when", "versions"}, diagnostics);
  out.opens.push_back({needed(node, "title", diagnostics), needed(node, "line", diagnostics), text_at(node, "given", diagnostics),
                       text_at(node, "unless", diagnostics), read_question(node, "when", Reach::no_host, diagnostics),
                       read_versions(node, diagnostics)});
}

}  // namespace

void read_daily(const Node& root, Playbook& out, Diagnostics& diagnostics) {
  if (const auto* tools = root.find("tools"); tools != nullptr && yaml::read_mapping(*tools, "`tools`", diagnostics)) {
    yaml::refuse_unknown_keys(*tools, "`tools`", {"path", "env"}, diagnostics);
    out.tools = {texts_at(*tools, "path", diagnostics), pairs_at(*tools, "env", diagnostics)};
  }
  if (const auto* shows = root.find("shows"); shows != nullptr && yaml::read_sequence(*shows, "`shows`", diagnostics))
    for (const auto& item : shows->items) read_shown(item, out, diagnostics);
  if (const auto* opens = root.find("opens"); opens != nullptr && yaml::read_sequence(*opens, "`opens`", diagnostics))
    for (const auto& item : opens->items) read_opened(item, out, diagnostics);
}

}  // namespace tidelab::playbook
