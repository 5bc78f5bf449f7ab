#include "topology/read_value.hpp"

#include <algorithm>
#include <limits>
#include <regex>

#include <fmt/format.h>

#include "source/look_alike.hpp"
#include "topology/hosts.hpp"
#include "topology/spelled.hpp"
#include "yaml/read.hpp"

namespace tidelab::topology {

namespace {

using playbook::Type;
using source::Diagnostics;
using yaml::Node;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Also `yes`, `no`, `on` and `off`, which TiUP takes where it wants a truth.
std::optional<bool> read_truth(const Node& node, const std::string& what, Diagnostics& diagnostics) {
  if (node.is_scalar() && !node.quoted) {
    const auto word = lower(node.text);
    if (word == "yes" || word == "on") return true;
    if (word == "no" || word == "off") return false;
  }
  return yaml::read_bool(node, what, diagnostics);
}

// nullptr: it is none of the words.
const Text* word_meant(const Param& param, const std::string& text) {
  const auto small = lower(text);
  for (const auto& [alias, meant] : param.aliases)
    if (alias.value == small) return &meant;
  const auto found = std::find_if(param.list.begin(), param.list.end(), [&](const Text& word) { return lower(word.value) == small; });
  return found == param.list.end() ? nullptr : &*found;
}

std::optional<Text> read_word(const Param& param, const Node& node, const std::string& what, Diagnostics& diagnostics) {
  auto text = yaml::read_text(node, what, diagnostics);
  if (!text) return std::nullopt;
  if (const auto* meant = word_meant(param, text->value)) return Text{meant->value, text->span};
  std::vector<std::string> words;
  for (const auto& each : param.list)
    if (!each.empty()) words.push_back(each.value);
  auto& d = diagnostics.error("T003", fmt::format("`{}` cannot be {}", text->value, what), text->span);
  d.help = source::help_for_look_alikes(text->value);
  if (d.help.empty()) d.help = fmt::format("one of {}", fmt::join(words, ", "));
  return std::nullopt;
}

std::optional<Text> read_number(const Param& param, const Node& node, const std::string& what, Diagnostics& diagnostics) {
  const bool port = param.type == Type::port;
  const auto least = param.least.value_or(port ? 1 : 0);
  const auto most = port ? 65535 : param.most.value_or(param.least ? std::numeric_limits<std::int64_t>::max() : 2147483647);
  const auto number = yaml::read_integer(node, what, least, most, diagnostics);
  if (!number) return std::nullopt;
  if (port && *number < 1) return Text{"", node.span};  // switched off: no port at all
  return Text{std::to_string(*number), node.span};
}

bool spelled(const Param& param, const Text& text, const std::string& what, Diagnostics& diagnostics) {
  if (param.pattern.empty() || std::regex_match(text.value, std::regex(param.pattern.value))) return true;
  diagnostics.error("T007", fmt::format("`{}` cannot be {}", text.value, what), text.span).help =
      fmt::format("it must match {}", param.pattern.value);
  return false;
}

std::optional<Text> read_path(const Node& node, const std::string& what, Diagnostics& diagnostics) {
  auto text = yaml::read_text(node, what, diagnostics);
  if (text && !text->value.starts_with('/')) {
    diagnostics.error("T014", fmt::format("{} must be an absolute path", what), text->span).help =
        "it is a path on the machine that runs tidelab; begin it with `/`";
    return std::nullopt;
  }
  return text;
}

// A shell knows these; in a file they are letters of a name.
void check_home(const Param& param, const Text& text, const std::string& what, Diagnostics& diagnostics) {
  static const std::regex home(R"((~[a-z0-9_-]*|\$HOME|\$\{HOME\}|%h)(/.*)?)");
  std::smatch match;
  constexpr std::size_t most = 4096;  // the longest path there is
  if (text.value.size() > most || !std::regex_match(text.value, match, home)) return;
  const auto rest = match[2].length() > 1 ? match[2].str().substr(1) : std::string("deploy");
  diagnostics.warning("T026", fmt::format("`{}` in {} is not expanded to a home directory", match[1].str(), what), text.span).help =
      param.name.value == "deploy_dir"
          ? fmt::format("a relative directory lies in the account's home: write `{}`; or write the whole path", rest)
          : "write the whole path: a relative one lies in the component's own directory";
}

std::optional<Text> read_scalar(const Param& param, const Node& node, const std::string& what, Diagnostics& diagnostics) {
  switch (param.type) {
    case Type::port:
    case Type::integer: return read_number(param, node, what, diagnostics);
    case Type::boolean:
      if (const auto truth = read_truth(node, what, diagnostics)) return Text{*truth ? "true" : "false", node.span};
      return std::nullopt;
    case Type::duration:
      if (yaml::read_duration(node, what, diagnostics)) return node.as_text();
      return std::nullopt;
    case Type::one_of: return read_word(param, node, what, diagnostics);
    case Type::path: return read_path(node, what, diagnostics);
    case Type::host: {
      auto text = yaml::read_text(node, what, diagnostics);
      const auto which = param.wildcard ? Addresses::to_listen_on : Addresses::of_host;
      return text && is_host(*text, diagnostics, which) ? text : std::nullopt;
    }
    default: break;
  }
  auto text = yaml::read_text(node, what, diagnostics);
  if (text && (param.type == Type::dir || param.type == Type::dirs)) check_home(param, *text, what, diagnostics);
  return text && spelled(param, *text, what, diagnostics) ? text : std::nullopt;
}

void check_keys(const Param& param, const Node& node, const std::string& what, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const auto& each : param.keys) known.push_back(each.value);
  for (const auto& [key, value] : node.entries) {
    if (known.empty() || std::find(known.begin(), known.end(), key.value) != known.end()) continue;
    const auto near = source::did_you_mean(key.value, known);
    diagnostics.error("T001", fmt::format("`{}` is not a key of {}", key.value, what), key.span).help =
        near.empty() ? fmt::format("its keys are {}", fmt::join(known, ", ")) : fmt::format("did you mean `{}`?", near);
  }
}

}  // namespace

