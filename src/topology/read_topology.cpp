// Topology text → instances with typed, resolved values.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "step/read_step.hpp"
#include "topology/rules.hpp"
#include "topology/scope.hpp"
#include "topology/topology.hpp"
#include "yaml/read.hpp"

namespace tidelab::topology {

namespace {

using playbook::Param;
using playbook::Type;
using source::Diagnostics;
using yaml::Node;

// Keys of `global` that mean something here; the others of the schema are listed as data.
const std::vector<std::string> global_keys = {"lab", "user", "ssh_type", "ssh_port", "deploy_dir", "data_dir", "log_dir", "systemd_mode"};

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void warn_left_alone(const source::Text& key, Diagnostics& diagnostics) {
  diagnostics.warning("T005", fmt::format("`{}` is understood and not provisioned by tidelab", key.value), key.span);
}

class Reader {
public:
  Reader(const playbook::Library& library, Diagnostics& diagnostics) : library_(library), diagnostics_(diagnostics) {}

  Topology read(const source::File& file, const Asked& asked) {
    Topology out;
    out.file = file.name;
    const auto root = yaml::read_document(file, diagnostics_);
    const source::Span top{&file, 1, 1, 1};
    if (!root.is_mapping()) {
      if (!root.is_null())
        yaml::read_mapping(root, "a topology", diagnostics_);
      else if (!diagnostics_.has_errors())
        diagnostics_.error("T018", "the topology is empty", top).help =
            "a topology has at least one section; `tidelab playbooks` lists them";
      return out;
    }
    read_globals(root, asked, out);
    for (const auto& [key, value] : root.entries) read_top_level(key, value, out);
    if (out.instances.empty() && !diagnostics_.has_errors())
      diagnostics_.error("T018", "the topology has no instance", top).help = "add at least one section; `tidelab playbooks` lists them";
    if (diagnostics_.has_errors()) return out;
    // Beyond this point every instance, section and key is known; defaults may be derived.
    if (!resolve(out)) return out;
    // Beyond this point every value is a literal.
    check_conflicts(out, diagnostics_);
    check_rules(out, diagnostics_);
    return out;
  }

private:
  const playbook::Library& library_;
  Diagnostics& diagnostics_;
  std::map<std::string, Text> versions_;                  // by component
  std::map<std::string, step::Settings> server_configs_;  // by component

  void read_globals(const Node& root, const Asked& asked, Topology& out) {
    auto& global = out.global;
    const auto stem = std::filesystem::path(out.file).stem().string();
    global.lab = {asked.lab.empty() ? stem : asked.lab, {root.span.file, 1, 1, 1}};
    global.user = {library_.common.user, {}};
    global.ssh_type = {"builtin", {}};
    global.deploy_dir = {"deploy", {}};
    if (const auto* node = root.find("global"); node != nullptr && yaml::read_mapping(*node, "`global`", diagnostics_)) {
      for (const auto& [key, value] : node->entries) read_global(key, value, global);
    }
    if (!asked.force_type.empty()) global.ssh_type = {asked.force_type, {}};
    if (global.deploy_dir.value.empty() || global.deploy_dir.value.front() != '/') {
      const auto home = global.user.value == "root" ? std::string("/root") : "/home/" + global.user.value;
      global.deploy_dir.value = home + "/" + global.deploy_dir.value;  // as TiUP does
    }
    const auto& lab = global.lab.value;
    const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; };
    if (lab.empty() || lab.size() > 63 || !std::isalnum(static_cast<unsigned char>(lab.front())) ||
        !std::all_of(lab.begin(), lab.end(), fits)) {
      diagnostics_.error("T017", fmt::format("`{}` cannot be the name of a lab", lab), global.lab.span).help =
          "letters, digits, `-` and `_`, at most 63, beginning with a letter or digit; write it as `global.lab`";
    }
  }

