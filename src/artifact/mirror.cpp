#include "artifact/mirror.hpp"

#include <unistd.h>
#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "artifact/cache.hpp"
#include "artifact/download.hpp"
#include "disk/read_text.hpp"
#include "step/url.hpp"

namespace tidelab::artifact {

using nlohmann::json;
using step::is_url;

namespace {

constexpr std::size_t most_of_a_timestamp = 1024;  // as TiUP
constexpr std::size_t most_of_a_root = 512 << 10;
constexpr std::size_t most_of_a_manifest = 16 << 20;  // whatever a snapshot says: the real ones have 200 KB
constexpr int most_roots = 100;                       // of one chain: one is made a year

}  // namespace

/// One question to a mirror, with what may end it. Everything that it learns is left in the mirror.
class Mirror::Session {
public:
  Session(Mirror& mirror, const Control& control, Unreachable& unreachable)
      : mirror_(mirror), control_(control), unreachable_(unreachable), now_(std::time(nullptr)) {}

  Got<Release> find(const std::string& component, const std::string& version, const std::string& platform);

private:
  enum class Careful { no, past_caches };

  // What is there. nullopt: no such file.
  Got<std::optional<std::string>> ask(const std::string& name, std::size_t most, Careful careful = Careful::no);
  Got<std::optional<std::string>> download(const std::string& name, std::size_t most, Careful careful);
  Got<std::string> must_have(const std::string& name, std::size_t most, Careful careful = Careful::no);
  std::optional<Manifest> kept(const std::string& name, const std::string& type) const;
  Got<void> keep(const std::string& name, const Manifest& manifest);

  // Steps of the chain, each of which relies on the one before.
  Got<void> know_root();
  Got<Manifest> first_root();
  Got<void> follow_roots();
  Got<void> know_snapshot();
  Got<void> read_snapshot(Careful careful);
  Got<void> no_older(const Manifest& snapshot);
  Got<void> know_index();
  Got<const Manifest*> component(const std::string& name);

  Got<Manifest> accept(const std::string& name, const std::string& text, const std::string& type, const Role& role) const;
  Got<Role> role_of(const std::string& name) const;
  Got<Manifest> listed(const std::string& name, const std::string& type, const Role& role);
  long long listed_version(const std::string& name) const {
    return count_at(object_at(object_at(mirror_.snapshot_->body, "meta"), "/" + name + ".json"), "version");
  }
  Failure not_trusted(const std::string& name, const std::string& why) const;
  std::string shown(const std::string& name) const { return mirror_.place_ + "/" + name; }

