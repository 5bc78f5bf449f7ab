#include "plan/builder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "step/config_format.hpp"
#include "step/describe.hpp"
#include "topology/hosts.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

using namespace step;

namespace {

// A value that is literal already, written so that the expansion of the action gives it back as it is.
Text literal(Text text) {
  for (auto at = text.value.find("${"); at != std::string::npos; at = text.value.find("${", at + 3)) text.value.insert(at, 1, '$');
  return text;
}

// Lists and maps that come whole from one param take the place of the element that names it.
struct ListFiller {
  const topology::Scope& scope;
  void operator()(std::string_view, Texts& list, Use) const {
    Texts out;
    for (auto& each : list) {
      const auto* whole = scope.whole_value(each);
      if (whole == nullptr)
        out.push_back(std::move(each));
      else
        std::transform(whole->list.begin(), whole->list.end(), std::back_inserter(out), literal);
    }
    list = std::move(out);
  }
  void operator()(std::string_view, Pairs& pairs, Use) const {
    Pairs out;
    for (auto& [key, value] : pairs) {
      const auto* whole = key.empty() ? scope.whole_value(value) : nullptr;
      if (whole == nullptr)
        out.emplace_back(std::move(key), std::move(value));
      else
        for (const auto& [name, text] : whole->map) out.emplace_back(literal(name), literal(text));
    }
    pairs = std::move(out);
  }
  void operator()(std::string_view name, Settings& settings, Use use) const {
    for (auto& each : settings)
      if (each.list) (*this)(name, each.values, use);
  }
  template <class Other>
  void operator()(std::string_view, Other&, Use) const {}
};

// A runtime may have an artifact for some versions and another one for the rest.
const playbook::Artifact* runtime_artifact(const playbook::Playbook& runtime, const std::string& version) {
  const auto wanted = playbook::parse_version(version);
  for (const auto& each : runtime.artifacts) {
    bool fits = wanted.has_value() || each.versions.empty();
    for (const auto& [section, text] : each.versions) {
      const auto range = playbook::Range::parse(text.value);
      fits = fits && range && range->holds(*wanted);
    }
    if (fits) return &each;
  }
  return &runtime.artifacts.back();
}

std::string kinds_of(const playbook::Artifact& artifact) {
  std::string out;
  for (const auto& each : artifact.sources) out += (out.empty() ? "it comes from " : ", ") + each.kind.value;
  return out;
}

// Literal texts that came from the topology must not be looked into for `${` again: expansion happens once.
struct Expander {
  const topology::Scope& scope;
  void operator()(Text& text) const { text.value = scope.expand(text); }
};

}  // namespace

Builder::Builder(const Inputs& inputs, std::string command, source::Diagnostics& diagnostics) : inputs_(inputs), diagnostics_(diagnostics) {
  plan.command = std::move(command);
  plan.lab = inputs.topology.global.lab.value;
  plan.topology = inputs.topology.file;
  if (const auto note = topology::left_alone_note(inputs.topology); !note.empty()) plan.notes.push_back(note);
  add_lanes();
  add_components();
  for (const auto& instance : instances())
    for (const auto& [name, value] : instance.values)
      if (value.type == playbook::Type::secret && !value.text.empty()) plan.secrets.push_back(value.text.value);
}

void Builder::add_lanes() {
  const auto& global = inputs_.topology.global;
  const auto state_dir = fmt::format("{}/.tidelab-{}", global.deploy_dir.value, global.lab.value);
  plan.lanes.push_back({"controller", 22, global.user.value, state_dir});
  std::map<std::pair<std::string, int>, int> known;
  for (const auto& instance : instances()) {
    if (instance.playbook->hostless) {
      lanes_.push_back(0);
      continue;
    }
    auto name = topology::same_host((instance.manage_host.empty() ? instance.host : instance.manage_host).value);
    const auto [found, fresh] = known.try_emplace({name, instance.ssh_port}, static_cast<int>(plan.lanes.size()));
    lanes_.push_back(found->second);
    if (fresh) plan.lanes.push_back({std::move(name), instance.ssh_port, global.user.value, state_dir});
  }
}

