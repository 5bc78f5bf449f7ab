// Rules of playbooks: their words with the arguments that each takes, and the small language of operands.
#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "playbook/read_param.hpp"
#include "playbook/rule.hpp"
#include "playbook/version.hpp"
#include "step/amount.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::playbook {

namespace {

using source::Diagnostics;
using yaml::Node;

constexpr auto operand_help =
    "a number, a size, a time, `count SECTION`, `sum SECTION.PARAM`, either with `N times ` before it, or `PARAM`, `PARAM[KEY]`, "
    "`PARAM?KEY`, "
    "`config[KEY]`, `version`, each with `SECTION.` "
    "before it or not; "
    "` or ` between several";

bool is_name(std::string_view text) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), fits);
}

std::optional<std::int64_t> as_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 ? std::optional(number) : std::nullopt;
}

bool is_number(std::string_view text) { return as_number(text).has_value(); }

// A number, a size or a time.
bool is_amount(std::string_view text) { return is_number(text) || step::read_size(text) || step::read_time(text); }

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool read_operand(std::string_view text, Operand& out) {
  if (is_amount(text)) {
    out.of = Operand::Of::number;
    out.name = text;
    return true;
  }
  constexpr std::string_view times = " times ";
  if (const auto sign = text.find(times); sign != std::string_view::npos) {
    const auto number = as_number(text.substr(0, sign));
    if (!number || *number > 1000 || !read_operand(trimmed(text.substr(sign + times.size())), out)) return false;
    if (out.of != Operand::Of::count || out.times != 1) return false;
    out.times = *number;
    return true;
  }
  if (text.starts_with("count ")) {
    out.of = Operand::Of::count;
    out.section = trimmed(text.substr(6));
    return is_name(out.section);
  }
  if (text.starts_with("sum ")) {
    const auto what = trimmed(text.substr(4));
    const auto dot = std::min(what.find('.'), what.size());
    out.of = Operand::Of::count;
    out.section = what.substr(0, dot);
    out.name = what.substr(std::min(dot + 1, what.size()));
    return is_name(out.section) && is_name(out.name);
  }
  const auto sign = text.find_first_of("[?");
  auto head = text.substr(0, sign);
  if (const auto dot = head.find('.'); dot != std::string_view::npos) {
    out.section = head.substr(0, dot);
    head.remove_prefix(dot + 1);
    if (!is_name(out.section)) return false;
  }
  out.name = head;
  if (!is_name(head)) return false;
  if (sign == std::string_view::npos) {
    out.of = head == "version" ? Operand::Of::version : Operand::Of::param;
    return true;
  }
  auto key = text.substr(sign + 1);
  if (text[sign] == '[') {
    if (!key.ends_with(']')) return false;
    key.remove_suffix(1);
    out.of = head == "config" ? Operand::Of::setting : Operand::Of::entry;
  } else {
    out.of = Operand::Of::query;
  }
  out.key = key;
  return !key.empty();
}

void read_argument(const Text& name, const Node& node, const Parameter& parameter, Rule& rule, Diagnostics& diagnostics) {
  Argument out{name, {}, {}};
  const auto what = fmt::format("`{}`", name.value);
  if (parameter.takes == Takes::texts) {
    out.texts = yaml::read_texts(node, what, diagnostics);
    if (node.is_sequence() && node.items.empty()) diagnostics.error("P022", fmt::format("{} is empty", what), node.span);
  } else if (const auto text = yaml::read_text(node, what, diagnostics)) {
    out.texts = {*text};
    if (parameter.takes == Takes::operand) out.operands = read_operands(*text, diagnostics);
    if (parameter.takes == Takes::range && !Range::parse(text->value))
      diagnostics.error("P003", fmt::format("`{}` is not a range of versions", text->value), text->span).help = range_help;
    if (parameter.takes == Takes::number && !is_number(text->value))
      diagnostics.error("P022", fmt::format("`{}` is not a number, which {} must be", text->value, what), text->span);
  }
  rule.with.push_back(std::move(out));
}