  Mirror& mirror_;
  const Control& control_;
  Unreachable& unreachable_;
  const std::time_t now_;
};

Failure Mirror::Session::not_trusted(const std::string& name, const std::string& why) const {
  Failure failure{Why::failed, fmt::format("{} is not trusted: {}", shown(name), why)};
  failure.help =
      fmt::format("somebody changed the mirror, or it is another one than before; what was trusted of it is in {}", mirror_.kept_);
  return failure;
}

// ---- what is there ---------------------------------------------------------------------------------------------------------------------

Got<std::optional<std::string>> Mirror::Session::download(const std::string& name, std::size_t most, Careful careful) {
  std::map<std::string, std::string> headers;
  if (careful == Careful::past_caches) headers["Cache-Control"] = "no-cache";
  const auto got = get_document(shown(name), headers, most, control_, unreachable_);
  if (!got) return tl::unexpected<Refusal>(got.error());
  if (got->too_large) return end_search(not_trusted(name, fmt::format("it is larger than the {} bytes that it may have", most)));
  if (got->status == 404) return std::optional<std::string>{};
  if (got->status != 200) return refuse(Why::failed, fmt::format("{} answered {}", shown(name), got->status));
  return std::optional(got->text);
}

Got<std::optional<std::string>> Mirror::Session::ask(const std::string& name, std::size_t most, Careful careful) {
  if (is_url(mirror_.place_)) return download(name, most, careful);
  const auto text = disk::read_text(shown(name), most);
  if (text) return std::optional(*text);
  if (text.error().kind == disk::Kind::missing) return std::optional<std::string>{};
  return refuse(Why::failed, text.error().what);
}

Got<std::string> Mirror::Session::must_have(const std::string& name, std::size_t most, Careful careful) {
  auto text = ask(name, most, careful);
  if (!text) return tl::unexpected<Refusal>(text.error());
  if (!*text) return refuse(Why::failed, fmt::format("{} is not there", shown(name)));
  return **text;
}

/// What was verified and kept by an earlier run. A file that cannot be read counts as one that is not there, except for the root.
std::optional<Manifest> Mirror::Session::kept(const std::string& name, const std::string& type) const {
  const auto text = disk::read_text(mirror_.kept_ + "/" + name + ".json", most_of_a_manifest);
  auto manifest = text ? read_manifest(*text, type) : Read<Manifest>(tl::unexpected<std::string>(""));
  if (!manifest) return std::nullopt;
  return std::move(*manifest);
}

Got<void> Mirror::Session::keep(const std::string& name, const Manifest& manifest) {
  const auto path = mirror_.kept_ + "/" + name + ".json", temporary = path + ".new";
  if (const auto there = disk::read_text(path, most_of_a_manifest); there && *there == manifest.text) return {};
  int error = write_whole(temporary, manifest.text);
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(temporary.c_str());
  return refuse_write(path, error);
}

// ---- the chain -------------------------------------------------------------------------------------------------------------------------

/// A document of the right type with enough good signatures. A forged one ends the search: nobody else shall hide it.
Got<Manifest> Mirror::Session::accept(const std::string& name, const std::string& text, const std::string& type, const Role& role) const {
  auto manifest = read_manifest(text, type);
  if (!manifest) return end_search(not_trusted(name, manifest.error()));
  if (const auto good = check_signatures(*manifest, role); !good) return end_search(not_trusted(name, good.error()));
  return std::move(*manifest);
}

Got<Role> Mirror::Session::role_of(const std::string& name) const {
  auto role = read_role(object_at(object_at(mirror_.root_->body, "roles"), name));
  if (!role) return end_search(not_trusted("root.json", role.error()));
  return *role;
}

/// The pinned one where the mirror still serves it, or any that the pinned keys have signed; else what is there now.
Got<Manifest> Mirror::Session::first_root() {
  const auto pinned = fmt::format("{}.root.json", mirror_.pin_.version);
  auto name = mirror_.pin_.keys.empty() ? std::string("root.json") : pinned;
  auto text = ask(name, most_of_a_root);
  if (text && !*text && name == pinned) text = ask(name = "root.json", most_of_a_root);
  if (!text) return tl::unexpected<Refusal>(text.error());
  if (!*text) return refuse(Why::failed, fmt::format("{} is no mirror of TiUP: {} is not there", mirror_.place_, shown(name)));
  const auto read = read_manifest(**text, "root");
  if (!read) return end_search(not_trusted(name, read.error()));
  auto role = read_role(object_at(object_at(read->body, "roles"), "root"));
  if (!role) return end_search(not_trusted(name, role.error()));
  auto root = accept(name, **text, "root", *role);
  if (!root || mirror_.pin_.keys.empty()) return root;
  std::erase_if(role->keys, [&](const auto& key) { return mirror_.pin_.keys.count(key.first) == 0; });
  role->threshold = mirror_.pin_.threshold;
  if (const auto good = check_signatures(*read, *role); !good)
    return end_search(not_trusted(name, "it was not signed by the keys that are known of this mirror: " + good.error()));
  return root;
}

Got<void> Mirror::Session::know_root() {
  if (mirror_.root_) return {};
  auto root = kept("root", "root");
  if (!root && ::access((mirror_.kept_ + "/root.json").c_str(), F_OK) == 0) {
    Failure damaged{Why::failed, mirror_.kept_ + "/root.json is damaged, so it is not known whom to trust"};
    damaged.help = fmt::format("remove {}: the next run then begins anew with {}", mirror_.kept_, mirror_.place_);
    return end_search(std::move(damaged));
  }
  if (root) {
    mirror_.root_ = std::move(root);
    return {};
  }
  auto first = first_root();
  if (!first) return tl::unexpected<Refusal>(first.error());
  mirror_.root_ = std::move(*first);
  if (mirror_.pin_.keys.empty())
    control_.say(fmt::format("{}: nothing is known of this mirror yet, so its root (version {}) is trusted from now on", mirror_.place_,
                             mirror_.root_->version));
  return follow_roots();
}

/// Each root is signed by the keys of the one before and by its own.
Got<void> Mirror::Session::follow_roots() {
  for (int count = 0; count < most_roots; ++count) {
    const auto name = fmt::format("{}.root.json", mirror_.root_->version + 1);
    const auto text = ask(name, most_of_a_root);
    if (!text) return tl::unexpected<Refusal>(text.error());
    if (!*text) break;
    const auto before = role_of("root");
    if (!before) return tl::unexpected<Refusal>(before.error());
    auto next = accept(name, **text, "root", *before);
    if (!next) return tl::unexpected<Refusal>(next.error());
    const auto own = read_role(object_at(object_at(next->body, "roles"), "root"));
    if (!own) return end_search(not_trusted(name, own.error()));
    if (const auto good = check_signatures(*next, *own); !good) return end_search(not_trusted(name, good.error()));
    if (next->version != mirror_.root_->version + 1)
      return end_search(not_trusted(name, fmt::format("it says that it is version {}", next->version)));
    if (next->expires < mirror_.root_->expires) return end_search(not_trusted(name, "it expires before the one that it replaces"));
    mirror_.root_ = std::move(*next);
  }
  return {};
}

/// Under the root that is known; if that does not hold (or is over), under the newest root that leads from it.
Got<void> Mirror::Session::know_snapshot() {
  if (mirror_.snapshot_) return {};
  if (auto known = know_root(); !known) return known;
  const auto fresh = [&] { return mirror_.root_->expires > now_; };
  auto read = fresh() ? read_snapshot(Careful::no) : Got<void>(refuse(Why::failed, ""));
  const bool newer_root = mirror_.snapshot_ && listed_version("root") != mirror_.root_->version;
  if (!read || newer_root) {
    mirror_.snapshot_.reset();
    if (auto followed = follow_roots(); !followed) return followed;
    if (!fresh())
      return refuse(Why::failed, fmt::format("the root of {} (version {}) expired on {}", mirror_.place_, mirror_.root_->version,
                                             render_time(mirror_.root_->expires)));
    read = read_snapshot(Careful::past_caches);  // a content network may have given documents of two moments
  }
  if (!read) return read;
  return keep("root", *mirror_.root_);
}

Got<void> Mirror::Session::read_snapshot(Careful careful) {
  const auto stamped = role_of("timestamp"), shot = role_of("snapshot");
  if (!stamped) return tl::unexpected<Refusal>(stamped.error());
  if (!shot) return tl::unexpected<Refusal>(shot.error());
  const auto text = must_have("timestamp.json", most_of_a_timestamp, careful);
  if (!text) return tl::unexpected<Refusal>(text.error());
  const auto timestamp = accept("timestamp.json", *text, "timestamp", *stamped);
  if (!timestamp) return tl::unexpected<Refusal>(timestamp.error());
  const auto expired = [&](const std::string& name, const Manifest& manifest) {
    return refuse(Why::failed, fmt::format("{} expired on {}", shown(name), render_time(manifest.expires)));
  };
  if (timestamp->expires <= now_) return expired("timestamp.json", *timestamp);
  if (const auto before = kept("timestamp", "timestamp"); before && before->version > timestamp->version)
    return end_search(not_trusted("timestamp.json",
                                  fmt::format("it is version {}, and version {} was there before", timestamp->version, before->version)));

  const auto& meta = object_at(object_at(timestamp->body, "meta"), "/snapshot.json");
  const auto sha256 = text_at(object_at(meta, "hashes"), "sha256");
  const auto length = count_at(meta, "length");
  if (sha256.empty() || length < 0) return end_search(not_trusted("timestamp.json", "it does not say which snapshot belongs to it"));
  auto snapshot_text = Got<std::string>(disk::read_text(mirror_.kept_ + "/snapshot.json", most_of_a_manifest).value_or(""));
  if (sha256_text(*snapshot_text) != sha256)
    snapshot_text = must_have("snapshot.json", std::min(static_cast<std::size_t>(length), most_of_a_manifest), careful);
  if (!snapshot_text) return tl::unexpected<Refusal>(snapshot_text.error());
  if (sha256_text(*snapshot_text) != sha256) return end_search(not_trusted("snapshot.json", "it is not the one that timestamp.json names"));
  auto snapshot = accept("snapshot.json", *snapshot_text, "snapshot", *shot);
  if (!snapshot) return tl::unexpected<Refusal>(snapshot.error());
  if (snapshot->expires <= now_) return expired("snapshot.json", *snapshot);
  if (auto good = no_older(*snapshot); !good) return good;
  mirror_.snapshot_ = std::move(*snapshot);
  if (auto done = keep("timestamp", *timestamp); !done) return done;
  return keep("snapshot", *mirror_.snapshot_);
}

/// What the snapshot of an earlier run had listed is still there, and none of it is older.
Got<void> Mirror::Session::no_older(const Manifest& snapshot) {
  const auto before = kept("snapshot", "snapshot");
  if (!before) return {};
  for (const auto& [name, meta] : object_at(before->body, "meta").items()) {
    const auto was = count_at(meta, "version"), is = count_at(object_at(object_at(snapshot.body, "meta"), name), "version");
    if (is < was && (is >= 0 || name == "/root.json" || name == "/index.json"))
      return end_search(not_trusted("snapshot.json", fmt::format("it lists {} of version {}, and version {} was there before",
                                                                 name.substr(1), std::max(is, 0LL), was)));
  }
  return {};
}

/// A document that the snapshot lists, from what was kept or from the mirror.
Got<Manifest> Mirror::Session::listed(const std::string& name, const std::string& type, const Role& role) {
  const auto& meta = object_at(object_at(mirror_.snapshot_->body, "meta"), "/" + name + ".json");
  const auto version = count_at(meta, "version"), length = count_at(meta, "length");
  if (version < 0 || length < 0)
    return end_search(not_trusted("snapshot.json", fmt::format("it does not say which {}.json belongs to it", name)));
  auto have = kept(name, type);
  if (have && have->version > version)
    return end_search(not_trusted(fmt::format("{}.{}.json", version, name), fmt::format("version {} was there before", have->version)));
  if (have && have->version == version && have->expires > now_ && check_signatures(*have, role)) return std::move(*have);
  const auto file = fmt::format("{}.{}.json", version, name);
  const auto text = must_have(file, std::min(static_cast<std::size_t>(length), most_of_a_manifest));
  if (!text) return tl::unexpected<Refusal>(text.error());
  auto manifest = accept(file, *text, type, role);
  if (!manifest) return manifest;
  if (manifest->version != version) return end_search(not_trusted(file, fmt::format("it says that it is version {}", manifest->version)));
  if (manifest->expires <= now_) return refuse(Why::failed, fmt::format("{} expired on {}", shown(file), render_time(manifest->expires)));
  if (auto done = keep(name, *manifest); !done) return tl::unexpected<Refusal>(done.error());
  return manifest;
}

Got<void> Mirror::Session::know_index() {
  if (mirror_.index_) return {};
  const auto role = role_of("index");
  if (!role) return tl::unexpected<Refusal>(role.error());
  auto index = listed("index", "index", *role);
  if (!index) return tl::unexpected<Refusal>(index.error());
  mirror_.index_ = std::move(*index);
  return {};
}

Got<const Manifest*> Mirror::Session::component(const std::string& name) {
  if (const auto known = mirror_.components_.find(name); known != mirror_.components_.end()) return &known->second;
  const auto& all = object_at(mirror_.index_->body, "components");
  const auto& entry = object_at(all, name);
  if (entry.empty()) return refuse(Why::failed, fmt::format("{} has no component `{}`", mirror_.place_, name), "it has " + names_in(all));
  if (entry.value("yanked", json()) == json(true)) return refuse(Why::failed, fmt::format("{} has withdrawn `{}`", mirror_.place_, name));
  const auto owner = read_role(object_at(object_at(mirror_.index_->body, "owners"), text_at(entry, "owner")));
  if (!owner) return end_search(not_trusted("index.json", fmt::format("the owner of `{}`: {}", name, owner.error())));
  auto manifest = listed(name, "component", *owner);
  if (!manifest) return tl::unexpected<Refusal>(manifest.error());
  if (text_at(manifest->body, "id") != name)
    return end_search(not_trusted(name + ".json", fmt::format("it is about `{}`", text_at(manifest->body, "id"))));
  return &mirror_.components_.emplace(name, std::move(*manifest)).first->second;
}

Got<Release> Mirror::Session::find(const std::string& component_name, const std::string& version, const std::string& platform) {
  if (auto made = make_dirs(mirror_.kept_); !made) return tl::unexpected<Refusal>(made.error());
  const auto lock =
      Lock::open_lock(mirror_.kept_ + "/.lock", fmt::format("waiting for another run that asks {}", mirror_.place_), control_);
  if (!lock) return tl::unexpected<Refusal>(lock.error());
  if (auto known = know_snapshot(); !known) return tl::unexpected<Refusal>(known.error());
  if (auto known = know_index(); !known) return tl::unexpected<Refusal>(known.error());
  const auto manifest = component(component_name);
  if (!manifest) return tl::unexpected<Refusal>(manifest.error());
  auto release = pick_release(**manifest, mirror_.place_, version, platform);
  if (release)
    release->verified_by +=
        fmt::format(", root {}{}", mirror_.root_->version, mirror_.pin_.keys.empty() ? ", trusted since it was first seen" : "");
  return release;
}

Mirror::Mirror(std::string place, RootPin root, std::string kept)
    : place_(std::move(place)), pin_(std::move(root)), kept_(std::move(kept)) {}

Got<Release> Mirror::find(const std::string& component, const std::string& version, const std::string& platform, const Control& control,
                          Unreachable& unreachable) {
  const std::lock_guard one(mutex_);
  return Session(*this, control, unreachable).find(component, version, platform);
}

Mirror& Mirrors::at(const std::string& place, const RootPin& root) {
  auto plain = place;
  while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
  // What was trusted without keys is not what was trusted by them, nor by others.
  auto identity = plain;
  for (const auto& key : root.keys) identity += "\n" + key;
  const std::lock_guard lock(mutex_);
  auto& mirror = mirrors_[identity];
  if (mirror) return *mirror;
  // Another package unpacked in a directory's place is another mirror: nothing but its own root speaks for it.
  const auto own = is_url(plain) ? std::string() : disk::read_text(plain + "/root.json", most_of_a_root).value_or("");
  mirror = std::make_unique<Mirror>(plain, root, fmt::format("{}/mirrors/{}", cache_dir_, sha256_text(identity + own).substr(0, 16)));
  return *mirror;
}

}  // namespace tidelab::artifact
