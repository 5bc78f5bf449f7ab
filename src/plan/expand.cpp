// A step of a playbook as an instance has it: lists and templates filled in, every text literal.
#include <algorithm>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "step/config_format.hpp"
#include "step/describe.hpp"
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

// Literal texts that came from the topology must not be looked into for `${` again: expansion happens once.
struct Expander {
  const topology::Scope& scope;
  void operator()(Text& text) const { text.value = scope.expand(text); }
};

Texts argv_of(const Action& action) {
  const auto* service = std::get_if<Service>(&action);
  return service == nullptr ? Texts{} : service->argv;
}

// What a host would take otherwise than whoever wrote it: a path from wherever a login begins, a mode that no look could find again.
struct HostTextCheck {
  source::Diagnostics& diagnostics;
  void operator()(std::string_view name, const Text& text, Use) const {
    constexpr std::string_view paths[] = {"path", "into", "cwd", "log", "creates"};
    if (text.empty()) return;
    if (std::find(std::begin(paths), std::end(paths), name) != std::end(paths) && !text.value.starts_with('/'))
      diagnostics.error("L007", fmt::format("`{}` is `{}`, which does not begin with `/`", name, text.value), text.span).help =
          "write it from the root on, as in `${deploy_dir}/conf`";
    if (name == "mode" && (text.value.size() < 3 || text.value.size() > 4 || text.value.find_first_not_of("01234567") != text.value.npos))
      diagnostics.error("L007", fmt::format("`mode` is `{}`, which is not three or four octal digits", text.value), text.span).help =
          "write it as in `mode: \"750\"`";
  }
  void operator()(std::string_view, const std::vector<step::Step>& steps, Use) const {
    for (const auto& each : steps) std::visit([&](const auto& word) { fields(word, *this); }, each.action);
  }
  template <class Other>
  void operator()(std::string_view, const Other&, Use) const {}
};

}  // namespace

Action Builder::config_as_file(const Config& config, std::size_t instance) {
  const auto text = render_config(config.format.value, settings_of(config, instance));
  if (!text) diagnostics_.error("L003", text.error().what, config.path.span);
  auto content = text.value_or("") + config.append.value;
  if (!config.append.empty() && !content.ends_with('\n')) content += '\n';
  return File{config.path, {std::move(content), config.path.span}, {}, {}};
}

step::Settings Builder::settings_of(const Config& config, std::size_t instance) const {
  return merge_settings(config.set, instances()[instance].config, config.format.value == "toml");
}

// What a service reads of the file, but for what is no reason to start it again.
Text Builder::counted_of(const Config& config, std::size_t instance) const {
  auto settings = settings_of(config, instance);
  std::erase_if(settings, [&](const step::Setting& each) {
    return std::find(config.no_restart.begin(), config.no_restart.end(), each.key) != config.no_restart.end();
  });
  return {render_config(config.format.value, settings).value_or("") + config.append.value, config.path.span};
}

void Builder::count_parts(step::Service& service, std::size_t instance, const topology::Scope& scope) {
  const auto& owner = instances()[instance];
  for (const auto& each : owner.playbook->install) {
    const auto* written = std::get_if<Config>(&each.action);
    if (written == nullptr || written->no_restart.empty() || !topology::applies(each.versions, owner, inputs_.topology)) continue;
    Action action = *written;
    fill(action, instance, scope);
    each_text(action, Expander{scope});
    const auto& config = std::get<Config>(action);
    if (std::find(service.inputs.begin(), service.inputs.end(), config.path) != service.inputs.end())
      service.compared.emplace_back(config.path, counted_of(config, instance));
  }
}

// What an `ask` stands for, in its place.
std::vector<step::Step> Builder::with_answers(const std::vector<step::Step>& steps, const topology::Scope& scope) {
  std::vector<step::Step> out;
  for (const auto& each : steps) {
    const auto* ask = std::get_if<Ask>(&each.action);
    if (ask == nullptr) {
      out.push_back(each);
      continue;
    }
    for (auto& made : words_of(*ask, scope)) {
      each_text(made.action, [](Text& text) { text = literal(std::move(text)); });
      out.push_back(std::move(made));
    }
  }
  return out;
}

