#include "topology/resolve.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "topology/rules.hpp"
#include "topology/scope.hpp"
#include "topology/values.hpp"

namespace tidelab::topology {

namespace {

using playbook::Type;
using source::Diagnostics;

template <class Visit>
void each_instance(Topology& topology, Visit&& visit) {
  for (auto* list : {&topology.instances, &topology.left_alone})
    for (auto& instance : *list) visit(instance);
}

bool is_dir(const Value& value) { return value.type == Type::dir || value.type == Type::dirs; }

class Resolver {
public:
  Resolver(Topology& topology, bool heard, Diagnostics& diagnostics)
      : topology_(topology), diagnostics_(diagnostics), heard_(heard ? diagnostics : unheard_) {}

  void resolve() {
    const Touch touch = [this](const Instance& instance, const std::string& name) {
      settle(const_cast<Instance&>(instance), name);  // the topology is ours and not const
    };
    touch_ = touch;
    each_instance(topology_, [&](Instance& instance) { add_defaults(instance); });
    each_instance(topology_, [&](Instance& instance) {
      for (auto& [name, value] : instance.values) settle(instance, name);
    });
    each_instance(topology_, [&](Instance& instance) {
      for (const auto& param : instance.playbook->params)
        if (!param.replaced_by.empty()) replace_dirs(instance, param);
      check_dirs_of(instance);
    });
  }

private:
  Topology& topology_;
  Diagnostics& diagnostics_;
  Diagnostics unheard_;
  Diagnostics& heard_;
  Touch touch_;
  std::vector<Value*> under_way_;
  std::set<std::pair<std::string, std::string>> told_ignored_;  // component and param: one cause, one warning

  void add_defaults(Instance& instance) {
    std::vector<const Param*> others;  // of other versions; a param may have one default for each range of them
    std::set<std::string_view> known;
    for (const auto& param : instance.playbook->params) {
      if (!param.versions.empty() && !applies(param.versions, instance, topology_)) {
        others.push_back(&param);
        continue;
      }
      if (!param.versions.empty()) known.insert(param.name.value);
      auto [at, fresh] = instance.values.try_emplace(param.name.value);
      if (fresh) at->second = default_of(instance, param);
    }
    for (const auto* param : others)
      if (!known.contains(param->name.value)) drop_ignored(instance, *param);
  }

  Value default_of(const Instance& instance, const Param& param) {
    Value out;
    out.type = param.type;
    out.param = &param;
    out.text = param.fallback;
    if (param.type == Type::list) out.list = param.list;
    out.map = param.map;
    if (param.inherits) {
      const auto global = topology_.global.other.find(param.name.value);
      if (global != topology_.global.other.end()) out.text = literal(global->second);
    }
    if (param.required) {
      out.usable = false;
      diagnostics_.error("T002", fmt::format("{} {} has no `{}`", instance.section, instance.ordinal, param.name.value), instance.span)
          .help = fmt::format("add `{}`{}", param.name.value, param.help.empty() ? "" : ": " + param.help.value);
    }
    return out;
  }

  // Written by a person, so `${` in it means itself.
  static Text literal(const Text& text) {
    auto out = text;
    for (auto at = out.value.find("${"); at != std::string::npos; at = out.value.find("${", at + 3)) out.value.insert(at, "$");
    return out;
  }

  void drop_ignored(Instance& instance, const Param& param) {
    const auto found = instance.values.find(param.name.value);
    if (found == instance.values.end() || instance.version.empty() || !instance.version_usable) return;
    if (has_rule_against(instance, param)) return;
    const auto& component = instance.playbook->component.value;
    if (is_for_several(param)) {
      if (told_ignored_.insert({component, param.name.value}).second)
        diagnostics_
            .warning("T006", fmt::format("`{}` is for several `{}`", param.name.value, param.versions.front().first.value),
                     found->second.text.span)
            .help = "it is ignored, so remove the key or add an instance";
    } else if (instance.playbook->provisioned && told_ignored_.insert({component, param.name.value}).second)
      diagnostics_
          .warning("T006", fmt::format("{} {} does not know `{}`", component, instance.version.value, param.name.value),
                   found->second.text.span)
          .help = fmt::format("it is ignored; versions {} know it, so remove the key or use one of those", range_of(param));
    instance.values.erase(found);
  }

