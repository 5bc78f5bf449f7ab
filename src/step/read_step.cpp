// YAML → steps, by walking over the fields that describe.hpp states.
#include "step/read_step.hpp"

#include <algorithm>
#include <regex>

#include <fmt/format.h>

#include "step/describe.hpp"
#include "yaml/read.hpp"

namespace tidelab::step {

namespace {

using source::Diagnostics;
using yaml::Node;

struct Operator {
  const char* name;
  Op op;
};
constexpr Operator operators[] = {{"eq", Op::equals},       {"ne", Op::not_equals}, {"contains", Op::contains}, {"lacks", Op::lacks},
                                  {"matches", Op::matches}, {"ge", Op::at_least},   {"le", Op::at_most},        {"one_of", Op::one_of},
                                  {"exists", Op::exists},   {"before", Op::before}, {"soon_after", Op::before}};

void check_pattern(const Text& pattern, Diagnostics& diagnostics) {
  if (pattern.value.find("${") != std::string::npos || pattern.value.find("@{") != std::string::npos) return;
  try {
    const std::regex compiled(pattern.value, std::regex::ECMAScript);
  } catch (const std::regex_error&) {
    diagnostics.error("S005", "this is not a regular expression", pattern.span).help = "patterns are ECMAScript regular expressions";
  }
}

// `before: {than: POINTER, by: 3s}`; `soon_after: {than: POINTER, within: 3s}` is the same with a distance that is negative.
Text read_moment(const std::string& name, const Node& node, Diagnostics& diagnostics) {
  const std::string distance = name == "before" ? "by" : "within";
  if (!yaml::read_mapping(node, fmt::format("`{}`", name), diagnostics)) return {};
  yaml::refuse_unknown_keys(node, fmt::format("`{}`", name), {"than", distance}, diagnostics);
  const auto* than = node.find("than");
  const auto* by = node.find(distance);
  if (than == nullptr || by == nullptr) {
    diagnostics.error("S003", fmt::format("`{}` needs `than`, a JSON pointer, and `{}`, a duration", name, distance), node.span);
    return {};
  }
  const auto pointer = yaml::read_text(*than, "`than`", diagnostics);
  const auto gap = yaml::read_duration(*by, "`by`", diagnostics);
  if (!pointer || !gap) return {};
  return {fmt::format("{} {}{}", pointer->value, name == "before" ? "" : "-", gap->count()), node.span};
}

void read_condition(const Text& pointer, const Node& node, Match& match, Diagnostics& diagnostics) {
  if (!node.is_mapping()) {
    if (node.is_null()) {
      match.push_back({pointer, Op::exists, {"false", node.span}});
    } else if (const auto value = yaml::read_text(node, "what it must be", diagnostics)) {
      match.push_back({pointer, Op::equals, *value});
    }
    return;
  }
  for (const auto& entry : node.entries) {
    const auto& key = entry.key;  // clang 14 cannot capture structured bindings
    const auto& value = entry.value;
    const auto* found = std::find_if(std::begin(operators), std::end(operators), [&](const auto& o) { return key.value == o.name; });
    if (found == std::end(operators)) {
      auto& d = diagnostics.error("S006", fmt::format("`{}` is not a comparison", key.value), key.span);
      d.help = "comparisons are eq, ne, contains, lacks, matches, ge, le, one_of, exists, before, soon_after";
      continue;
    }
    Text text;
    if (found->op == Op::before) {
      text = read_moment(key.value, value, diagnostics);
    } else if (value.is_sequence()) {
      for (const auto& each : yaml::read_texts(value, "the alternatives", diagnostics))
        text.value += (text.empty() ? "" : "|") + each.value;
      text.span = value.span;
    } else if (const auto read = yaml::read_text(value, "what it is compared with", diagnostics)) {
      text = *read;
    } else {
      continue;
    }
    if (found->op == Op::matches) check_pattern(text, diagnostics);
    match.push_back({pointer, found->op, text});
  }
}

Takes read_takes(const Node& node, Diagnostics& diagnostics) {
  Takes out;
  if (!yaml::read_mapping(node, "take", diagnostics)) return out;
  for (const auto& [key, value] : node.entries) {
    if (value.is_mapping()) {
      yaml::refuse_unknown_keys(value, "what is taken", {"at", "last"}, diagnostics);
      const auto* at = value.find("at");
      const auto* last = value.find("last");
      if (at == nullptr || last == nullptr) {
        diagnostics.error("S003", "what is taken is a JSON pointer, or `at`, a pointer, and `last`, a pattern", value.span);
        continue;
      }
      out.push_back({key, at->as_text(), last->as_text()});
      check_pattern(out.back().last, diagnostics);
    } else if (const auto pointer = yaml::read_text(value, "a JSON pointer", diagnostics)) {
      out.push_back({key, *pointer, {}});
    }
  }
  return out;
}

// Reads one field of a word from the mapping that holds them.
struct FieldReader {
  const Node& word;
  std::string_view word_name;
  Diagnostics& diagnostics;
  std::vector<std::string> known{};

