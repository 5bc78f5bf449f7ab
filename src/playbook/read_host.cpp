// What a component needs of its host, as data: `tidelab preflight` and the look before the first change judge by it.
#include <algorithm>

#include <fmt/format.h>

#include "playbook/read_param.hpp"
#include "step/read_step.hpp"
#include "yaml/read.hpp"

namespace tidelab::playbook {

using source::Diagnostics;
using yaml::Node;

namespace {

enum class Shape {
  values,  // one value or a list
  data,    // {in, size}
  levels,  // a value from which on it is a warning, or {warn, fail}
  level    // only how bad it is
};

struct Word {
  const char* name;
  Shape shape;
};
constexpr Word words[] = {{"memory", Shape::values}, {"data", Shape::data},        {"open_files", Shape::levels}, {"clock", Shape::levels},
                          {"swap", Shape::level},    {"huge_pages", Shape::level}, {"commands", Shape::values},   {"arch", Shape::values}};

std::vector<std::string> names_of_words() {
  std::vector<std::string> out;
  for (const auto& each : words) out.emplace_back(each.name);
  return out;
}

void read_value(const Node& node, Shape shape, HostNeed& need, Diagnostics& diagnostics) {
  const auto what = fmt::format("`{}`", need.word.value);
  if (shape == Shape::values) {
    need.values = yaml::read_texts(node, what, diagnostics);
  } else if (shape == Shape::data) {
    if (!yaml::read_mapping(node, what, diagnostics)) return;
    yaml::refuse_unknown_keys(node, what, {"in", "size"}, diagnostics);
    need.in = needed(node, "in", diagnostics);
    if (const auto* size = node.find("size"))
      need.values = yaml::read_texts(*size, "`size`", diagnostics);
    else
      need.values = {needed(node, "size", diagnostics)};
  } else if (shape == Shape::levels && node.is_mapping()) {
    yaml::refuse_unknown_keys(node, what, {"warn", "fail"}, diagnostics);
    if (const auto* warn = node.find("warn")) need.warn = yaml::read_texts(*warn, "`warn`", diagnostics);
    if (const auto* fail = node.find("fail")) need.fail = yaml::read_texts(*fail, "`fail`", diagnostics);
  } else if (shape == Shape::levels) {
    need.warn = yaml::read_texts(node, what, diagnostics);
  } else if (auto text = yaml::read_text(node, what, diagnostics)) {
    if (text->value != "warn" && text->value != "fail")
      diagnostics.error("P008", fmt::format("{} says how bad it is: `warn` or `fail`, not `{}`", what, text->value), text->span);
    (text->value == "fail" ? need.fail : need.warn).assign(1, *text);
  }
}

}  // namespace

void read_host_need(const Node& node, std::vector<HostNeed>& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "a need of a host", diagnostics)) return;
  auto known = names_of_words();
  known.insert(known.end(), {"versions", "unless_false", "help"});
  yaml::refuse_unknown_keys(node, "a need of a host", known, diagnostics);
  HostNeed need;
  need.versions = read_versions(node, diagnostics);
  need.unless_false = text_at(node, "unless_false", diagnostics);
  need.help = text_at(node, "help", diagnostics);
  int found = 0;
  for (const auto& [key, value] : node.entries) {
    const auto word = std::find_if(std::begin(words), std::end(words), [&, &name = key.value](const Word& w) { return name == w.name; });
    if (word == std::end(words)) continue;
    need.word = key;
    read_value(value, word->shape, need, diagnostics);
    ++found;
  }
  if (found != 1) {
    auto& d = diagnostics.error("P008", "a need of a host is one word", node.span);
    d.help = fmt::format("one of {} in each item", fmt::join(names_of_words(), ", "));
    return;
  }
  out.push_back(std::move(need));
}

}  // namespace tidelab::playbook
