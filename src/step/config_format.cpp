#include "step/config_format.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "step/match.hpp"

namespace tidelab::step {

namespace {

enum class Scalar { text, truth, integer, real };

// Not std::stod: that throws for 1e-310, which is a number.
std::optional<double> as_real(const std::string& text) {
  if (text.find_first_not_of("0123456789.-+eE") != std::string::npos) return std::nullopt;  // "inf", "nan"
  double real = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, real);
  return error == std::errc() && at == end ? std::optional(real) : std::nullopt;
}

Scalar kind_of(const std::string& text, bool quoted) {
  if (quoted || text.empty()) return Scalar::text;
  if (text == "true" || text == "false") return Scalar::truth;
  const auto* end = text.data() + text.size();
  long long integer = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, integer); error == std::errc() && at == end) return Scalar::integer;
  return as_real(text) ? Scalar::real : Scalar::text;
}

template <class Add>
void with_scalar(const std::string& text, bool quoted, Add&& add) {
  switch (kind_of(text, quoted)) {
    case Scalar::truth: return add(text == "true");
    case Scalar::integer: return add(std::stoll(text));
    case Scalar::real: return add(as_real(text).value_or(0));
    case Scalar::text: return add(text);
  }
}

toml::array toml_list(const std::vector<yaml::Node>& items);

// The reader of settings takes no list with a null in it.
toml::table toml_table(const std::vector<yaml::Entry>& entries) {
  toml::table out;
  for (const auto& [key, node] : entries) {
    if (node.is_sequence())
      out.insert_or_assign(key.value, toml_list(node.items));
    else if (node.is_mapping())
      out.insert_or_assign(key.value, toml_table(node.entries));
    else
      with_scalar(node.text, node.quoted, [&, &name = key.value](const auto& value) { out.insert_or_assign(name, value); });
  }
  return out;
}

toml::array toml_list(const std::vector<yaml::Node>& items) {
  toml::array out;
  for (const auto& node : items) {
    if (node.is_sequence())
      out.push_back(toml_list(node.items));
    else if (node.is_mapping())
      out.push_back(toml_table(node.entries));
    else
      with_scalar(node.text, node.quoted, [&](const auto& value) { out.push_back(value); });
  }
  return out;
}

std::string render_toml(const Settings& settings) {
  toml::table root;
  for (const auto& setting : settings) {
    auto* table = &root;
    std::string_view key = setting.key.value;
    for (auto dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
      const auto name = key.substr(0, dot);
      if (table->get_as<toml::table>(name) == nullptr) table->insert_or_assign(name, toml::table{});
      table = table->get_as<toml::table>(name);
      key.remove_prefix(dot + 1);
    }
    if (!setting.nested.empty()) {
      table->insert_or_assign(key, toml_list(setting.nested));
    } else if (setting.list) {
      toml::array list;
      for (const auto& each : setting.values) with_scalar(each.value, setting.quoted, [&](const auto& value) { list.push_back(value); });
      table->insert_or_assign(key, std::move(list));
    } else {
      with_scalar(setting.values.empty() ? std::string() : setting.values.front().value, setting.quoted,
                  [&](const auto& value) { table->insert_or_assign(key, value); });
    }
  }
  std::ostringstream out;
  out << root << "\n";
  return out.str();
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string as_java_escapes(const std::string& text) {
  std::string out;
  const auto add = [&](unsigned unit) { out += fmt::format("\\u{:04x}", unit); };
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first < 0x80) {
      if (first == '\\') out += '\\';
      out += static_cast<char>(first);
      continue;
    }
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;  // texts are UTF-8: the reader has seen to that
    unsigned point = first & (0x3FU >> more);
    for (int i = 0; i < more && at < text.size(); ++i) point = (point << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    if (point >= 0x10000)
      add(0xD7C0U + (point >> 10U)), add(0xDC00U + (point & 0x3FFU));
    else
      add(point);
  }
  return out;
}

std::string joined(const Setting& setting) {
  std::string out;
  for (const auto& each : setting.values) out += (out.empty() ? "" : ",") + each.value;
  return out;
}

// A scalar that YAML readers take as the text or number that was meant. Quotes only where there must be some: not
// every component's reader of `key: value` lines knows them (Java options and URLs hold colons, and are read as they are).
std::string yaml_scalar(const std::string& text, bool quoted) {
  if (kind_of(text, quoted) != Scalar::text) return text;
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  const bool plain = !quoted && !text.empty() && std::string_view("#\"'{}[],&*!|>%@`?: ").find(text.front()) == std::string_view::npos &&
                     text.back() != ' ' && text.back() != ':' && !has(": ") && !has(" #") && text != "-" && !text.starts_with("- ") &&
                     text != "~" && text != "null" && std::none_of(text.begin(), text.end(), is_control);
  return plain ? text : json_string(text);
}