bool is_unset(const Param& param, const Node& node) {
  if (node.is_null()) return true;
  const auto type = param.type;
  const bool named = type == Type::dir || type == Type::dirs || type == Type::path || type == Type::host || !param.pattern.empty();
  return named && !param.required && node.is_scalar() && node.text.empty();
}

Value read_value(const Param& param, const Node& node, const playbook::Common& common, Diagnostics& diagnostics) {
  Value out;
  out.type = param.type;
  out.param = &param;
  out.stated = true;
  out.resolved = param.type != Type::dir && param.type != Type::dirs;  // these are made absolute when all is read
  out.text.span = node.span;
  const auto what = "`" + param.name.value + "`";
  const auto before = diagnostics.errors();
  if (param.type == Type::list) {
    out.list = yaml::read_texts(node, what, diagnostics);
  } else if (param.type == Type::map) {
    if (yaml::read_mapping(node, what, diagnostics))
      for (const auto& [key, value] : node.entries) out.map.emplace_back(key, value.as_text());
    check_keys(param, node, what, diagnostics);
  } else if (param.type == Type::any) {
    out.text.value = node.text;
    if (param.keys.empty() || yaml::read_mapping(node, what, diagnostics)) check_keys(param, node, what, diagnostics);
  } else if (const auto text = read_scalar(param, node, what, diagnostics)) {
    const auto spelled_as = read_spelling(spellings_of(common, param.spelling), text->value);
    out.text = *text;
    if (!spelled_as.means.empty()) out.text.value = spelled_as.means;
    if (!spelled_as.refused.empty())
      diagnostics.error("T007", fmt::format("`{}` cannot be {}", text->value, what), text->span).help = spelled_as.refused;
  }
  out.usable = diagnostics.errors() == before;
  return out;
}

std::string arch_word(const playbook::Common& common, const std::string& said) {
  const auto& fields = common.instance;
  const auto arch = std::find_if(fields.begin(), fields.end(), [](const Param& field) { return field.name.value == "arch"; });
  const auto* meant = arch == fields.end() ? nullptr : word_meant(*arch, said);
  return meant == nullptr ? std::string() : meant->value;
}

bool asks_for_nothing(const Param& param, const Value& value) {
  if (param.provisioned || !value.usable) return true;
  return std::any_of(param.harmless.begin(), param.harmless.end(), [&](const auto& each) { return each.value == value.text.value; });
}

}  // namespace tidelab::topology
