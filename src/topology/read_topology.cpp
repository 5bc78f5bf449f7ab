// Topology text → instances with typed, resolved values. A value that cannot be used is marked and told once; all that does
// not hang on it is still read, derived and checked, so that one run tells every mistake.
#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "source/look_alike.hpp"
#include "topology/conflicts.hpp"
#include "topology/foreign.hpp"
#include "topology/hosts.hpp"
#include "topology/read_archives.hpp"
#include "topology/read_components.hpp"
#include "topology/read_value.hpp"
#include "topology/resolve.hpp"
#include "topology/rules.hpp"
#include "yaml/read.hpp"

namespace tidelab::topology {

namespace {

using source::Diagnostics;
using yaml::Node;

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class Reader {
public:
  Reader(const playbook::Library& library, Diagnostics& diagnostics)
      : library_(library),
        diagnostics_(diagnostics),
        meanings_(library),
        instances_(library, diagnostics),
        components_(library, instances_, diagnostics) {}

  Topology read(const source::File& file, const Asked& asked) {
    Topology out;
    out.file = file.name;
    Diagnostics of_text;
    const auto root = yaml::read_document(file, of_text);
    if (is_foreign(file, root, of_text.has_errors(), library_, diagnostics_)) return out;
    diagnostics_.append(std::move(of_text));
    if (!root.is_mapping()) {
      if (!root.is_null())
        yaml::read_mapping(root, "a topology", diagnostics_);
      else if (!diagnostics_.has_errors())
        complain_empty(file, "the topology is empty", "a topology has at least one section; `tidelab playbooks` lists them");
      return out;
    }
    read_globals(root, asked, out);
    for (const auto& [key, value] : root.entries) read_top_level(key, value, root, asked.ordinals, out);
    instances_.tell_left_alone();
    if (out.instances.empty() && out.left_alone.empty()) {
      if (!diagnostics_.has_errors())
        complain_empty(file, "the topology has no instance", "add at least one section; `tidelab playbooks` lists them");
      return out;
    }
    if (out.instances.empty() && out.unread.empty() && !diagnostics_.has_errors()) tell_none_provisioned(out);
    // Beyond this point every instance, section and key is known.
    add_instances_of_hosts(root, out);
    number_machines(out);
    resolve_versions(out, library_.common, components_.versions(), asked, diagnostics_);
    check_asked(asked);
    components_.add_settings(out);
    const auto before = diagnostics_.errors();
    check_presence(out, diagnostics_);
    resolve_values(out, diagnostics_.errors() == before && out.unread.empty(), diagnostics_);
    // Beyond this point every value is a literal, or marked as unusable.
    check_equal_per_host(out, library_.common.instance, diagnostics_);
    check_conflicts(out, diagnostics_);
    check_loopback(out, diagnostics_);
    check_listening(out, diagnostics_);
    check_rules(out, diagnostics_);
    return out;
  }

private:
  const playbook::Library& library_;
  Diagnostics& diagnostics_;
  Meanings meanings_;
  InstanceReader instances_;
  ComponentReader components_;

  void complain_empty(const source::File& file, const char* message, const char* help) {
    diagnostics_.error("T018", message, source::Span{&file, 1, 1, 1}).help = help;
  }

  void tell_none_provisioned(const Topology& topology) {
    diagnostics_
        .warning("T025", "nothing here is provisioned: all that the topology has are roles that tidelab leaves alone",
                 topology.left_alone.front().span)
        .help =
        "add what a lab is made of; `tidelab playbooks` says what is "
        "provisioned";
  }

  // ---- `global`

  void read_globals(const Node& root, const Asked& asked, Topology& out) {
    auto& global = out.global;
    const auto stem = std::filesystem::path(out.file).stem().string();
    global.lab = {asked.lab.empty() ? stem : asked.lab, {root.span.file, 1, 1, 1}};
    for (const auto& param : library_.common.global) set_global(param.name.value, {param.fallback.value, {}}, global);
    if (const auto* node = root.find("global");
        node != nullptr && !node->is_null() && yaml::read_mapping(*node, "`global`", diagnostics_)) {
      Fields fields;
      fields.add(library_.common.global);
      for (const auto& [key, value] : node->entries) read_global(fields, key, value, global);
    }
    if (asked.over_ssh && global.ssh_type.value == "none") global.ssh_type = {"builtin", {}};
    if (!asked.force_type.empty()) global.ssh_type = {asked.force_type, {}};
    if (!global.deploy_dir.value.starts_with('/'))
      global.deploy_dir.value = "/home/" + global.user.value + "/" + global.deploy_dir.value;  // as TiUP does
    global.deploy_dir.value = cleaned(global.deploy_dir.value);
    check_lab(asked, out);
  }

  void read_global(const Fields& fields, const Text& key, const Node& node, Global& global) {
    const auto* param = fields.find(key.value);
    if (param == nullptr) {
      auto help = source::help_for_look_alikes(key.value);
      if (help.empty()) help = did_you_mean_help(fields.known_as(key.value));
      if (help.empty()) help = meanings_.help_in_global(key.value);
      if (help.empty()) help = did_you_mean_help(fields.meant_by(key.value));
      diagnostics_.error("T001", fmt::format("`{}` is not a key of `global`", key.value), key.span).help = std::move(help);
      return;
    }
    if (is_unset(*param, node)) return;
    const auto value = read_value(*param, node, library_.common, diagnostics_);
    if (!value.usable) return;
    if (!asks_for_nothing(*param, value)) instances_.leave_alone(key);
    global.other[key.value] = value.text;
    set_global(key.value, value.text, global);
  }

  static void set_global(const std::string& name, const Text& text, Global& global) {
    if (text.empty() && name != "lab") return;
    if (name == "lab" && text.span.known()) global.lab = text;
    if (name == "user") global.user = text;
    if (name == "ssh_type") global.ssh_type = text;
    if (name == "ssh_port") global.ssh_port = std::stoi(text.value);
    if (name == "deploy_dir") global.deploy_dir = text;
    if (name == "data_dir") global.data_dir = text;
    if (name == "log_dir") global.log_dir = text;
    if (name == "systemd_mode") global.systemd_mode = text;
  }

  void check_lab(const Asked& asked, Topology& out) {
    auto& text = out.global.lab;
    auto& lab = text.value;
    if (is_lab_name(lab)) return;
    if (!asked.lab_is_made && asked.lab.empty() && out.global.other.find("lab") == out.global.other.end()) {
      out.lab_note = fmt::format(
          "`{}`, the name of the file, cannot be the name of a lab: write one as `global.lab`, or use `--lab`, to bring it up", lab);
      lab = "lab";
      return;
    }
    diagnostics_.error("T017", fmt::format("`{}` cannot be the name of a lab", lab), text.span).help =
        "letters, digits, `-` and `_`, at most 63, beginning with a letter or digit; write it as `global.lab`";
  }

  // ---- sections

  void read_top_level(const Text& key, const Node& value, const Node& root, const Ordinals& ordinals, Topology& out) {
    if (key.value == "global") return;
    if (key.value == "archives") return read_archives(value, library_, out, diagnostics_);
    if (contains(top_level_keys(), key.value)) return components_.read(key, value);
    const auto* playbook = library_.find(key.value);
    if (playbook == nullptr) playbook = meant_section(key, value, root, out);
    if (playbook == nullptr || value.is_null()) return;
    if (!playbook->on_hosts_of.empty()) return;  // when it is known which hosts there are
    const bool address = value.is_scalar() && !playbook->hostless;
    if (address) instances_.refuse_text(*playbook, {&value});
    if (address || !yaml::read_sequence(value, "`" + key.value + "`", diagnostics_)) {
      out.unread.insert(playbook->section.value);
      return;
    }
    auto& list = playbook->provisioned ? out.instances : out.left_alone;
    const auto begin = list.size();
    const auto known = ordinals.find(playbook->section.value);
    instances_.read_list(*playbook, value, out.global.ssh_port, known == ordinals.end() ? std::vector<int>() : known->second, list);
    if (list.size() > begin)
      out.sections[playbook->section.value] = {!playbook->provisioned, begin, list.size() - begin};
    else if (!value.items.empty())
      out.unread.insert(playbook->section.value);
  }

  // The section that a misspelled key must mean: what stands in it is read as such, so that its own mistakes are told, too.
  const Playbook* meant_section(const Text& key, const Node& value, const Node& root, const Topology& out) {
    const auto misplaced = meanings_.help_at_top(key.value, value);
    const auto near = misplaced.empty() ? meanings_.sections(key.value) : std::vector<std::string>{};
    auto& d = diagnostics_.error("T001", fmt::format("there is no section `{}`", key.value), key.span);
    d.help = misplaced.empty() ? source::help_for_look_alikes(key.value) : misplaced;
    if (d.help.empty())
      d.help = near.empty() ? "each playbook brings its section; `tidelab playbooks` lists them" : did_you_mean_help(near);
    if (near.size() != 1 || root.find(near.front()) != nullptr || out.sections.contains(near.front())) return nullptr;
    return library_.find(near.front());
  }

  // ---- instances

  // One for each machine that has an instance of the sections that bring it; its own section is a mapping, and may be missing.
  void add_instances_of_hosts(const Node& root, Topology& out) {
    for (const auto& [section, playbook] : library_.by_section) {
      if (playbook.on_hosts_of.empty()) continue;
      Instance like;
      like.playbook = &playbook;
      like.section = section;
      const auto* node = root.find(section);
      if (node != nullptr && !node->is_null() && yaml::read_mapping(*node, "`" + section + "`", diagnostics_)) {
        like.span = node->entries.empty() ? node->span : node->entries.front().key.span;
        instances_.read_fields(*node, like);
      }
      number_machines(out);
      place_on_hosts(like, out);
    }
  }

  static void place_on_hosts(const Instance& like, Topology& out) {
    const auto& playbook = *like.playbook;
    std::map<int, const Instance*> hosts;
    std::set<int> without;
    for (const auto& section : playbook.on_hosts_of) {
      for (const auto* each : out.of(section.value)) {
        if (each->machine < 0) continue;
        hosts.try_emplace(each->machine, each);
        const auto* unless = each->find(playbook.unless.value);
        if (unless != nullptr && unless->text.value == "true") without.insert(each->machine);
      }
    }
    const auto begin = out.left_alone.size();
    std::vector<Instance> made;
    for (const auto& [machine, first] : hosts) {
      if (without.contains(machine)) continue;
      made.push_back(like);
      made.back().ordinal = static_cast<int>(made.size());
      made.back().host = first->host;
      made.back().manage_host = first->manage_host;
    }
    if (made.empty()) return;
    out.sections[like.section] = {true, begin, made.size()};
    std::move(made.begin(), made.end(), std::back_inserter(out.left_alone));
  }

  // ---- told at the end

  void check_asked(const Asked& asked) {
    std::vector<std::string> known;
    for (const auto& [section, playbook] : library_.by_section) known.push_back(playbook.component.value);
    for (const auto& [component, version] : asked.versions) {
      if (contains(known, component)) continue;
      diagnostics_.error("T001", fmt::format("`--version-of` names `{}`, and there is no such component", component), {}).help =
          did_you_mean_help(source::did_you_mean(component, known));
    }
  }
};

}  // namespace

Topology read_topology(const source::File& file, const playbook::Library& library, const Asked& asked, Diagnostics& diagnostics) {
  return Reader(library, diagnostics).read(file, asked);
}

}  // namespace tidelab::topology