  void read_global(const Text& key, const Node& value, Global& global) {
    if (contains(library_.common.global_left_alone, key.value)) return warn_left_alone(key, diagnostics_);
    if (key.value == "ssh_port") {
      if (const auto port = yaml::read_integer(value, "`ssh_port`", 1, 65535, diagnostics_)) global.ssh_port = static_cast<int>(*port);
      return;
    }
    if (!contains(global_keys, key.value)) {
      auto all = global_keys;
      all.insert(all.end(), library_.common.global_left_alone.begin(), library_.common.global_left_alone.end());
      auto& d = diagnostics_.error("T001", fmt::format("`{}` is not a key of `global`", key.value), key.span);
      if (const auto near = source::did_you_mean(key.value, all); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
      return;
    }
    const auto text = yaml::read_text(value, "`" + key.value + "`", diagnostics_);
    if (!text) return;
    global.other[key.value] = *text;
    if (key.value == "lab") global.lab = *text;
    if (key.value == "user") global.user = *text;
    if (key.value == "deploy_dir") global.deploy_dir = *text;
    if (key.value == "data_dir") global.data_dir = *text;
    if (key.value == "log_dir") global.log_dir = *text;
    if (key.value == "systemd_mode") {
      global.systemd_mode = *text;
      if (text->value != "system" && text->value != "user")
        diagnostics_.error("T003", fmt::format("`{}` is not a `systemd_mode`", text->value), text->span).help =
            "system (units of the host, needs root or sudo) or user (units of the account's own manager)";
    }
    if (key.value == "ssh_type") {
      global.ssh_type = *text;
      if (text->value != "builtin" && text->value != "none" && text->value != "system")
        diagnostics_.error("T003", fmt::format("`{}` is not an `ssh_type`", text->value), text->span).help =
            "builtin (over ssh) or none (this machine)";
      if (text->value == "system")
        diagnostics_.error("T003", "`ssh_type: system` is not built yet", text->span).help = "use builtin, or none for this machine";
    }
  }

  void read_top_level(const Text& key, const Node& value, Topology& out) {
    if (key.value == "global") return;
    if (key.value == "server_configs" || key.value == "component_versions") {
      if (value.is_null() || !yaml::read_mapping(value, "`" + key.value + "`", diagnostics_)) return;
      for (const auto& [component, node] : value.entries) read_of_component(key.value == "server_configs", component, node);
      return;
    }
    const auto* playbook = library_.find(key.value);
    if (playbook == nullptr) {
      auto& d = diagnostics_.error("T001", fmt::format("there is no section `{}`", key.value), key.span);
      auto known = library_.sections();
      known.insert(known.end(), {"global", "server_configs", "component_versions"});
      if (const auto near = source::did_you_mean(key.value, known); !near.empty())
        d.help = fmt::format("did you mean `{}`?", near);
      else
        d.help = "each playbook brings its section; `tidelab playbooks` lists them";
      return;
    }
    if (value.is_null() || !yaml::read_sequence(value, "`" + key.value + "`", diagnostics_)) return;
    int ordinal = 0;
    for (const auto& item : value.items) read_instance(*playbook, ++ordinal, item, out);
  }

  void read_of_component(bool configs, const Text& component, const Node& node) {
    std::vector<std::string> known;
    for (const auto& [section, playbook] : library_.by_section) known.push_back(playbook.component.value);
    for (const auto& [name, playbook] : library_.runtimes) known.push_back(name);
    if (!contains(known, component.value)) {
      auto& d = diagnostics_.error("T001", fmt::format("there is no component `{}`", component.value), component.span);
      if (const auto near = source::did_you_mean(component.value, known); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
      return;
    }
    if (configs) {
      server_configs_[component.value] = step::read_settings(node, diagnostics_);
    } else if (const auto text = yaml::read_text(node, "a version", diagnostics_)) {
      versions_[component.value] = *text;
    }
  }

  void read_instance(const Playbook& playbook, int ordinal, const Node& node, Topology& out) {
    if (!yaml::read_mapping(node, "an instance", diagnostics_)) return;
    Instance made;
    made.playbook = &playbook;
    made.section = playbook.section.value;
    made.ordinal = ordinal;
    made.span = node.entries.empty() ? node.span : node.entries.front().key.span;
    made.ssh_port = out.global.ssh_port;
    std::vector<std::string> known = {"config"};
    if (!playbook.hostless) known.insert(known.end(), {"host", "ssh_port"});
    for (const auto& param : playbook.params) known.push_back(param.name.value);
    for (const auto& [key, value] : node.entries) {
      const auto param =
          std::find_if(playbook.params.begin(), playbook.params.end(), [&](const auto& p) { return p.name.value == key.value; });
      if (param != playbook.params.end()) {
        made.values[key.value] = read_value(*param, value);
      } else if (key.value == "host" && !playbook.hostless) {
        read_host(value, made);
      } else if (key.value == "ssh_port" && !playbook.hostless) {
        made.ssh_port = static_cast<int>(yaml::read_integer(value, "`ssh_port`", 1, 65535, diagnostics_).value_or(22));
      } else if (key.value == "config") {
        made.config = step::read_settings(value, diagnostics_);
      } else if (contains(library_.common.instance_left_alone, key.value)) {
        warn_left_alone(key, diagnostics_);
      } else {
        auto& d = diagnostics_.error("T001", fmt::format("`{}` is not a key of `{}`", key.value, made.section), key.span);
        if (const auto near = source::did_you_mean(key.value, known); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
      }
    }
    if (!playbook.hostless && node.find("host") == nullptr)
      diagnostics_.error("T002", fmt::format("{} {} has no `host`", made.section, ordinal), made.span).help = "add `host: ADDRESS`";
    out.instances.push_back(std::move(made));
  }

  void read_host(const Node& value, Instance& made) {
    const auto text = yaml::read_text(value, "`host`", diagnostics_);
    if (!text) return;
    made.host = *text;
    const auto& host = text->value;
    const auto bad = std::find_if(host.begin(), host.end(),
                                  [](unsigned char c) { return !(std::isalnum(c) || c == '.' || c == '-' || c == ':' || c == '_'); });
    const bool port_inside = std::count(host.begin(), host.end(), ':') == 1;
    if (host.empty() || bad != host.end() || host.front() == '-' || port_inside) {
      auto& d = diagnostics_.error("T004", fmt::format("`{}` is not a host", host), text->span);
      d.help = port_inside ? "write the address alone, and the port under its own key" : "a name or an address, without blanks";
    }
  }

  Value read_value(const Param& param, const Node& node) {
    Value out{param.type, {}, {}, {}, true, true};
    const auto what = "`" + param.name.value + "`";
    switch (param.type) {
      case Type::port:
        if (const auto port = yaml::read_integer(node, what, 1, 65535, diagnostics_)) out.text = {std::to_string(*port), node.span};
        break;
      case Type::integer:
        if (const auto number = yaml::read_integer(node, what, 0, 2147483647, diagnostics_))
          out.text = {std::to_string(*number), node.span};
        break;
      case Type::boolean:
        if (const auto truth = yaml::read_bool(node, what, diagnostics_)) out.text = {*truth ? "true" : "false", node.span};
        break;
      case Type::duration:
        if (yaml::read_duration(node, what, diagnostics_)) out.text = node.as_text();
        break;
      case Type::list: out.list = yaml::read_texts(node, what, diagnostics_); break;
      case Type::map:
        if (yaml::read_mapping(node, what, diagnostics_))
          for (const auto& [key, value] : node.entries) out.map.emplace_back(key, value.as_text());
        break;
      case Type::dir:
        if (auto text = yaml::read_text(node, what, diagnostics_)) out.text = *text;
        break;
      case Type::one_of:
        if (auto text = yaml::read_text(node, what, diagnostics_)) {
          out.text = *text;
          std::string words;
          bool found = false;
          for (const auto& each : param.list) found = found || each.value == text->value, words += (words.empty() ? "" : ", ") + each.value;
          if (!found) diagnostics_.error("T003", fmt::format("`{}` cannot be {}", text->value, what), text->span).help = "one of " + words;
        }
        break;
      case Type::text:
      case Type::host:
      case Type::size:
      case Type::secret:
        if (auto text = yaml::read_text(node, what, diagnostics_)) out.text = *text;
        break;
    }
    return out;
  }

  void set_version(Instance& instance, std::set<std::string>& told) {
    const auto& playbook = *instance.playbook;
    const auto& component = playbook.component.value;
    if (const auto stated = versions_.find(component); stated != versions_.end())
      instance.version = stated->second;
    else
      instance.version = playbook.default_version;
    if (instance.version.empty()) return;  // hostless ones may have none
    const auto version = playbook::parse_version(instance.version.value);
    const auto range = playbook::Range::parse(playbook.versions.value.empty() ? "*" : playbook.versions.value);
    const auto place =
        instance.version.span.known() && instance.version.span.file == instance.span.file ? instance.version.span : instance.span;
    const bool good = version && (!range || range->holds(*version));
    if (good || !told.insert(component).second) return;
    if (!version) {
      diagnostics_.error("T016", fmt::format("`{}` is not a version", instance.version.value), place).help = "for example 3.6.2 or v8.4.0";
    } else {
      diagnostics_.error("T016", fmt::format("{} {} is not served by its playbook", component, instance.version.value), place).help =
          fmt::format("it serves {}", playbook.versions.value);
    }
  }

  // Defaults, in the order in which they depend on each other.
  // False when values are missing that all else is about.
  bool resolve(Topology& out) {
    std::set<std::string> told;  // components whose version is refused already: one cause, one error
    for (auto& instance : out.instances) {
      auto config = server_configs_[instance.playbook->component.value];
      config.insert(config.end(), instance.config.begin(), instance.config.end());
      instance.config = std::move(config);
      set_version(instance, told);
    }
    const auto before = diagnostics_.errors();
    check_presence(out, diagnostics_);
    Diagnostics unheard;
    const auto lacking = diagnostics_.errors();
    auto& heard = lacking == before ? diagnostics_ : unheard;  // one cause, one error
    for (auto& instance : out.instances) {
      for (const auto& param : instance.playbook->params) {
        if (!applies(param.versions, instance, out)) continue;
        auto [at, fresh] = instance.values.try_emplace(param.name.value);
        if (!fresh) continue;
        if (param.required)
          diagnostics_.error("T002", fmt::format("{} {} has no `{}`", instance.section, instance.ordinal, param.name.value), instance.span)
              .help = fmt::format("add `{}`{}", param.name.value, param.help.empty() ? "" : ": " + param.help.value);
        at->second = Value{param.type, param.fallback, param.type == Type::list ? param.list : step::Texts{}, param.map, false, false};
      }
    }
    std::vector<const Value*> under_way;
    Touch touch;
    touch = [&](const Instance& instance, const std::string& name) {
      auto& value = const_cast<Instance&>(instance).values.at(name);  // `out` is ours and not const
      if (value.resolved) return;
      if (std::find(under_way.begin(), under_way.end(), &value) != under_way.end()) {
        diagnostics_.error("T033", fmt::format("the default of `{}` depends on itself", name), value.text.span);
        value.resolved = true;
        return;
      }
      under_way.push_back(&value);
      const Scope scope(out, &instance, heard, touch);
      value.text.value = scope.expand(value.text);
      for (auto& each : value.list) each.value = scope.expand(each);
      for (auto& [key, text] : value.map) text.value = scope.expand(text);
      value.resolved = true;
      under_way.pop_back();
    };
    for (auto& instance : out.instances)
      for (auto& [name, value] : instance.values) touch(instance, name);
    for (auto& instance : out.instances) clean_dirs(instance);
    return before == 0 && diagnostics_.errors() == lacking;
  }

  // Written ones first: what is derived from a bad one is bad with it, and only the cause is told.
  void clean_dirs(Instance& instance) {
    bool good = true;
    for (const bool stated : {true, false})
      for (auto& [name, value] : instance.values)
        if (value.type == Type::dir && value.stated == stated && (stated || good)) good = clean_dir(instance, name, value) && good;
  }

  bool clean_dir(const Instance& instance, const std::string& name, Value& value) {
    if (value.text.empty()) return true;
    const auto before = diagnostics_.errors();
    const auto span = value.stated ? value.text.span : instance.span;
    auto path = std::filesystem::path(value.text.value).lexically_normal().string();
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const bool control = std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    static const std::vector<std::string> precious = {"/",      "/bin", "/boot", "/dev",  "/etc",     "/home",     "/lib",
                                                      "/lib64", "/opt", "/proc", "/root", "/run",     "/sbin",     "/srv",
                                                      "/sys",   "/tmp", "/usr",  "/var",  "/var/tmp", "/usr/local"};
    if (path.empty() || path.front() != '/') {
      diagnostics_.error("T014", fmt::format("`{}` must be an absolute path", name), span);
    } else if (contains(precious, path) || control || path.find(',') != std::string::npos) {
      diagnostics_.error("T014", fmt::format("`{}` cannot be `{}`", path, name), span).help =
          "give the component a directory of its own, for example below /opt";
    }
    value.text.value = path;
    return diagnostics_.errors() == before;
  }
};

}  // namespace

std::string Instance::name() const { return fmt::format("{} {}", section, ordinal); }

std::vector<const Instance*> Topology::of(const std::string& section) const {
  std::vector<const Instance*> out;
  for (const auto& each : instances)
    if (each.section == section) out.push_back(&each);
  return out;
}

Topology read_topology(const source::File& file, const playbook::Library& library, const Asked& asked, Diagnostics& diagnostics) {
  return Reader(library, diagnostics).read(file, asked);
}

}  // namespace tidelab::topology