  const Node* get(std::string_view name, Use use) {
    known.emplace_back(name);
    const auto* found = word.find(name);
    if (found == nullptr && use == Use::required) diagnostics.error("S003", fmt::format("`{}` needs `{}`", word_name, name), word.span);
    return found;
  }
  std::string what(std::string_view name) const { return fmt::format("`{}`", name); }

  void operator()(std::string_view name, Text& out, Use use) {
    if (const auto* node = get(name, use); node != nullptr && !node->is_null()) {
      if (auto text = yaml::read_text(*node, what(name), diagnostics)) out = *text;
    }
    if (name == "fail_if" && !out.empty()) check_pattern(out, diagnostics);
    if (name == "holds" && !out.empty() && out.value != "data" && out.value != "logs")
      diagnostics.error("S008", fmt::format("`holds` does not know `{}`", out.value), out.span).help = "it is `data` or `logs`";
  }
  void operator()(std::string_view name, Texts& out, Use use) {
    if (const auto* node = get(name, use)) out = yaml::read_texts(*node, what(name), diagnostics);
  }
  void operator()(std::string_view name, Pairs& out, Use use) {
    const auto* node = get(name, use);
    if (node == nullptr || node->is_null()) return;
    // A whole map may come from one typed param: `configs: ${topic_configs}`; the plan expands it.
    if (node->is_scalar()) {
      out.emplace_back(Text{"", node->span}, node->as_text());
      return;
    }
    if (!yaml::read_mapping(*node, what(name), diagnostics)) return;
    for (const auto& [key, value] : node->entries) {
      if (auto text = yaml::read_text(value, fmt::format("`{}`", key.value), diagnostics)) out.emplace_back(key, *text);
    }
  }
  void operator()(std::string_view name, Match& out, Use use) {
    if (const auto* node = get(name, use)) out = read_match(*node, diagnostics);
  }
  void operator()(std::string_view name, Pick& out, Use use) {
    const auto* node = get(name, use);
    if (node == nullptr || !yaml::read_mapping(*node, what(name), diagnostics)) return;
    yaml::refuse_unknown_keys(*node, "`pick`", {"from", "where"}, diagnostics);
    out.used = true;
    if (const auto* from = node->find("from")) out.from = from->as_text();
    if (const auto* where = node->find("where")) out.where = read_match(*where, diagnostics);
  }
  void operator()(std::string_view name, Takes& out, Use use) {
    if (const auto* node = get(name, use)) out = read_takes(*node, diagnostics);
  }
  void operator()(std::string_view name, Settings& out, Use use) {
    if (const auto* node = get(name, use)) out = read_setting_groups(*node, diagnostics);
  }
  void operator()(std::string_view name, Duration& out, Use use) {
    if (const auto* node = get(name, use)) {
      if (const auto value = yaml::read_duration(*node, what(name), diagnostics)) out.value = *value;
    }
  }
  void operator()(std::string_view name, std::vector<Step>& out, Use use) {
    const auto* node = get(name, use);
    if (node == nullptr) return;
    const auto before = diagnostics.errors();
    out = read_steps(*node, diagnostics);
    if (out.empty() && use == Use::required && diagnostics.errors() == before)
      diagnostics.error("S003", fmt::format("`{}` needs a word in `{}`", word_name, name), node->span);
  }
};

// Walks over all alternatives of Action; calls visit with a default-made word of each.
template <std::size_t I = 0, class Visit>
void each_word(Visit&& visit) {
  if constexpr (I < std::variant_size_v<AnyWord>) {
    visit(std::variant_alternative_t<I, AnyWord>{});
    each_word<I + 1>(visit);
  }
}

// It comes along with what starts the service, so it is a command and nothing else.
void check_check(const Service& service, Diagnostics& diagnostics) {
  if (service.check.size() > 1) diagnostics.error("S004", "`check` takes exactly one word", service.check[1].origin);
  for (const auto& step : service.check) {
    const auto* exec = std::get_if<Exec>(&step.action);
    const bool plain = exec != nullptr && exec->stdin_text.empty() && exec->creates.empty() && exec->ask.expect.empty() &&
                       exec->ask.give_up.empty() && exec->ask.take.empty() && !exec->ask.pick.used;
    if (plain) continue;
    diagnostics.error("S004", "this word cannot stand in `check`", step.origin).help =
        "it is an `exec` with `argv`, and with `env`, `cwd` and `fail_if` at most";
  }
}

void check_nested(const Action& action, Diagnostics& diagnostics) {
  const auto only = [&](const std::vector<Step>& steps, const char* field, bool watching, bool required) {
    const auto fits = [&](const Step& step) {
      return std::visit(
          [&](const auto& word) {
            using W = std::decay_t<decltype(word)>;
            return watching ? is_watching<W> : is_question<W>;
          },
          step.action);
    };
    if (steps.size() > 1 || (required && steps.empty())) {
      if (!steps.empty()) diagnostics.error("S004", fmt::format("`{}` takes exactly one word", field), steps[1].origin);
    }
    for (const auto& step : steps) {
      if (!fits(step))
        diagnostics.error("S004", fmt::format("this word cannot stand in `{}`", field), step.origin).help =
            watching ? "words that watch are consume, follow, page"
                     : "words that ask are tcp, http, sql, exec, topic, process, brokers, every, ask";
    }
  };
  if (const auto* service = std::get_if<Service>(&action)) check_check(*service, diagnostics), only(service->joins, "joins", false, false);
  if (const auto* wait = std::get_if<Wait>(&action)) only(wait->on, "for", false, true);
  if (const auto* ensure = std::get_if<Ensure>(&action)) only(ensure->look, "look", false, true);
  if (const auto* refute = std::get_if<Refute>(&action)) only(refute->on, "that", false, true);
  if (const auto* every = std::get_if<Every>(&action)) only(every->of, "of", false, true), only(every->that, "that", false, true);
  if (const auto* arm = std::get_if<Arm>(&action)) only(arm->observe, "observe", true, true), only(arm->until, "until", false, false);
}

bool read_step(const Node& node, Step& out, Diagnostics& diagnostics) {
  static const std::vector<std::string> about = {"on", "title", "versions", "evidence", "say", "warns"};
  if (!yaml::read_mapping(node, "a step", diagnostics)) return false;
  out.origin = node.entries.empty() ? node.span : node.entries.front().key.span;
  bool found = false, unknown = false;
  const auto names = word_names();
  for (const auto& entry : node.entries) {
    const auto& key = entry.key;
    const auto& value = entry.value;
    if (key.value == "on") {
      out.on = value.as_text();
    } else if (key.value == "title") {
      out.title = value.as_text();
    } else if (key.value == "evidence") {
      out.evidence = read_steps(value, diagnostics);
    } else if (key.value == "say") {
      out.say = value.as_text();
    } else if (key.value == "warns") {
      out.warns = yaml::read_bool(value, "`warns`", diagnostics).value_or(false);
    } else if (key.value == "versions") {
      out.versions = read_ranges(value, diagnostics);
    } else if (std::find(names.begin(), names.end(), key.value) == names.end()) {
      auto& d = diagnostics.error("S001", fmt::format("there is no word `{}`", key.value), key.span);
      auto candidates = names;
      candidates.insert(candidates.end(), about.begin(), about.end());
      if (const auto near = source::did_you_mean(key.value, candidates); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
      found = unknown = true;  // one cause, one error
    } else if (found) {
      diagnostics.error("S002", fmt::format("a step has one word, and `{}` is a second one", key.value), key.span).help =
          "begin a new list item for it";
    } else {
      found = true;
      out.origin = key.span;
      each_word([&](auto word) {
        using W = decltype(word);
        if (key.value != name_of_word<W>()) return;
        if (!yaml::read_mapping(value, "`" + key.value + "`", diagnostics)) return;
        FieldReader reader{value, name_of_word<W>(), diagnostics};
        fields(word, reader);
        yaml::refuse_unknown_keys(value, "`" + key.value + "`", reader.known, diagnostics);
        out.action = std::move(word);
        check_nested(out.action, diagnostics);
      });
    }
  }
  if (!found) diagnostics.error("S001", "a step needs a word that says what to do", node.span);
  return found && !unknown;
}

}  // namespace

std::vector<std::string> word_names() {
  std::vector<std::string> out;
  each_word([&](const auto& word) { out.emplace_back(name_of_word<std::decay_t<decltype(word)>>()); });
  return out;
}

std::vector<std::pair<Text, Text>> read_ranges(const Node& node, Diagnostics& diagnostics) {
  std::vector<std::pair<Text, Text>> out;
  if (node.is_mapping()) {
    for (const auto& [section, range] : node.entries) out.emplace_back(section, range.as_text());
  } else if (auto text = yaml::read_text(node, "`versions`", diagnostics)) {
    out.emplace_back(Text{"", node.span}, *text);
  }
  return out;
}

Match read_match(const yaml::Node& node, Diagnostics& diagnostics) {
  Match out;
  if (!yaml::read_mapping(node, "what must hold", diagnostics)) return out;
  for (const auto& [key, value] : node.entries) {
    if (!key.value.empty() && key.value.front() != '/')
      diagnostics.error("S006", fmt::format("`{}` is not a JSON pointer", key.value), key.span).help =
          fmt::format("write `/{}`", key.value);
    read_condition(key, value, out, diagnostics);
  }
  return out;
}

std::vector<Step> read_steps(const yaml::Node& node, Diagnostics& diagnostics) {
  std::vector<Step> out;
  const auto add = [&](const Node& each) {
    Step step;
    if (read_step(each, step, diagnostics)) out.push_back(std::move(step));
  };
  if (node.is_mapping()) {
    add(node);
  } else if (!node.is_null() && yaml::read_sequence(node, "a list of steps", diagnostics)) {
    for (const auto& item : node.items) add(item);
  }
  return out;
}

}  // namespace tidelab::step
