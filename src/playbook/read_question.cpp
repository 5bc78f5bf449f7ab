// What others can ask of a component, in words of its own, and what a playbook says once and uses often: `questions`, `let`.
#include <algorithm>

#include <fmt/format.h>

#include "playbook/read_param.hpp"
#include "playbook/version.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::playbook {

using source::Diagnostics;
using yaml::Node;

namespace {

void read_gives(const Node& node, Way& out, Diagnostics& diagnostics) {
  const auto* gives = node.find("gives");
  if (gives == nullptr || !yaml::read_mapping(*gives, "`gives`", diagnostics)) return;
  for (const auto& [name, pointer] : gives->entries) {
    out.gives.emplace_back(name, pointer.is_null() ? Text{std::string(not_told), pointer.span} : pointer.as_text());
  }
}

Way read_way(const Node& node, Diagnostics& diagnostics) {
  Way out;
  out.span = node.span;
  out.versions = read_versions(node, diagnostics);
  out.nothing = text_at(node, "nothing", diagnostics);
  read_gives(node, out, diagnostics);
  if (const auto* steps = node.find("do")) out.steps = step::read_steps(*steps, diagnostics);
  check_ranges(out.steps, "P003", diagnostics);
  if (out.nothing.empty() == out.steps.empty() && !diagnostics.has_errors())
    diagnostics.error("P025", "a way to ask is `do` with words, or `nothing` with the reason why these versions cannot be asked",
                      node.span);
  return out;
}

bool same_names(const Way& a, const Way& b) {
  const auto has_all = [](const Pairs& of, const Pairs& in) {
    return std::all_of(of.begin(), of.end(), [&](const auto& each) {
      return std::any_of(in.begin(), in.end(), [&](const auto& other) { return other.first.value == each.first.value; });
    });
  };
  return has_all(a.gives, b.gives) && has_all(b.gives, a.gives);
}

// Every release that the playbook serves is asked in one way. Where a way depends on another section only the plan can tell.
void check_ways(const Question& question, const Range& served, Diagnostics& diagnostics) {
  std::vector<Range> ranges;
  auto edges = served.edges();
  for (const auto& way : question.ways) {
    if (way.versions.size() > 1 || (way.versions.size() == 1 && !way.versions.front().first.empty())) return;
    ranges.push_back(*Range::parse(way.versions.empty() ? "*" : way.versions.front().second.value));
    const auto more = ranges.back().edges();
    edges.insert(edges.end(), more.begin(), more.end());
  }
  for (const auto& version : edges) {
    const auto ways = std::count_if(ranges.begin(), ranges.end(), [&](const Range& each) { return each.holds(version); });
    if (!served.holds(version) || ways == 1) continue;
    const auto release = fmt::format("{}.{}.{}", version.part[0], version.part[1], version.part[2]);
    diagnostics
        .error("P025", fmt::format("`{}` has {} for version {}", question.name.value, ways == 0 ? "no way" : "more than one way", release),
               question.name.span)
        .help = ways == 0 ? "add one, or one with `nothing` and the reason" : "let their `versions` not overlap";
    return;
  }
}

void read_question(const Text& name, const Node& node, Playbook& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a question", diagnostics)) return;
  yaml::refuse_unknown_keys(node, "a question", {"with", "by_hand", "do", "gives", "ways"}, diagnostics);
  const auto errors = diagnostics.errors();
  Question made;
  made.name = name;
  made.with = texts_at(node, "with", diagnostics);
  made.by_hand = text_at(node, "by_hand", diagnostics);
  if (const auto* ways = node.find("ways"); ways == nullptr) {
    made.ways.push_back(read_way(node, diagnostics));
  } else if (yaml::read_sequence(*ways, "`ways`", diagnostics)) {
    for (const auto& item : ways->items) {
      if (!yaml::read_mapping(item, "a way to ask", diagnostics)) continue;
      yaml::refuse_unknown_keys(item, "a way to ask", {"versions", "do", "gives", "nothing"}, diagnostics);
      made.ways.push_back(read_way(item, diagnostics));
    }
  }
  const Way* model = nullptr;
  for (const auto& way : made.ways) {
    if (!way.nothing.empty()) continue;
    if (model != nullptr && !same_names(way, *model))
      diagnostics.error("P025", "this way gives other names than the one before", way.span).help =
          "whoever asks knows no versions: give each name in every way, with `null` where these versions do not tell it";
    model = &way;
  }
  if (diagnostics.errors() == errors) check_ways(made, Range::parse(out.versions.empty() ? "*" : out.versions.value).value(), diagnostics);
  out.questions.push_back(std::move(made));
}

}  // namespace

void read_questions(const Node& root, Playbook& out, Diagnostics& diagnostics) {
  const auto* questions = root.find("questions");
  if (questions == nullptr || !yaml::read_mapping(*questions, "`questions`", diagnostics)) return;
  for (const auto& [name, node] : questions->entries) read_question(name, node, out, diagnostics);
}

void read_let(const Node& root, Playbook& out, Diagnostics& diagnostics) {
  const auto add = [&](const Text& name, const Node& value, Versions versions) {
    Param made;
    made.name = name;
    made.fallback = yaml::read_text(value, fmt::format("`{}`", name.value), diagnostics).value_or(Text{});
    made.versions = std::move(versions);
    out.lets.push_back(std::move(made));
  };
  const auto* lets = root.find("let");
  if (lets == nullptr || !yaml::read_mapping(*lets, "`let`", diagnostics)) return;
  for (const auto& [name, value] : lets->entries) {
    const auto& key = name.value;  // clang 14 cannot capture structured bindings
    if (has_meaning(key) || std::any_of(out.params.begin(), out.params.end(), [&](const Param& each) { return each.name.value == key; }))
      diagnostics.error("P006", fmt::format("`{}` has a meaning already", key), name.span).help = "give it another name";
    if (!value.is_mapping()) {
      add(name, value, {});
      continue;
    }
    for (const auto& [condition, text] : by_version(value, diagnostics)) add(name, *text, condition);
  }
}

Node with_fragments(Node root, const Fragments& fragments, Diagnostics& diagnostics) {
  for (const auto& name : texts_at(root, "fragments", diagnostics)) {
    const auto found = fragments.find(name.value);
    if (found == fragments.end()) {
      diagnostics.error("P023", fmt::format("there is no fragment `{}`", name.value), name.span).help = "they are playbooks/lib/NAME.yaml";
      continue;
    }
    auto shared = yaml::read_document(*found->second, diagnostics);
    for (auto& entry : shared.entries) {
      const auto& key = entry.key.value;
      const auto own = std::find_if(root.entries.begin(), root.entries.end(), [&](const auto& each) { return each.key.value == key; });
      if (own == root.entries.end()) {
        root.entries.push_back(std::move(entry));
      } else if (own->value.is_sequence() && entry.value.is_sequence()) {
        own->value.items.insert(own->value.items.begin(), entry.value.items.begin(), entry.value.items.end());
      } else if (own->value.is_mapping() && entry.value.is_mapping()) {
        for (auto& each : entry.value.entries)
          if (own->value.find(each.key.value) == nullptr) own->value.entries.push_back(std::move(each));
      }  // else what the playbook itself says
    }
  }
  return root;
}

}  // namespace tidelab::playbook
