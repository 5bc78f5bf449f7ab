// What only all playbooks together can tell: whether what a rule speaks of exists, so that no rule is dead.
#include <algorithm>

#include <fmt/format.h>

#include "playbook/playbook.hpp"
#include "playbook/version.hpp"

namespace tidelab::playbook {

namespace {

using source::Diagnostics;

bool has_config(const std::vector<step::Step>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const auto& each) { return std::holds_alternative<step::Config>(each.action); });
}

class Checker {
public:
  Checker(const Library& library, Diagnostics& diagnostics) : library_(library), diagnostics_(diagnostics) {}

  void check(const Playbook& playbook) const {
    check_spelling(playbook.version_spelling);
    for (const auto& param : playbook.params) check_spelling(param.spelling);
    for (const auto& [section, setting] : playbook.outside) find(section);
    for (const auto& rule : playbook.rules) {
      check_versions(rule, playbook);
      const auto* word = find_rule_word(rule.word.value);
      if (word == nullptr) continue;
      for (const auto& argument : rule.with) {
        for (const auto& operand : argument.operands) check_operand(operand, playbook);
        for (const auto& each : word->parameters)
          if (argument.name.value == each.name && each.takes == Takes::section && !argument.texts.empty()) find(argument.texts.front());
      }
    }
  }

private:
  const Library& library_;
  Diagnostics& diagnostics_;

  void check_spelling(const Text& name) const {
    if (name.empty() || library_.common.spellings.contains(name.value)) return;
    diagnostics_.error("P023", fmt::format("there are no spellings `{}`", name.value), name.span).help = "they are listed in common.yaml";
  }

  const Playbook* find(const Text& section) const {
    const auto* found = library_.find(section.value);
    if (found != nullptr) return found;
    auto& d = diagnostics_.error("P023", fmt::format("no playbook has the section `{}`", section.value), section.span);
    if (const auto near = source::did_you_mean(section.value, library_.sections()); !near.empty())
      d.help = fmt::format("did you mean `{}`?", near);
    return nullptr;
  }

  void check_operand(const Operand& operand, const Playbook& own) const {
    using Of = Operand::Of;
    const auto* playbook = operand.section.empty() ? &own : find({operand.section, operand.text.span});
    if (playbook == nullptr) return;
    if (operand.of == Of::setting && !has_config(playbook->install))
      diagnostics_.error("P023", fmt::format("`{}`: `{}` writes no configuration file", operand.text.value, playbook->section.value),
                         operand.text.span);
    const bool summed = operand.of == Of::count && !operand.name.empty();
    if (operand.of != Of::param && operand.of != Of::entry && operand.of != Of::query && !summed) return;
    if (operand.of == Of::param && operand.name == "host" && !playbook->hostless) return;
    std::vector<std::string> names;
    for (const auto& param : playbook->params) {
      names.push_back(param.name.value);
      if (param.name.value != operand.name) continue;
      if ((param.type == Type::map) != (operand.of == Of::entry))
        diagnostics_
            .error("P023", fmt::format("`{}`: `{}` is a {}", operand.text.value, operand.name, name_of(param.type)), operand.text.span)
            .help = "`PARAM[KEY]` reads a map, `PARAM?KEY` a URI";
      return;
    }
    auto& d = diagnostics_.error("P023", fmt::format("`{}` has no param `{}`", playbook->section.value, operand.name), operand.text.span);
    if (const auto near = source::did_you_mean(operand.name, names); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
  }

  void check_versions(const Rule& rule, const Playbook& own) const {
    for (const auto& [section, text] : rule.versions) {
      const auto* playbook = section.empty() ? &own : find(section);
      if (playbook == nullptr || playbook->versions.empty()) continue;
      const auto served = Range::parse(playbook->versions.value), asked = Range::parse(text.value);
      if (served && asked && !asked->overlaps(*served))
        diagnostics_.error("P024", fmt::format("the rule is for {}, and none of these versions is served", text.value), text.span).help =
            fmt::format("the playbook of `{}` serves {}", playbook->section.value, playbook->versions.value);
    }
  }
};

}  // namespace

void check_library(const Library& library, Diagnostics& diagnostics) {
  const Checker checker(library, diagnostics);
  for (const auto& [section, playbook] : library.by_section) checker.check(playbook);
}

}  // namespace tidelab::playbook