void Builder::add_components() {
  std::vector<std::string> asked = inputs_.nodes;
  for (std::size_t i = 0; i < instances().size(); ++i) {
    const auto& instance = instances()[i];
    const auto& playbook = *instance.playbook;
    const auto scope = scope_of(i);
    Component made;
    made.name = instance.name();
    made.section = instance.section;
    made.kind = playbook.component.value;
    made.title = playbook.title.value;
    made.version = instance.version.value;
    made.lane = lanes_[i];
    made.address = scope.expand(playbook.address);
    made.node = playbook.node.empty() ? made.address : scope.expand(playbook.node);
    if (made.node.empty()) made.node = made.name;
    made.dir = scope.expand(playbook.dir);
    made.log = scope.expand(playbook.log);
    if (const auto jre = instance.values.find("jre"); jre != instance.values.end()) made.jre = jre->second.text.value;
    for (const auto& [name, value] : instance.values)
      if (value.type == playbook::Type::port && !value.text.empty()) made.ports.push_back(std::stoi(value.text.value));
    made.host_needs = host_needs_of(i, scope);
    for (const auto* each : there(playbook.install, i)) {
      const auto* dir = std::get_if<Dir>(&each->action);
      if (dir != nullptr && !dir->holds.empty())
        (dir->holds.value == "data" ? made.data_dirs : made.log_dirs).push_back(scope.expand(dir->path));
    }
    made.span = instance.span;
    chosen_.push_back(means_any(plan, made, asked));
    plan.components.push_back(std::move(made));
  }
  for (const auto& each : asked) {
    const auto fits = [&](const Component& c) { return means(plan, c, each); };
    if (std::any_of(plan.components.begin(), plan.components.end(), fits)) continue;
    auto& d = diagnostics_.error("L006", fmt::format("the lab has no node `{}`", each), {});
    std::string known;
    for (const auto& c : plan.components) known += (known.empty() ? "" : ", ") + c.node;
    d.help = "nodes are " + known;
  }
}

topology::Scope Builder::scope_of(std::size_t instance) const {
  topology::Scope scope(inputs_.topology, &instances()[instance], diagnostics_);
  scope.set("state_dir", plan.lanes.front().state_dir);
  if (instance < plan.components.size()) scope.set("log", plan.components[instance].log);
  return scope;
}

int Builder::first_of(const std::string& section) const {
  const auto found = inputs_.topology.sections.find(section);
  const bool there = found != inputs_.topology.sections.end() && !found->second.left_alone && found->second.count > 0;
  return there ? static_cast<int>(found->second.begin) : -1;
}

std::vector<const step::Step*> Builder::there(const std::vector<step::Step>& steps, std::size_t instance) const {
  std::vector<const step::Step*> out;
  for (const auto& each : steps)
    if (topology::applies(each.versions, instances()[instance], inputs_.topology)) out.push_back(&each);
  return out;
}

