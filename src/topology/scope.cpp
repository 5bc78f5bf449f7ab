#include "topology/scope.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "step/match.hpp"
#include "topology/rules.hpp"

namespace tidelab::topology {

namespace {

std::string joined(const step::Texts& list) {
  std::string out;
  for (const auto& each : list) out += (out.empty() ? "" : ",") + each.value;
  return out;
}

std::string json_list(const step::Texts& list) {
  std::string out;
  for (const auto& each : list) out += (out.empty() ? "" : ",") + step::json_string(each.value);
  return "[" + out + "]";
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
  skip_blanks(text);
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

// A quoted argument; false when there is none.
bool take_quoted(std::string_view& text, std::string& out) {
  skip_blanks(text);
  if (!text.starts_with('"')) return false;
  const auto end = text.find('"', 1);
  if (end == std::string_view::npos) return false;
  out = std::string(text.substr(1, end - 1));
  text.remove_prefix(end + 1);
  return true;
}

// The closing brace of `${`, not counting those inside quotes.
std::size_t closing(std::string_view text, std::size_t from) {
  bool quoted = false;
  for (auto i = from; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '}' && !quoted) return i;
  }
  return std::string_view::npos;
}

}  // namespace

Scope::Scope(const Topology& topology, const Instance* self, source::Diagnostics& diagnostics, Touch touch)
    : topology_(topology), self_(self), diagnostics_(diagnostics), touch_(std::move(touch)) {}

// What the playbook says of its component without its being a value: put together whenever it is asked for, so that one which
// needs a section that is missing is no fault before.
const Text* Scope::text_of(const std::string& name) const {
  if (self_ == nullptr) return nullptr;
  if (name == "log") return self_->playbook->log.empty() ? nullptr : &self_->playbook->log;
  for (const auto& let : self_->playbook->lets)
    if (let.name.value == name && applies(let.versions, *self_, topology_)) return &let.fallback;
  return nullptr;
}

const std::string* Scope::plain(const std::string& name, std::string& buffer) const {
  if (const auto found = extra_.find(name); found != extra_.end()) return &found->second;
  const auto& global = topology_.global;
  if (name == "lab") return &global.lab.value;
  if (name == "user") return &global.user.value;
  if (name == "global.deploy_dir") return &global.deploy_dir.value;
  if (self_ != nullptr) {
    if (name == "host") return &self_->host.value;
    if (name == "version") return &self_->version.value;
    if (name == "ordinal") return &(buffer = std::to_string(self_->ordinal));
    if (name == "section") return &self_->section;
    if (name == "arch") return &(buffer = topology_.arch_of(*self_));
    if (const auto found = self_->values.find(name); found != self_->values.end()) {
      if (touch_) touch_(*self_, name);
      const auto& value = found->second;
      if (value.type == playbook::Type::list) return &(buffer = joined(value.list));
      return &value.text.value;
    }
  }
  if (const auto* text = text_of(name)) {
    if (std::find(under_way_.begin(), under_way_.end(), text) != under_way_.end()) return &(buffer = refuse_circle(*text));
    under_way_.push_back(text);
    buffer = expand(*text);
    under_way_.pop_back();
    return &buffer;
  }
  if (name.starts_with("global.")) {
    if (const auto found = global.other.find(name.substr(7)); found != global.other.end()) return &found->second.value;
  }
  return nullptr;
}

// "SECTION" or "SECTION at_most 3".
std::string Scope::counted(const std::string& section, std::string_view rest, const Text& text) const {
  const auto all = topology_.count(section);
  const auto word = take_word(rest);
  if (word.empty()) return std::to_string(all);
  std::size_t most = 0;
  const auto number = take_word(rest);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), most);
  if (word == "at_most" && error == std::errc() && end == number.data() + number.size() && rest.empty())
    return std::to_string(std::min(all, most));
  diagnostics_.error("T032", "`count` takes a section, and perhaps the largest number that counts", text.span).help =
      fmt::format("for example ${{count {} at_most 3}}", section);
  return {};
}

