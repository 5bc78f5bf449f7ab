// What a step unpacks or places: the archive that this instance's version takes, and where it comes from.
#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "plan/builder.hpp"
#include "playbook/version.hpp"
#include "step/url.hpp"
#include "topology/rules.hpp"

namespace tidelab::plan {

using step::is_url;

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

std::string kinds_of(const playbook::Artifact& artifact, const std::string& arch_here) {
  std::string out;
  for (const auto& each : artifact.sources) {
    out += (out.empty() ? "it comes from " : ", ") + each.kind.value;
    if (each.native) out += fmt::format(" (on this machine for {})", arch_here);
  }
  return out;
}

/// What a person means by a kind: from the project itself, however it is found there; a file of theirs, wherever it lies.
bool is_meant(const std::string& kind, const std::string& asked) {
  return asked.empty() || kind == asked || (asked == "official" && (kind == "tiup" || kind == "index")) ||
         (asked == "file" && kind == "url");
}

std::string last_part(const std::string& url) {
  const auto path = url.substr(0, url.find_first_of("?#"));
  return path.substr(path.rfind('/') + 1);
}

/// GROUP:ARTIFACT:VERSION[:PACKAGING[:CLASSIFIER]] as a repository lays it out; empty for anything else.
std::string maven_path(const std::string& coordinate) {
  std::vector<std::string> part{""};
  for (const char c : coordinate) {
    if (c == ':')
      part.emplace_back();
    else
      part.back() += c;
  }
  if (part.size() < 3) return {};
  const auto file = fmt::format("{}-{}{}.{}", part[1], part[2], part.size() > 4 ? "-" + part[4] : "", part.size() > 3 ? part[3] : "jar");
  std::replace(part[0].begin(), part[0].end(), '.', '/');
  return fmt::format("{}/{}/{}/{}", part[0], part[1], part[2], file);
}

/// The last number that is written of a version, counted one on: 11 → 12, 11.0.13 → 11.0.14.
std::string version_after(const std::string& version) {
  const auto end = version.find_last_of("0123456789");
  if (end == version.npos) return version;
  const auto before = version.find_last_not_of("0123456789", end);
  const auto from = before == version.npos ? 0 : before + 1;
  long number = 0;
  std::from_chars(version.data() + from, version.data() + end + 1, number);
  return fmt::format("{}{}", version.substr(0, from), number + 1);
}

/// Everything that one artifact's sources are made from.
struct Sources {
  const Inputs& inputs;
  const playbook::Playbook& provider;
  const playbook::Artifact& declared;
  topology::Scope scope;  ///< with `version`, `version_after` and `next_line`
  const std::string& arch;
  const std::string& file_name;