std::string Builder::artifact_key(const source::Text& name, std::size_t instance, const topology::Scope& scope) {
  const auto* playbook = instances()[instance].playbook;
  const auto& own = playbook->artifacts;
  const auto found = std::find_if(own.begin(), own.end(), [&](const auto& a) {
    return a.name.value == name.value && topology::applies(a.versions, instances()[instance], inputs_.topology);
  });
  if (found == own.end()) {
    diagnostics_.error("L004", fmt::format("the playbook has no artifact `{}` for this version", name.value), name.span);
    return {};
  }
  const auto* provider = playbook;
  const auto* declared = &*found;
  if (!found->of.empty()) {
    const auto runtime = inputs_.library.runtimes.find(found->of.value);
    if (runtime == inputs_.library.runtimes.end() || runtime->second.artifacts.empty()) {
      diagnostics_.error("L004", fmt::format("there is no runtime `{}`", found->of.value), found->of.span);
      return {};
    }
    provider = &runtime->second;
    declared = runtime_artifact(*provider, scope.expand(found->version));
  }
  Artifact made;
  made.name = found->of.empty() ? declared->name.value : found->of.value;
  made.version = scope.expand(found->version.empty() ? source::Text{"${version}", found->name.span} : found->version);
  made.key = fmt::format("{} {}", made.name, made.version);
  auto& used = plan.components[instance].artifacts;
  if (std::find(used.begin(), used.end(), made.key) == used.end()) used.push_back(made.key);
  made.span = instances()[instance].span;
  if (std::any_of(plan.artifacts.begin(), plan.artifacts.end(), [&](const Artifact& a) { return a.key == made.key; })) return made.key;
  auto versioned = topology::Scope(inputs_.topology, &instances()[instance], diagnostics_);
  versioned.set("version", made.version);
  made.file_name = versioned.expand(declared->file);
  const bool files_wanted = inputs_.source_kind.empty() || inputs_.source_kind == "file";
  if (!inputs_.mirror.empty() && files_wanted)
    made.sources.push_back({"file", "", "", "", "", inputs_.mirror + "/" + made.file_name, "", "given by you"});
  for (const auto& source : declared->sources) {
    if (!inputs_.source_kind.empty() && source.kind.value != inputs_.source_kind) continue;
    ArtifactSource s;
    s.kind = source.kind.value;
    const auto where = versioned.expand(source.where);
    if (s.kind == "official")
      s.url = where;
    else if (s.kind == "maven")
      s.coordinate = where;
    else if (s.kind == "file")
      s.path = where;
    else
      s.script = provider->folder + "/" + where;
    s.checksum_url = versioned.expand(source.checksum_url);
    s.checksum = source.checksum.value;
    s.note = source.note.value;
    made.sources.push_back(std::move(s));
  }
  // A single file from a package registry is the only source some artifacts have; pinning cannot take it away.
  if (made.sources.empty() && !declared->sources.empty()) {
    for (const auto& source : declared->sources)
      if (source.kind.value == "maven" && inputs_.source_kind == "assembled")
        made.sources.push_back({"maven", "", "", "", versioned.expand(source.where), "", "", source.note.value});
  }
  if (made.sources.empty())
    diagnostics_.error("L005", fmt::format("{} has no source of the kind `{}`", made.key, inputs_.source_kind), instances()[instance].span)
        .help = kinds_of(*declared);
  plan.artifacts.push_back(std::move(made));
  return plan.artifacts.back().key;
}

Action Builder::config_as_file(const Config& config, std::size_t instance) {
  const auto merged = merge_settings(config.set, instances()[instance].config, config.format.value == "toml");
  const auto text = render_config(config.format.value, merged);
  if (!text) diagnostics_.error("L003", text.error().what, config.path.span);
  auto content = text.value_or("") + config.append.value;
  if (!config.append.empty() && !content.ends_with('\n')) content += '\n';
  return File{config.path, {std::move(content), config.path.span}, {}, {}};
}

void Builder::fill(Action& action, std::size_t instance, const topology::Scope& scope) {
  const auto nested = [&](std::vector<step::Step>& steps) {
    std::erase_if(steps,
                  [&](const step::Step& each) { return !topology::applies(each.versions, instances()[instance], inputs_.topology); });
    for (auto& each : steps) fill(each.action, instance, scope);
  };
  std::visit([&](auto& word) { fields(word, ListFiller{scope}); }, action);
  std::visit(overloaded{
                 [&](Wait& w) { nested(w.on); },
                 [&](Ensure& w) { nested(w.look), nested(w.act); },
                 [&](Refute& w) { nested(w.on); },
                 [&](Arm& w) { nested(w.prepare), nested(w.observe), nested(w.until), nested(w.finish); },
                 [&](File& w) {
                   if (w.from.empty()) return;
                   const auto name = instances()[instance].playbook->folder + "/" + w.from.value;
                   const auto found = inputs_.templates.find(name);
                   if (found == inputs_.templates.end())
                     diagnostics_.error("L001", fmt::format("there is no file `{}` beside the playbook", w.from.value), w.from.span);
                   else
                     w.content = {found->second->text, {found->second, 1, 1, 1}};
                   w.from = {};
                 },
                 [](auto&) {},
             },
             action);
}