std::string Scope::over_section(std::string_view function, std::string_view rest, const Text& text) const {
  const std::string section(take_word(rest));
  if (function == "count") return counted(section, rest, text);
  std::string format, separator = ",";
  if (!take_quoted(rest, format)) {
    diagnostics_.error("T032", fmt::format("`{}` takes a section and a quoted format", function), text.span).help =
        fmt::format("for example ${{{} SECTION \"{{host}}:{{port}}\" \",\"}}", function);
    return {};
  }
  if (take_quoted(rest, separator)) {
    if (separator == "\\n") separator = "\n";
  }
  if ((function == "first" || function == "any") && topology_.count(section) == 0) {
    diagnostics_.error("T031", fmt::format("this needs at least one of `{}`, and the topology has none", section), text.span).help =
        fmt::format("add a `{}` section", section);
    return {};
  }
  if (function == "any" && !names_members_) return "any " + section;
  const auto members = function == "first" ? std::vector<const Instance*>{topology_.first(section)} : topology_.of(section);
  std::string out;
  bool begun = false;
  for (const auto* member : members) {
    if (function == "others" && (member == self_ || member->leaves)) continue;
    Scope scope(topology_, member, diagnostics_, touch_);
    scope.under_way_ = under_way_;  // circles go through other components, too
    if (begun) out += separator;
    begun = true;
    const auto from = out.size();
    for (std::size_t at = 0; at < format.size();) {
      const auto open = format.find('{', at);
      const auto end = open == std::string::npos ? open : format.find('}', open);
      if (end == std::string::npos) {
        out += format.substr(at);
        break;
      }
      out += format.substr(at, open - at);
      const auto name = format.substr(open + 1, end - open - 1);
      std::string buffer;
      const auto* value = scope.plain(name, buffer);
      if (value == nullptr) {  // and so for every other member: one cause, one error
        diagnostics_.error("T030", fmt::format("`{}` of `{}` is not known", name, section), text.span);
        return {};
      }
      out += name == "host" ? bracketed(*value) : *value;
      if (out.size() > most_expanded) return refuse_size(text);
      at = end + 1;
    }
    if (out.size() > most_expanded) return refuse_size(text);
    if (function == "any" && named_ != nullptr) named_->push_back(out.substr(from));
  }
  return out;
}

Scope Scope::without_members() const {
  auto out = *this;
  out.names_members_ = false;
  return out;
}

std::vector<std::string> Scope::members_in(const Text& text) const {
  std::vector<std::string> out;
  auto noting = *this;
  noting.named_ = &out;
  noting.expand(text);
  return out;
}

// What somebody wrote is what they wrote; of a default the members of its lists do not count.
std::string Scope::digest(const std::string& name, const std::string& value) const {
  const auto* own = self_ == nullptr ? nullptr : self_->find(name);
  const bool is_default = own != nullptr && !own->stated && own->param != nullptr && expand(own->param->fallback) == value;
  return short_digest(is_default ? without_members().expand(own->param->fallback) : value);
}

FoundSetting setting_for(const Instance& instance, const Topology& topology, const std::string& key) {
  const auto is_it = [&](const step::Setting& each) {
    return each.key.value == key && !each.values.empty() && applies(each.versions, instance, topology);
  };
  const auto& own = instance.config;
  if (const auto found = std::find_if(own.rbegin(), own.rend(), is_it); found != own.rend()) return {&*found, true};
  for (const auto& step : instance.playbook->install) {
    const auto* config = std::get_if<step::Config>(&step.action);
    if (config == nullptr || !applies(step.versions, instance, topology)) continue;
    const auto found = std::find_if(config->set.begin(), config->set.end(), is_it);
    if (found != config->set.end()) return {&*found, false};
  }
  return {};
}