// A question that has steps for other versions only would ask nothing.
void Builder::fill(std::string_view field, std::vector<step::Step>& steps, bool needed, std::size_t instance,
                   const topology::Scope& scope) {
  const auto written = steps.empty() ? source::Span{} : steps.front().origin;
  const auto& owner = instances()[instance];
  std::erase_if(steps, [&](const step::Step& each) { return !topology::applies(each.versions, owner, inputs_.topology); });
  steps = with_answers(steps, scope);
  for (auto& each : steps) fill(each.action, instance, scope);
  if (!needed || !steps.empty()) return;
  const auto what = fmt::format("nothing in `{}` applies to {} {}", field, owner.playbook->title.value, owner.version.value);
  diagnostics_.error("L008", what, written).help = "give it an alternative whose `versions` include this one";
}

namespace {

/// Steps within a word, whatever it calls them.
template <class Fill>
struct Nested {
  Fill fill;
  void operator()(std::string_view field, std::vector<step::Step>& steps, Use use) const { fill(field, steps, use); }
  template <class Other>
  void operator()(std::string_view, const Other&, Use) const {}
};
template <class Fill>
Nested(Fill) -> Nested<Fill>;

}  // namespace

void Builder::fill(Action& action, std::size_t instance, const topology::Scope& scope) {
  const auto inner = Nested{
      [&](std::string_view field, std::vector<step::Step>& steps, Use use) { fill(field, steps, use == Use::required, instance, scope); }};
  std::visit([&](auto& word) { fields(word, ListFiller{scope}), fields(word, inner); }, action);
  if (auto* config = std::get_if<Config>(&action))
    std::erase_if(config->set,
                  [&](const auto& each) { return !topology::applies(each.versions, instances()[instance], inputs_.topology); });
  auto* file = std::get_if<File>(&action);
  if (file == nullptr || file->from.empty()) return;
  const auto name = instances()[instance].playbook->folder + "/" + file->from.value;
  const auto found = inputs_.templates.find(name);
  if (found == inputs_.templates.end())
    diagnostics_.error("L001", fmt::format("there is no file `{}` beside the playbook", file->from.value), file->from.span);
  else
    file->content = {found->second->text, {found->second, 1, 1, 1}};
  file->from = {};
}

Action Builder::expand(const Action& action, std::size_t instance, const topology::Scope& scope) {
  if (const auto* ask = std::get_if<Ask>(&action)) {
    const auto words = words_of(*ask, scope);
    if (words.size() > 1)
      diagnostics_.error("L009", fmt::format("`{}` is several words, which have no room here", ask->what.value), ask->what.span);
    return words.empty() ? Action() : words.front().action;
  }
  auto out = action;
  fill(out, instance, scope);
  const auto errors = diagnostics_.errors();
  auto without_members = argv_of(out);
  each_text(out, Expander{scope});
  if (diagnostics_.errors() == errors) std::visit([&](const auto& word) { fields(word, HostTextCheck{diagnostics_}); }, out);
  if (const auto* config = std::get_if<Config>(&out)) out = config_as_file(*config, instance);
  if (auto* unpack = std::get_if<Unpack>(&out)) unpack->artifact.value = artifact_key(unpack->artifact, instance, scope);
  if (auto* place = std::get_if<Place>(&out)) place->artifact.value = artifact_key(place->artifact, instance, scope);
  if (auto* service = std::get_if<Service>(&out)) {
    if (inputs_.topology.count(instances()[instance].section) < 2) service->newcomer.clear(), service->joins.clear();
    for (auto& input : service->inputs)
      if (input.value.starts_with("artifact:"))
        input.value = "artifact:" + artifact_key({input.value.substr(9), input.span}, instance, scope);
    if (diagnostics_.errors() != errors) return out;  // told once is enough
    count_parts(*service, instance, scope);
    for (auto& each : without_members) {
      for (auto& member : scope.members_in(each)) service->members.push_back({std::move(member), each.span});
      each.value = scope.without_members().expand(each);
    }
    if (!std::equal(without_members.begin(), without_members.end(), service->argv.begin(), service->argv.end()))
      service->argv_without_members = std::move(without_members);
  }
  return out;
}

}  // namespace tidelab::plan
