// What a step unpacks or places: the archive that this instance's version takes, and where it comes from.
#include <algorithm>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "playbook/version.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

namespace {

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

}  // namespace

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

}  // namespace tidelab::plan
