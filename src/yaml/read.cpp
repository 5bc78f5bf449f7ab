// Nodes to typed values. What a plain scalar means follows YAML 1.2's core schema and TiUP's reader:
// `yes` is a text, `0777` is 777, and a quoted number is a text.
#include "yaml/read.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "source/look_alike.hpp"

namespace tidelab::yaml {

namespace {

// A key is put in backticks; a phrase ("an instance", "`port` of …") stands as it is.
std::string named(std::string_view what) {
  return what.find_first_of(" `") == std::string_view::npos ? fmt::format("`{}`", what) : std::string(what);
}

constexpr const char* wrong_kind = "Y010";
constexpr const char* out_of_range = "Y011";
constexpr const char* unknown_key = "Y012";

source::Diagnostic& refuse(const Node& node, std::string_view expected, std::string_view what, source::Diagnostics& diagnostics) {
  return diagnostics.error(wrong_kind, fmt::format("expected {} for {}, found {}", expected, named(what), name_of(node)), node.span);
}

// A refused scalar is shown, because what is wrong with it is in its letters.
std::string shown(const Node& node) {
  constexpr std::size_t widest = 40;
  if (!node.is_scalar() || node.text.empty() || node.text.size() > widest || node.text.find('\n') != std::string::npos)
    return name_of(node);
  return node.quoted ? fmt::format("the text \"{}\"", node.text) : fmt::format("`{}`", node.text);
}

source::Diagnostic& refuse_text(const Node& node, std::string_view expected, std::string_view what, source::Diagnostics& diagnostics) {
  return diagnostics.error(wrong_kind, fmt::format("expected {} for {}, found {}", expected, named(what), shown(node)), node.span);
}

enum class Digits { good, none, too_long };

Digits parse_integer(std::string_view text, std::int64_t& value) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);  // from_chars takes no plus
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  const bool all = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!all) return Digits::none;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? Digits::good : Digits::too_long;
}

std::string help_for_integer(const Node& node) {
  std::int64_t value = 0;
  if (node.quoted) return parse_integer(node.text, value) == Digits::none ? "" : "remove the quotes";
  const std::string_view text = node.text;
  if (auto help = source::help_for_look_alikes(text); !help.empty()) return help;
  const auto only = [&](std::string_view letters) { return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos; };
  if (text.starts_with("0x") || text.starts_with("0o")) return "write it in decimal";
  if (only("0123456789_,") && text.find_first_of("0123456789") != std::string_view::npos) return "write the digits without separators";
  if (only("0123456789.eE+-") && text.find_first_of("0123456789") != std::string_view::npos) return "write a whole number";
  return "";
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<Unit, 4> units = {{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};

}  // namespace

std::string name_of(const Node& node) {
  switch (node.kind) {
    case Kind::null: return "nothing";
    case Kind::scalar: return "a text";
    case Kind::sequence: return "a list";
    case Kind::mapping: break;
  }
  return "a mapping";
}

bool read_mapping(const Node& node, std::string_view what, source::Diagnostics& diagnostics) {
  if (!node.is_mapping()) refuse(node, "a mapping", what, diagnostics);
  return node.is_mapping();
}

bool read_sequence(const Node& node, std::string_view what, source::Diagnostics& diagnostics) {
  if (!node.is_sequence()) {
    auto& made = refuse(node, "a list", what, diagnostics);
    if (node.is_scalar() || node.is_mapping()) made.help = "put `- ` before each item, also when there is only one";
  }
  return node.is_sequence();
}

std::optional<source::Text> read_text(const Node& node, std::string_view what, source::Diagnostics& diagnostics) {
  if (node.is_scalar()) return node.as_text();
  auto& made = refuse(node, "a text", what, diagnostics);
  if (node.is_null()) made.help = "write the value, or `\"\"` for an empty one";
  return std::nullopt;
}

std::optional<bool> read_bool(const Node& node, std::string_view what, source::Diagnostics& diagnostics) {
  const auto is = [&](std::string_view word) { return node.is_scalar() && node.text == word; };
  const bool yes = is("true") || is("True") || is("TRUE");
  const bool no = is("false") || is("False") || is("FALSE");
  if ((yes || no) && !node.quoted) return yes;
  auto& made = refuse_text(node, "`true` or `false`", what, diagnostics);
  if (yes || no) made.help = "remove the quotes";
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const Node& node, std::string_view what, std::int64_t least, std::int64_t most,
                                         source::Diagnostics& diagnostics) {
  std::int64_t value = 0;
  const auto digits = node.is_scalar() && !node.quoted ? parse_integer(node.text, value) : Digits::none;
  if (digits == Digits::none) {
    refuse_text(node, "a number", what, diagnostics).help = node.is_scalar() ? help_for_integer(node) : "";
    return std::nullopt;
  }
  if (digits == Digits::good && value >= least && value <= most) return value;
  const auto range =
      most == std::numeric_limits<std::int64_t>::max() ? fmt::format("at least {}", least) : fmt::format("from {} to {}", least, most);
  diagnostics.error(out_of_range, fmt::format("{} must be {}, found {}", named(what), range, shown(node)), node.span);
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::int64_t count = 0;
  if (digits == 0 || std::from_chars(text.data(), text.data() + digits, count).ec != std::errc()) return std::nullopt;
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(digits); });
  // The steady clock counts nanoseconds in 64 bits: a larger duration would wrap around in a deadline.
  constexpr std::int64_t most = std::chrono::milliseconds(std::chrono::hours(24 * 365 * 100)).count();
  if (unit == units.end() || count > most / unit->milliseconds) return std::nullopt;
  return std::chrono::milliseconds(count * unit->milliseconds);
}

std::optional<std::chrono::milliseconds> read_duration(const Node& node, std::string_view what, source::Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    if (const auto duration = parse_duration(node.text)) return duration;
  }
  auto& made = refuse_text(node, "a duration", what, diagnostics);
  if (node.is_scalar()) made.help = "write a whole number and a unit: `500ms`, `30s`, `5m`, `1h`";
  return std::nullopt;
}

std::vector<source::Text> read_texts(const Node& node, std::string_view what, source::Diagnostics& diagnostics) {
  std::vector<source::Text> out;
  if (node.is_scalar()) return {node.as_text()};
  if (!node.is_sequence()) {
    refuse(node, "a text or a list of texts", what, diagnostics);
    return out;
  }
  for (const auto& item : node.items) {
    if (auto text = read_text(item, what, diagnostics)) out.push_back(std::move(*text));
  }
  return out;
}

void refuse_unknown_keys(const Node& mapping, std::string_view what, const std::vector<std::string>& known,
                         source::Diagnostics& diagnostics) {
  for (const auto& entry : mapping.entries) {
    if (std::find(known.begin(), known.end(), entry.key.value) != known.end()) continue;
    auto& made = diagnostics.error(unknown_key, fmt::format("`{}` is not a key of {}", entry.key.value, what), entry.key.span);
    const auto near = source::did_you_mean(entry.key.value, known);
    if (!near.empty()) {
      made.help = fmt::format("did you mean `{}`?", near);
    } else if (!known.empty() && known.size() <= 12) {
      made.help = fmt::format("known keys: `{}`", fmt::join(known, "`, `"));
    }
  }
}

}  // namespace tidelab::yaml