  std::optional<ArtifactSource> made(const playbook::Source& source);
  ArtifactSource made_tiup(const playbook::Source& source, const std::string& component, const std::string& place);
  std::optional<ArtifactSource> made_of_repository(const playbook::Source& source);
  std::vector<ArtifactSource> from_mirror();
  std::vector<std::string> names();
};

/// Of a TiUP mirror. Whose keys speak for it is known of those that the playbooks name, whoever names them now; of any other nobody has
/// said.
ArtifactSource Sources::made_tiup(const playbook::Source& source, const std::string& component, const std::string& place) {
  ArtifactSource out;
  out.component = component;
  out.platform = scope.expand({"${platform}", source.kind.span});
  const auto& mirrors = inputs.library.common.mirrors;
  const auto named = mirrors.find(source.mirror.value);
  out.mirror = !place.empty() ? place : named == mirrors.end() ? source.mirror.value : named->second.url.value;
  while (out.mirror.size() > 1 && out.mirror.back() == '/') out.mirror.pop_back();
  for (const auto& [name, known] : mirrors) {
    if (known.url.value != out.mirror) continue;
    out.root = known.root.value;
    out.threshold = known.threshold.value;
    for (const auto& key : known.keys) out.keys.push_back(key.value);
  }
  return out;
}

/// nullopt: it has nothing for this platform.
std::optional<ArtifactSource> Sources::made(const playbook::Source& source) {
  if (source.native && arch != inputs.arch_here) return std::nullopt;
  const auto platform = source.platforms.find(arch);
  if (!source.platforms.empty() && platform == source.platforms.end()) return std::nullopt;
  scope.set("platform", source.platforms.empty() ? arch : platform->second.value);
  if (provider.section.empty())  // what a runtime calls by name is not known to the component that asks for it
    for (const auto& let : provider.lets) scope.set(let.name.value, scope.expand(let.fallback));
  std::vector<std::string> where;
  for (const auto& each : source.where) where.push_back(scope.expand(each));
  const auto& kind = source.kind.value;
  ArtifactSource out;
  if (kind == "tiup") out = made_tiup(source, where.front(), inputs.tiup_mirror);
  if (kind == "official") out.urls = where;
  if (kind == "file") out.paths = where;
  if (kind == "index") out.index = where.front(), out.near = scope.expand(source.near);
  if (kind == "maven") out.coordinate = where.front();
  if (kind == "assembled") out.script = provider.folder + "/" + where.front();
  out.kind = kind;
  out.checksum_url = scope.expand(source.checksum_url);
  out.checksum = scope.expand(source.checksum);
  out.note = source.note.value;
  for (const auto& [name, pointer] : source.at) out.at[name] = pointer.value;
  return out;
}

/// A file of a Maven repository without Maven's client, which not every machine has.
std::optional<ArtifactSource> Sources::made_of_repository(const playbook::Source& source) {
  const auto direct = source.repository.empty() ? std::nullopt : made(source);
  const auto path = direct ? maven_path(direct->coordinate) : std::string();
  if (path.empty()) return std::nullopt;
  ArtifactSource out;
  out.kind = "official";
  out.urls = {scope.expand(source.repository) + "/" + path};
  out.checksum_url = out.urls.front() + ".sha1";
  out.note = source.note.value;
  return out;
}

/// What it may be called in a directory of archives: as here, and as whoever publishes it calls it.
std::vector<std::string> Sources::names() {
  std::vector<std::string> out{file_name};
  for (const auto& each : declared.sources) {
    const auto source = made(each);
    if (!source) continue;
    for (const auto& url : source->urls) out.push_back(last_part(url));
    if (!source->coordinate.empty()) out.push_back(last_part(maven_path(source->coordinate)));
  }
  std::vector<std::string> unique;
  for (const auto& each : out)
    if (!each.empty() && std::find(unique.begin(), unique.end(), each) == unique.end()) unique.push_back(each);
  return unique;
}

/// From a place of the user's own, before all others: by the documents of a TiUP mirror, where it has them, else by name.
std::vector<ArtifactSource> Sources::from_mirror() {
  std::vector<ArtifactSource> out;
  for (const auto& each : declared.sources) {
    if (each.kind.value != "tiup") continue;
    const auto found = made(each);
    if (!found) continue;
    auto source = made_tiup(each, found->component, inputs.mirror);
    source.kind = "tiup";
    source.note = "given by you";
    out.push_back(std::move(source));
  }
  ArtifactSource by_name;
  by_name.note = "given by you";
  by_name.kind = is_url(inputs.mirror) ? "url" : "file";
  for (const auto& name : names()) {
    const auto place = inputs.mirror + "/" + name;
    if (!is_url(inputs.mirror)) {
      by_name.paths.push_back(place);
      continue;
    }
    by_name.urls = {place};
    by_name.checksum_url = place + ".sha256";
    by_name.may_be_unverified = true;
    out.push_back(by_name);
  }
  if (!by_name.paths.empty()) out.push_back(std::move(by_name));
  return out;
}

/// The topology's own word about an archive, which is the only one then.
std::optional<ArtifactSource> named_by_author(const topology::Topology& topology, const Artifact& artifact) {
  for (const auto& name : {artifact.key, artifact.name + " " + artifact.version, artifact.name}) {
    const auto found = topology.archives.find(name);
    if (found == topology.archives.end() || found->second.url.empty()) continue;
    ArtifactSource out;
    const auto& place = found->second.url.value;
    out.kind = is_url(place) ? "url" : "file";
    (is_url(place) ? out.urls : out.paths).push_back(place);
    out.checksum = "sha256:" + found->second.sha256.value;
    out.note = "named by the topology";
    return out;
  }
  return std::nullopt;
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
  return keep_artifact(std::move(made), *provider, *declared, instance);
}

std::string Builder::keep_artifact(Artifact made, const playbook::Playbook& provider, const playbook::Artifact& declared,
                                   std::size_t instance) {
  const auto arch = inputs_.topology.arch_of(instances()[instance]);
  const bool by_platform =
      std::any_of(declared.sources.begin(), declared.sources.end(), [](const auto& s) { return !s.platforms.empty(); });
  made.key = fmt::format("{} {}{}", made.name, made.version, by_platform && arch != "amd64" ? " " + arch : "");
  auto& used = plan.components[instance].artifacts;
  if (std::find(used.begin(), used.end(), made.key) == used.end()) used.push_back(made.key);
  made.span = instances()[instance].span;
  if (std::any_of(plan.artifacts.begin(), plan.artifacts.end(), [&](const Artifact& a) { return a.key == made.key; })) return made.key;

  auto versioned = topology::Scope(inputs_.topology, &instances()[instance], diagnostics_);
  versioned.set("version", made.version);
  versioned.set("version_after", version_after(made.version));
  versioned.set("next_line", version_after(made.version.substr(0, made.version.find('.'))));
  made.file_name = versioned.expand(declared.file);
  if (auto named = named_by_author(inputs_.topology, made)) {
    made.sources.push_back(std::move(*named));
    plan.artifacts.push_back(std::move(made));
    return plan.artifacts.back().key;
  }
  Sources sources{inputs_, provider, declared, versioned, arch, made.file_name};
  if (!inputs_.mirror.empty())
    for (auto& one : sources.from_mirror())
      if (is_meant(one.kind, inputs_.source_kind) && inputs_.source_kind != "official") made.sources.push_back(std::move(one));
  for (const auto& source : declared.sources) {
    if (is_meant(source.kind.value, inputs_.source_kind))
      if (auto one = sources.made(source)) made.sources.push_back(std::move(*one));
    if (is_meant("official", inputs_.source_kind))
      if (auto one = sources.made_of_repository(source)) made.sources.push_back(std::move(*one));
  }
  // A single file from a package registry is the only source some artifacts have; pinning cannot take it away.
  if (made.sources.empty() && inputs_.source_kind == "assembled")
    for (const auto& source : declared.sources)
      if (source.kind.value == "maven")
        if (auto one = sources.made(source)) made.sources.push_back(std::move(*one));
  if (made.sources.empty() && !declared.sources.empty()) {
    const auto what = by_platform && arch != "amd64" ? " for " + arch : std::string();
    const auto kind = inputs_.source_kind.empty() ? std::string() : fmt::format(" of the kind `{}`", inputs_.source_kind);
    diagnostics_.error("L005", fmt::format("{} {} has no source{}{}", made.name, made.version, kind, what), made.span).help =
        kinds_of(declared, inputs_.arch_here);
  }
  plan.artifacts.push_back(std::move(made));
  return plan.artifacts.back().key;
}

}  // namespace tidelab::plan