// "config[KEY] or TEXT" from the bracket on.
std::string Scope::setting(std::string_view rest, const Text& text) const {
  const auto end = rest.find(']');
  const auto key = rest.substr(0, end);
  auto otherwise = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  skip_blanks(otherwise);
  const bool has_other = otherwise.starts_with("or ");
  if (end == rest.npos || key.empty() || (!otherwise.empty() && !has_other)) {
    diagnostics_.error("T032", "`config[` takes the name of a setting", text.span).help = "for example ${config[log.level] or info}";
    return {};
  }
  if (has_other) otherwise.remove_prefix(3), skip_blanks(otherwise);
  const auto found = self_ == nullptr ? FoundSetting{} : setting_for(*self_, topology_, std::string(key));
  if (found.setting == nullptr) return std::string(otherwise);
  if (found.stated) return joined(found.setting->values);
  if (std::find(under_way_.begin(), under_way_.end(), &found.setting->key) != under_way_.end()) return refuse_circle(text);
  under_way_.push_back(&found.setting->key);
  auto out = expand({joined(found.setting->values), text.span});
  under_way_.pop_back();
  return out;
}

std::string Scope::refuse_circle(const Text& text) const {
  diagnostics_.error("T033", "this text stands for itself, through others", text.span).help = "write one of them out";
  return {};
}

std::string Scope::refuse_size(const Text& text) const {
  diagnostics_.error("T034", fmt::format("this text grows beyond {} bytes when it is put together", most_expanded), text.span).help =
      "texts that stand for texts multiply; write it out, or shorter";
  return {};
}

std::string Scope::evaluate(std::string_view inside, const Text& text) const {
  constexpr std::string_view of_config = "config[";
  if (inside.starts_with(of_config)) return setting(inside.substr(of_config.size()), text);
  auto rest = inside;
  const std::string word(take_word(rest));
  if (word == "join" || word == "first" || word == "any" || word == "others" || word == "count") return over_section(word, rest, text);
  std::string buffer;
  if (word == "json") {
    const std::string name(take_word(rest));
    if (const auto* list = self_ == nullptr ? nullptr : whole_value({"${" + name + "}", text.span}); list != nullptr)
      return json_list(list->list);
    if (const auto* value = plain(name, buffer)) return step::json_string(*value);
  } else if (word == "digest") {
    const std::string name(take_word(rest));
    if (const auto* value = plain(name, buffer)) return digest(name, *value);
  } else if (const auto* value = plain(word, buffer)) {
    return *value;
  }
  auto& d = diagnostics_.error("T030", fmt::format("`${{{}}}` is not known here", inside), text.span);
  std::vector<std::string> known = {"host", "version", "ordinal", "arch", "lab", "user", "global.deploy_dir"};
  if (self_ != nullptr)
    for (const auto& [name, value] : self_->values) known.push_back(name);
  if (self_ != nullptr)
    for (const auto& let : self_->playbook->lets) known.push_back(let.name.value);
  if (const auto near = source::did_you_mean(inside, known); !near.empty()) d.help = fmt::format("did you mean `${{{}}}`?", near);
  return {};
}

std::string Scope::expand(const Text& text) const {
  const std::string_view all = text.value;
  std::string out;
  for (std::size_t at = 0; at < all.size();) {
    const auto dollar = all.find('$', at);
    if (dollar == std::string_view::npos) {
      out += all.substr(at);
      break;
    }
    out += all.substr(at, dollar - at);
    if (all.substr(dollar).starts_with("$${")) {
      out += "${";
      at = dollar + 3;
    } else if (all.substr(dollar).starts_with("${")) {
      const auto end = closing(all, dollar + 2);
      if (end == std::string_view::npos) {
        diagnostics_.error("T032", "`${` is not closed", text.span).help = "write `$${` for a literal `${`";
        return out;
      }
      out += evaluate(all.substr(dollar + 2, end - dollar - 2), text);
      if (out.size() > most_expanded) return refuse_size(text);
      at = end + 1;
    } else {
      out += '$';
      at = dollar + 1;
    }
  }
  return out.size() > most_expanded ? refuse_size(text) : out;
}

const Value* Scope::whole_value(const Text& text) const {
  const std::string_view all = text.value;
  if (self_ == nullptr || !all.starts_with("${") || !all.ends_with('}')) return nullptr;
  const auto found = self_->values.find(std::string(all.substr(2, all.size() - 3)));
  if (found == self_->values.end()) return nullptr;
  const auto type = found->second.type;
  return type == playbook::Type::list || type == playbook::Type::map ? &found->second : nullptr;
}

}  // namespace tidelab::topology