// Java reads properties files as Latin-1, with \uXXXX for all else.
std::string escape_property(const std::string& text, bool key) {
  std::string out;
  for (const char c : as_java_escapes(text)) {
    if (key && (c == ' ' || c == ':' || c == '=' || (out.empty() && (c == '#' || c == '!')))) out += '\\';
    out += c;
  }
  if (!key && out.starts_with(' ')) out.insert(0, "\\");
  return out;
}

// The dotted keys that `key` lies below: `a` and `a.b` of `a.b.c`.
std::vector<std::string> keys_above(const std::string& key) {
  std::vector<std::string> out;
  for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) out.push_back(key.substr(0, dot));
  return out;
}

/// Settings in their order, found by key: files have tens of thousands of them.
class Merged {
public:
  explicit Merged(const Settings& under) : settings_(under), gone_(under.size()) {
    for (std::size_t i = 0; i < under.size(); ++i) places_.emplace(under[i].key.value, i);
  }

  /// In the place of the first that it covers, so that files read alike; the others go.
  void put(const Setting& setting, bool nested) {
    const auto& key = setting.key.value;
    std::vector<Places::iterator> covered;
    const auto take = [&](auto from, auto to) {
      for (; from != to; ++from) covered.push_back(from);
    };
    take(places_.lower_bound(key), places_.upper_bound(key));
    if (nested) {
      take(places_.lower_bound(key + "."), places_.lower_bound(key + "/"));  // `/` comes next after `.`
      for (const auto& above : keys_above(key)) take(places_.lower_bound(above), places_.upper_bound(above));
    }
    auto place = settings_.size();
    for (const auto& each : covered) {
      place = std::min(place, each->second);
      gone_[each->second] = true;
      places_.erase(each);
    }
    if (place == settings_.size()) settings_.emplace_back(), gone_.push_back(true);
    settings_[place] = setting;
    gone_[place] = false;
    places_.emplace(key, place);
  }

  Settings settings() && {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < settings_.size(); ++i) {
      if (gone_[i]) continue;
      if (kept != i) settings_[kept] = std::move(settings_[i]);
      ++kept;
    }
    settings_.resize(kept);
    return std::move(settings_);
  }

private:
  using Places = std::multimap<std::string, std::size_t>;
  Settings settings_;
  std::vector<bool> gone_;
  Places places_;
};

// The first key that has a value, and others below it, with the first of those; nullptr: there is none.
std::pair<const Setting*, const Setting*> value_above_values(const Settings& settings) {
  std::unordered_map<std::string_view, const Setting*> all;
  for (const auto& each : settings) all.emplace(each.key.value, &each);
  std::pair<const Setting*, const Setting*> out{nullptr, nullptr};
  for (const auto& each : settings)
    for (const auto& above : keys_above(each.key.value))
      if (const auto found = all.find(above); found != all.end() && (out.first == nullptr || found->second < out.first))
        out = {found->second, &each};
  return out;
}

}  // namespace

Settings merge_settings(const Settings& under, const Settings& over, bool nested) {
  Merged out(under);
  for (const auto& setting : over) out.put(setting, nested);
  return std::move(out).settings();
}

Result<std::string> render_config(const std::string& format, const Settings& settings) {
  const auto deep = std::find_if(settings.begin(), settings.end(), [](const Setting& each) { return !each.nested.empty(); });
  if (deep != settings.end() && format != "toml")
    return fail(Why::failed, fmt::format("`{}` is a list of lists or mappings, and {} files cannot hold one", deep->key.value, format));
  if (format == "toml") {
    if (const auto [above, below] = value_above_values(settings); above != nullptr)
      return fail(Why::failed, fmt::format("`{}` and `{}` cannot both have a value in a toml file", above->key.value, below->key.value));
    return render_toml(settings);
  }
  std::string out;
  for (const auto& setting : settings) {
    const auto value = joined(setting);
    if (std::any_of(setting.key.value.begin(), setting.key.value.end(), is_control))
      return fail(Why::failed, fmt::format("the key {} holds a control character", json_string(setting.key.value)));
    if (value.find_first_of("\n\r") != std::string::npos && format != "yaml")
      return fail(Why::failed, fmt::format("`{}` has a line break, and {} files cannot hold one", setting.key.value, format));
    if (format == "properties") {
      out += fmt::format("{}={}\n", escape_property(setting.key.value, true), escape_property(value, false));
    } else if (format == "yaml") {
      out += fmt::format("{}: {}\n", setting.key.value, yaml_scalar(value, setting.quoted));
    } else if (format == "env") {
      std::string quoted;
      for (const char c : value) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
      out += fmt::format("{}='{}'\n", setting.key.value, quoted);
    } else {
      return fail(Why::failed, fmt::format("there is no config format `{}`", format));
    }
  }
  return out;
}

}  // namespace tidelab::step