void read_arguments(const RuleWord& word, const Node& node, Rule& rule, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, fmt::format("what `{}` takes", word.name), diagnostics)) return;
  std::vector<std::string> names;
  for (const auto& each : word.parameters) names.emplace_back(each.name);
  for (const auto& entry : node.entries) {
    const auto& name = entry.key;  // a structured binding cannot be captured
    const auto& value = entry.value;
    const auto parameter =
        std::find_if(word.parameters.begin(), word.parameters.end(), [&](const auto& p) { return name.value == p.name; });
    if (parameter != word.parameters.end()) {
      read_argument(name, value, *parameter, rule, diagnostics);
      continue;
    }
    auto& d = diagnostics.error("P021", fmt::format("`{}` takes no `{}`", word.name, name.value), name.span);
    const auto near = source::did_you_mean(name.value, names);
    d.help = near.empty() ? fmt::format("it takes {}", fmt::join(names, ", ")) : fmt::format("did you mean `{}`?", near);
  }
  for (const auto& each : word.parameters)
    if (each.needed && node.find(each.name) == nullptr)
      diagnostics.error("P021", fmt::format("`{}` needs `{}`", word.name, each.name), rule.word.span);
}

}  // namespace

const std::vector<RuleWord>& rule_words() {
  using enum Takes;
  static const std::vector<RuleWord> words = {
      {"requires", {{"section", section}, {"unless", operand, false}}},
      {"forbids", {{"section", section}}},
      {"odd", {{"section", section}}},
      {"unique", {{"value", operand}, {"also", section, false}}},
      {"absent", {{"value", operand}}},
      {"same", {{"value", operand}, {"as", operand}}},
      {"agrees", {{"value", operand}, {"section", section}, {"where", operand}}},
      {"at_most", {{"value", operand}, {"limit", operand}, {"unless_false", operand, false}, {"unless", operand, false}}},
      {"at_least", {{"value", operand}, {"limit", operand}, {"unless_false", operand, false}, {"unless", operand, false}}},
      {"range", {{"value", operand}, {"range", range}}},
      {"version_of", {{"section", section}, {"range", range}}},
      {"same_line", {{"section", section}, {"parts", number}}},
      {"one_of", {{"value", operand}, {"words", texts}}},
      {"like", {{"value", operand}, {"patterns", texts}}},
      {"unlike", {{"value", operand}, {"patterns", texts}}},
      {"matched", {{"text", text}, {"filter", operand}}},
      {"not_matched", {{"text", text}, {"filter", operand}}},
      {"spelled", {{"value", operand}, {"extra", text, false}, {"inner", text, false}, {"least", number, false}, {"most", number, false}}},
      {"listeners", {{"value", operand}}},
      {"listed_in", {{"value", operand}, {"listeners", operand}}},
      {"port_in", {{"value", operand}, {"listeners", operand}}},
      {"named_in", {{"value", operand}, {"listeners", operand}, {"otherwise", text}, {"unless", operand, false}}},
      {"ports_differ", {{"value", operand}}},
      {"mapped", {{"value", operand}, {"map", operand}, {"protocols", texts}}},
      {"answered", {{"value", operand}, {"listeners", operand}, {"at", text}}},
      {"hears", {{"value", operand}}},
      {"addresses_in", {{"value", operand}, {"section", section}}},
      {"is_mapping", {{"setting", text}}},
      {"is_list", {{"setting", text}}},
      {"text_values", {{"below", text}}},
      {"reachable", {{"value", operand}}},
      {"not_loopback", {{"value", operand}}},
      {"address_in", {{"value", operand}, {"section", section}}},
      {"once_per_host", {}},
      {"on_one_machine", {{"unless_true", operand, false}}},
      {"no_more_than", {{"count", number}}},
      {"labelled", {{"labels", text}}},
      {"set_where_several", {{"setting", text}}},
      {"declared", {{"labels", text}, {"section", section}, {"list", text}}},
      {"only_in", {{"settings", texts}, {"place", text}}},
      {"needs_setting", {{"settings", texts}, {"with", text}}},
      {"not_global", {{"field", text}, {"value", text}}},
      {"implied_port", {{"port", operand}, {"unless_false", operand, false}}},
  };
  return words;
}