Action Builder::expand(const Action& action, std::size_t instance, const topology::Scope& scope) {
  auto out = action;
  fill(out, instance, scope);
  each_text(out, Expander{scope});
  if (const auto* config = std::get_if<Config>(&out)) out = config_as_file(*config, instance);
  if (auto* unpack = std::get_if<Unpack>(&out)) unpack->artifact.value = artifact_key(unpack->artifact, instance, scope);
  if (auto* place = std::get_if<Place>(&out)) place->artifact.value = artifact_key(place->artifact, instance, scope);
  if (auto* service = std::get_if<Service>(&out)) {
    for (auto& input : service->inputs)
      if (input.value.starts_with("artifact:"))
        input.value = "artifact:" + artifact_key({input.value.substr(9), input.span}, instance, scope);
  }
  return out;
}

int Builder::lane_for(const step::Step& from, std::size_t instance) const {
  if (from.on.empty()) return lanes_[instance];
  if (const auto found = first_of(from.on.value); found >= 0) return lanes_[static_cast<std::size_t>(found)];
  diagnostics_.error("L006", fmt::format("`on: {}` names a section that the topology does not have", from.on.value), from.on.span);
  return 0;
}

int Builder::add(const step::Step& from, Action action, std::size_t instance, const topology::Scope& scope, std::vector<Need> needs) {
  plan::Step made;
  made.id = static_cast<int>(plan.steps.size());
  made.title = from.title.empty() ? render_action(action) : scope.expand(from.title);
  made.within = default_within(action);
  made.action = std::move(action);
  made.lane = lane_for(from, instance);
  made.component = static_cast<int>(instance);
  made.needs = std::move(needs);
  made.origin = from.origin;
  made.scope = plan.components[instance].name;
  plan.steps.push_back(std::move(made));
  return plan.steps.back().id;
}

std::vector<std::string> Builder::needed_by(std::size_t instance) const {
  std::vector<std::string> out;
  for (const auto& section : instances()[instance].playbook->needs) {
    const auto found = inputs_.topology.sections.find(section.value);
    if (found != inputs_.topology.sections.end() && !found->second.left_alone) out.push_back(section.value);
  }
  return out;
}

int Builder::gate(const std::string& title, const std::function<std::vector<int>()>& steps) {
  const auto [found, fresh] = gates_.try_emplace(title, static_cast<int>(plan.gates.size()));
  if (fresh) {
    auto& made = plan.gates.emplace_back(Gate{title, steps()});
    std::sort(made.steps.begin(), made.steps.end());
  }
  return found->second;
}

int Builder::gate_of(const std::string& section, const std::vector<std::vector<int>>& steps_of) {
  return gate("all of " + section, [&] {
    std::vector<int> out;
    const auto& members = inputs_.topology.sections.at(section);
    for (auto i = members.begin; i < members.begin + members.count; ++i) out.insert(out.end(), steps_of[i].begin(), steps_of[i].end());
    return out;
  });
}

void Builder::pass_on(const std::vector<GateNeed>& gates, std::vector<int>& ready) const {
  for (const auto& need : gates) {
    const auto& others = plan.gates[static_cast<std::size_t>(need.gate)].steps;
    ready.insert(ready.end(), others.begin(), others.end());
  }
}

// All instances of a section need the same, so that whole sections come after each other.
std::vector<std::size_t> Builder::in_order() const {
  enum class State { fresh, under_way, done };
  std::vector<std::size_t> out;
  std::map<std::string, State> state;
  const std::function<void(const std::string&)> visit = [&](const std::string& name) {
    const auto& section = inputs_.topology.sections.at(name);
    if (state[name] == State::done || section.count == 0) return;
    if (state[name] == State::under_way) {
      diagnostics_.error("L002", fmt::format("`{}` needs itself, through others", name), instances()[section.begin].playbook->span);
      return;
    }
    state[name] = State::under_way;
    for (const auto& other : needed_by(section.begin)) visit(other);
    state[name] = State::done;
    for (std::size_t i = 0; i < section.count; ++i) out.push_back(section.begin + i);
  };
  for (const auto& instance : instances()) visit(instance.section);
  return out;
}

std::vector<std::string> Builder::services_of(std::size_t instance) {
  std::vector<std::string> out;
  const auto scope = scope_of(instance);
  for (const auto* each : there(instances()[instance].playbook->start, instance))
    if (const auto* service = std::get_if<Service>(&each->action)) out.push_back(scope.expand(service->name));
  return out;
}

}  // namespace tidelab::plan