  // A playbook that says more about it than that it is ignored, or that the section must not be there which it is ignored for.
  bool has_rule_against(const Instance& instance, const Param& param) const {
    const auto& rules = instance.playbook->rules;
    return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) {
      const auto* value = rule.word.value == "absent" ? rule.find("value") : nullptr;
      const bool against = value != nullptr && value->texts.front().value == param.name.value;
      const bool forbids = rule.word.value == "forbids" && is_without(param, rule.text("section"));
      return (against || forbids) && applies(rule.versions, instance, topology_);
    });
  }

  static bool is_without(const Param& param, const std::string& section) {
    return std::any_of(param.versions.begin(), param.versions.end(), [&](const auto& condition) {
      return condition.first.value == section && condition.second.value == playbook::of_no_version;
    });
  }

  // Whatever the version.
  static bool is_for_several(const Param& param) {
    return param.versions.size() == 1 && param.versions.front().second.value == playbook::of_several;
  }

  static std::string range_of(const Param& param) {
    std::string out;
    for (const auto& [section, range] : param.versions)
      out += range.value == playbook::of_no_version ? fmt::format(" without `{}`", section.value)
             : range.value == playbook::of_several  ? fmt::format(" with several `{}`", section.value)
             : range.value == playbook::of_one      ? fmt::format(" with one `{}`", section.value)
                                                    : (out.empty() ? "" : " and ") + range.value;
    return out;
  }

  // A value that others are made from is settled before them; what is made from an unusable one is unusable.
  void settle(Instance& instance, const std::string& name) {
    auto& value = instance.values.at(name);
    const auto taint = [&] {
      if (!value.usable && !under_way_.empty()) under_way_.back()->usable = false;
    };
    if (value.resolved || !value.usable) return taint();
    if (std::find(under_way_.begin(), under_way_.end(), &value) != under_way_.end()) {
      diagnostics_.error("T033", fmt::format("the default of `{}` depends on itself", name), value.text.span);
      value.resolved = true;
      value.usable = false;
      return;
    }
    under_way_.push_back(&value);
    // Where a version is not known, what belongs to versions is missing: its own fault is told, and not what follows.
    auto& ears = instance.version_usable ? heard_ : unheard_;
    const auto before = ears.errors();
    if (!value.stated) expand(instance, value, ears);
    if (is_dir(value) && value.usable) make_absolute(instance, value, ears);
    value.resolved = true;
    if (ears.errors() != before) value.usable = false;
    under_way_.pop_back();
    taint();
  }

  void expand(const Instance& instance, Value& value, Diagnostics& ears) {
    const Scope scope(topology_, &instance, ears, touch_);
    value.text.value = scope.expand(value.text);
    for (auto& each : value.list) each.value = scope.expand(each);
    for (auto& [key, text] : value.map) text.value = scope.expand(text);
  }

  void make_absolute(Instance& instance, Value& value, Diagnostics& ears) {
    if (value.text.empty()) return;
    const auto parts = value.type == Type::dirs ? parts_of(value.text.value) : std::vector<std::string>{value.text.value};
    std::string joined;
    value.list.clear();
    for (const auto& part : parts) {
      const auto path = absolute(instance, value, part, ears);
      if (value.type == Type::dirs) value.list.push_back({path, value.text.span});
      joined += (joined.empty() ? "" : ",") + path;
    }
    value.text.value = joined;
  }

  // Relative ones lie in the directory that the param names, else in the account's home, as TiUP has it.
  std::string absolute(Instance& instance, const Value& value, const std::string& path, Diagnostics& ears) {
    const auto& param = *value.param;
    if (path.starts_with('/')) {
      const bool shared = !value.stated && param.inherits && !param.own.empty() && topology_.global.other.contains(param.name.value);
      if (!shared) return cleaned(path);
      return cleaned(path + "/" + Scope(topology_, &instance, ears, touch_).expand(param.own));
    }
    if (param.in.empty()) return cleaned("/home/" + topology_.global.user.value + "/" + path);
    touch_(instance, param.in.value);
    return cleaned(instance.values.at(param.in.value).text.value + "/" + path);
  }