const RuleWord* find_rule_word(std::string_view name) {
  for (const auto& each : rule_words())
    if (name == each.name) return &each;
  return nullptr;
}

const Argument* Rule::find(std::string_view argument) const {
  for (const auto& each : with)
    if (each.name.value == argument) return &each;
  return nullptr;
}

std::string Rule::text(std::string_view argument) const {
  const auto* found = find(argument);
  return found == nullptr || found->texts.empty() ? std::string() : found->texts.front().value;
}

Versions read_versions(const Node& item, Diagnostics& diagnostics) {
  Versions out;
  const auto* found = item.find("versions");
  if (found == nullptr) return out;
  for (auto& [section, range] : step::read_ranges(*found, diagnostics)) {
    if (!is_condition(section, range))
      diagnostics.error("P003", fmt::format("`{}` is not a range of versions", range.value), range.span).help = range_help;
    else
      out.emplace_back(std::move(section), std::move(range));
  }
  return out;
}

Operands read_operands(const Text& text, Diagnostics& diagnostics) {
  Operands out;
  std::string_view rest = text.value;
  for (bool more = true; more;) {
    const auto end = rest.find(" or ");
    more = end != std::string_view::npos;
    const auto one = trimmed(rest.substr(0, end));
    if (more) rest.remove_prefix(end + 4);
    Operand operand;
    operand.text = {std::string(one), text.span};
    if (!read_operand(one, operand)) {
      diagnostics.error("P022", fmt::format("`{}` says nothing about where a value is", one), text.span).help = operand_help;
      return {};
    }
    out.push_back(std::move(operand));
  }
  return out;
}

Rule read_rule(const Node& node, Diagnostics& diagnostics) {
  Rule rule;
  if (!yaml::read_mapping(node, "a rule", diagnostics)) return rule;
  rule.code = needed(node, "code", diagnostics);
  rule.message = needed(node, "message", diagnostics);
  if (const auto* help = node.find("help")) rule.help = yaml::read_text(*help, "`help`", diagnostics).value_or(Text{});
  rule.versions = read_versions(node, diagnostics);
  if (const auto* severity = node.find("severity")) {
    const auto text = yaml::read_text(*severity, "`severity`", diagnostics);
    rule.warning = text && text->value == "warning";
    if (text && text->value != "warning" && text->value != "error")
      diagnostics.error("P022", fmt::format("`{}` is not a severity", text->value), text->span).help = "one of error, warning";
  }
  std::vector<std::string> known = {"code", "message", "help", "severity", "versions"};
  for (const auto& each : rule_words()) known.emplace_back(each.name);
  bool refused = false;
  for (const auto& [key, value] : node.entries) {
    if (const auto* word = find_rule_word(key.value)) {
      if (!rule.word.empty()) diagnostics.error("P004", "a rule has one word; make two rules of it", key.span);
      rule.word = key;
      read_arguments(*word, value, rule, diagnostics);
    } else if (std::find(known.begin(), known.end(), key.value) == known.end()) {
      refused = true;
      auto& d = diagnostics.error("P004", fmt::format("there is no rule word `{}`", key.value), key.span);
      const auto near = source::did_you_mean(key.value, known);
      d.help = near.empty() ? fmt::format("rule words are {}", fmt::join(known.begin() + 5, known.end(), ", "))
                            : fmt::format("did you mean `{}`?", near);
    }
  }
  if (rule.word.empty() && !refused)
    diagnostics.error("P004", "a rule needs a word", node.span).help =
        fmt::format("rule words are {}", fmt::join(known.begin() + 5, known.end(), ", "));
  return rule;
}

}  // namespace tidelab::playbook