  // Settings of the instance that hold directories stand for the param: each is a value of its own, under its own name.
  void replace_dirs(Instance& instance, const Param& param) {
    std::set<std::string> known;  // one directory may serve several of them
    for (const auto& name : param.replaced_by) {
      const auto own = instance.config.begin() + static_cast<std::ptrdiff_t>(instance.shared_settings);
      const auto setting = std::find_if(own, instance.config.end(), [&](const auto& each) { return each.key.value == name.value; });
      if (setting == instance.config.end() || setting->values.empty()) continue;
      Value value{Type::dirs, {}, {}, {}, true, true, true, &param};
      std::set<std::string> within;
      for (const auto& each : setting->values) {
        if (!each.value.starts_with('/')) {
          diagnostics_.error("T014", fmt::format("`{}` cannot hold `{}`", name.value, each.value), each.span).help =
              "write absolute directories: nothing says what these would be relative to";
          continue;
        }
        const Text path{cleaned(each.value), each.span};
        if (!within.insert(path.value).second)
          diagnostics_.error("T013", fmt::format("directory {} is twice in `{}`", path.value, name.value), each.span).help = "remove one";
        else if (known.insert(path.value).second)
          value.list.push_back(path);
      }
      if (value.list.empty()) continue;
      value.text = {value.list.front().value, setting->key.span};
      instance.values[name.value] = std::move(value);
    }
    if (!known.empty()) instance.values[param.name.value] = Value{param.type, {}, {}, {}, true, true, true, &param};
  }

  // Written ones first: what is derived from a bad one is bad with it, and only the cause is told.
  void check_dirs_of(Instance& instance) {
    bool good = true;
    for (const bool stated : {true, false}) {
      for (auto& [name, value] : instance.values) {
        if (!is_dir(value) || value.stated != stated || !value.usable) continue;
        if (!stated && !good)
          value.usable = false;
        else
          good = check_dir(instance, name, value) && good;
      }
    }
  }

  bool check_dir(const Instance& instance, const std::string& name, Value& value) {
    const auto paths = value.type == Type::dirs ? value.list : step::Texts{value.text};
    for (const auto& path : paths) {
      if (path.empty() || fits(path.value, instance.playbook->provisioned)) continue;
      const bool comma = path.value.find(',') != std::string::npos;
      diagnostics_.error("T014", fmt::format("`{}` cannot be `{}`", name, path.value), value.stated ? value.text.span : instance.span)
          .help = comma ? "it is one directory, not a list of them" : "give the component a directory of its own, for example below /opt";
      value.usable = false;
      return false;
    }
    return true;
  }

  static bool fits(const std::string& path, bool provisioned) {
    static const std::set<std::string> precious = {"/",      "/bin", "/boot", "/dev",  "/etc",     "/home",     "/lib",
                                                   "/lib64", "/opt", "/proc", "/root", "/run",     "/sbin",     "/srv",
                                                   "/sys",   "/tmp", "/usr",  "/var",  "/var/tmp", "/usr/local"};
    if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) return false;
    if (path.find(',') != std::string::npos) return false;
    if (!provisioned) return true;
    // What lies in some of them is the system's as well, and no `down` takes it away (common_place of the agent).
    constexpr std::string_view filled[] = {"/bin/",  "/boot/", "/dev/", "/etc/",     "/lib/",     "/lib64/",
                                           "/proc/", "/sbin/", "/sys/", "/usr/bin/", "/usr/lib/", "/usr/sbin/"};
    return !precious.contains(path) &&
           std::none_of(std::begin(filled), std::end(filled), [&](auto lead) { return path.starts_with(lead); });
  }
};

}  // namespace

std::string cleaned(const std::string& path) {
  auto out = std::filesystem::path(path).lexically_normal().string();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

void resolve_values(Topology& topology, bool heard, Diagnostics& diagnostics) { Resolver(topology, heard, diagnostics).resolve(); }

}  // namespace tidelab::topology
