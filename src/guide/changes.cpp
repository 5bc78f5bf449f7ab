#include "guide/changes.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "guide/members.hpp"

namespace tidelab::guide {

namespace {

using playbook::Mutability;

using playbook::Type;
using source::Text;
using topology::Instance;
using topology::Topology;
using topology::Value;

constexpr auto left_there = "what is in the old directory would be left there";

// 0: nobody wrote one.
std::string port_text(int port) { return port == 0 ? std::string() : std::to_string(port); }

std::string as_text(const Value& value) {
  switch (value.type) {
    case Type::secret: return value.text.empty() ? "" : "***";
    case Type::any: return value.stated ? "(something)" : "";
    case Type::list: {
      std::string out;
      for (const auto& each : value.list) out += (out.empty() ? "" : ", ") + each.value;
      return out.empty() ? out : "[" + out + "]";
    }
    case Type::map: {
      std::string out;
      for (const auto& [key, text] : value.map) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key.value, text.value);
      return out.empty() ? out : "{" + out + "}";
    }
    default: return value.text.value;
  }
}

bool same_value(const Value& a, const Value& b) { return a.text == b.text && a.list == b.list && a.map == b.map; }

std::string as_text(const step::Setting& setting) {
  std::string out;
  for (const auto& each : setting.values) out += (out.empty() ? "" : ", ") + each.value;
  return setting.list ? "[" + out + "]" : out;
}

source::Span place_of(const Value& value, const Instance& instance) {
  if (!value.text.span.known() && !value.list.empty()) return value.list.front().span;
  if (!value.text.span.known() && !value.map.empty()) return value.map.front().first.span;
  return value.stated ? value.text.span : instance.span;
}

class Comparison {
public:
  Comparison(const Topology& before, const Topology& after) : before_(before), after_(after), members_(before, after) {}

  std::vector<Change> make() {
    compare_global();
    const auto pairs = pair_instances(before_, after_);
    members_.count(pairs);
    for (const auto& pair : pairs) {
      // What is on every host comes and goes with its host.
      if ((pair.before == nullptr || pair.after == nullptr) &&
          !(pair.after == nullptr ? pair.before : pair.after)->playbook->on_hosts_of.empty())
        continue;
      if (pair.before == nullptr)
        out_.push_back({Change::Kind::added,
                        {shown(after_, *pair.after)},
                        "",
                        "",
                        "",
                        {},
                        pair.after->span,
                        false,
                        members_.why_it_may_not_join(*pair.after)});
      else if (pair.after == nullptr)
        out_.push_back(gone(*pair.before));
      else
        compare(pair);
    }
    mask_secrets();
    tell_lone_refusals();
    return std::move(out_);
  }

private:
  Change gone(const Instance& leaving) const {
    Change out{Change::Kind::removed, {shown(before_, leaving)}, "", "", "", leaving.span, {}, false, ""};
    if (!leaving.playbook->provisioned) return out;
    out.refusal = members_.why_it_stays(leaving);
    if (!out.refusal.empty()) return out;
    out.refusal = "it would run on, and nobody would see it";
    out.leaves = members_.how_it_leaves(leaving);
    return out;
  }

  const Topology &before_, &after_;
  Members members_;
  std::vector<Change> out_;

  // One line of `server_configs` or `component_versions` is one change, however many instances it reaches.
  void add(Change change) {
    for (auto& each : out_) {
      const bool same_places = each.before_at.file == change.before_at.file && each.before_at.line == change.before_at.line &&
                               each.after_at.file == change.after_at.file && each.after_at.line == change.after_at.line;
      if (!each.field.empty() && each.field == change.field && each.before == change.before && each.after == change.after && same_places &&
          !change.derived) {
        each.where.insert(each.where.end(), change.where.begin(), change.where.end());
        return;
      }
    }
    out_.push_back(std::move(change));
  }

  static Text written(const topology::Global& global, const std::string& name) {
    if (name == "user") return global.user;
    if (name == "ssh_type") return global.ssh_type;
    if (name == "deploy_dir") return global.deploy_dir;
    const auto found = global.other.find(name);
    return found == global.other.end() ? Text{} : found->second;
  }

  // What may not change, and follows from something that may, has to be told itself.
  void tell_lone_refusals() {
    std::set<std::vector<std::string>> told;
    bool of_all = false;
    for (const auto& each : out_) {
      if (each.derived || each.refusal.empty()) continue;
      told.insert(each.where);
      of_all = of_all || each.where.front() == "global";
    }
    for (auto& each : out_) {
      if (!each.derived || each.refusal.empty() || of_all) continue;
      each.derived = !told.insert(each.where).second;
      of_all = !each.derived && each.where.front() == "global";
    }
  }

  // A secret may have been put into a value that is none: a URI, a statement.
  void mask_secrets() {
    std::set<std::string> secrets;
    for (const auto* side : {&before_, &after_})
      for (const auto& instance : side->instances)
        for (const auto& [name, value] : instance.values)
          if (value.type == Type::secret && !value.text.empty()) secrets.insert(value.text.value);
    for (auto& change : out_)
      for (auto* text : {&change.before, &change.after})
        for (const auto& secret : secrets)
          for (auto at = text->find(secret); at != text->npos; at = text->find(secret, at + 3)) text->replace(at, secret.size(), "***");
  }

  void compare_global() {
    std::set<std::string> names = {"user", "ssh_type", "ssh_port", "deploy_dir"};
    for (const auto* each : {&before_.global, &after_.global})
      for (const auto& [name, text] : each->other) names.insert(name);
    for (const auto& name : names) {
      const auto old = written(before_.global, name), now = written(after_.global, name);
      if (old == now) continue;
      const bool follows = before_.global.other.count(name) + after_.global.other.count(name) == 0;
      Change change{Change::Kind::changed, {"global"}, name, old.value, now.value, old.span, now.span, follows, ""};
      if (name == "lab") change.refusal = "a lab keeps its name; another name is another lab";
      if (name == "user") change.refusal = "files and processes belong to the account";
      if (name.ends_with("_dir")) change.refusal = left_there;
      if (name == "systemd_mode") change.refusal = "the services are kept by the other one";
      if (name == "ssh_type") change.refusal = "the record of what was made is kept where the hosts were reached";
      out_.push_back(std::move(change));
    }
  }

  void compare(const Pair& pair) {
    const auto& [old, now] = pair;
    const auto where = shown(before_, *old);
    const auto first = out_.size();
    if (!(old->version == now->version)) {
      auto change = Change{Change::Kind::changed, {where}, "version", old->version.value, now->version.value, old->version.span,
                           now->version.span,     false,   ""};
      if (change.after_at.file != now->span.file) change.after_at = now->span;
      if (change.before_at.file != old->span.file) change.before_at = old->span;
      add(std::move(change));
    }
    const bool follows = old->ssh_port == before_.global.ssh_port && now->ssh_port == after_.global.ssh_port;
    if (old->ssh_port != now->ssh_port)
      add({Change::Kind::changed,
           {where},
           "ssh_port",
           port_text(old->ssh_port),
           port_text(now->ssh_port),
           old->span,
           now->span,
           follows,
           ""});
    if (!(old->manage_host == now->manage_host))
      add({Change::Kind::changed,
           {where},
           "manage_host",
           old->manage_host.value,
           now->manage_host.value,
           old->manage_host.span,
           now->manage_host.span,
           false,
           ""});
    for (const auto& name : names_of(*old, *now)) {
      static const Value nothing;
      const auto *then = old->find(name), *here = now->find(name);
      const auto &a = then == nullptr ? nothing : *then, &b = here == nullptr ? nothing : *here;
      if (same_value(a, b)) continue;
      // A field that the other version does not have has no older value that anything could have been made under.
      const bool both = then != nullptr && here != nullptr;
      if (!both && !a.stated && !b.stated) continue;
      add({Change::Kind::changed,
           {where},
           name,
           as_text(a),
           as_text(b),
           place_of(a, *old),
           place_of(b, *now),
           !a.stated && !b.stated,
           both ? refusal(a, b) : ""});
    }
    compare_settings(*old, *now, where);
    std::stable_partition(out_.begin() + static_cast<std::ptrdiff_t>(first), out_.end(), [](const auto& each) { return !each.derived; });
  }

  // In the order of the playbook, then what all instances have.
  static std::vector<std::string> names_of(const Instance& old, const Instance& now) {
    std::vector<std::string> out;
    const auto add = [&](const std::string& name) {
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    };
    for (const auto& param : now.playbook->params) add(param.name.value);
    for (const auto* side : {&now, &old})
      for (const auto& [name, value] : side->values) add(name);
    return out;
  }

  // The last of one name wins, as it does in the file that is written from them.
  using ByKey = std::map<std::string, const step::Setting*>;
  static ByKey by_key(const step::Settings& settings) {
    ByKey out;
    for (const auto& each : settings) out[each.key.value] = &each;
    return out;
  }
  static const step::Setting* find(const ByKey& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? nullptr : found->second;
  }

  void compare_settings(const Instance& old, const Instance& now, const std::string& where) {
    std::set<std::string> told;
    const auto before = by_key(old.config), after = by_key(now.config);
    for (const auto* side : {&now.config, &old.config})
      for (const auto& each : *side) {
        if (!told.insert(each.key.value).second) continue;
        const auto *then = find(before, each.key.value), *here = find(after, each.key.value);
        const auto a = then == nullptr ? std::string() : as_text(*then), b = here == nullptr ? std::string() : as_text(*here);
        if (a == b && (then == nullptr) == (here == nullptr)) continue;
        add({Change::Kind::changed,
             {where},
             "config " + each.key.value,
             a,
             b,
             then == nullptr ? old.span : then->key.span,
             here == nullptr ? now.span : here->key.span,
             false,
             ""});
      }
  }

  // Whether a list only grew at its end; of directories in one text, with commas between them.
  static bool grew(const Value& old, const Value& now) {
    if (old.list.size() > now.list.size()) return false;
    return old.list.empty() ? now.text.value.starts_with(old.text.value + ",")
                            : std::equal(old.list.begin(), old.list.end(), now.list.begin());
  }

  static std::string refusal(const Value& old, const Value& now) {
    const auto* param = now.param == nullptr ? old.param : now.param;
    if (param == nullptr || !param->provisioned) return "";
    if (param->mutability == Mutability::yes || param->mutability == Mutability::free) return "";
    if (param->mutability == Mutability::append) return grew(old, now) ? "" : "more may be added behind what is there, and nothing else";
    if (param->type == Type::dir || param->type == Type::dirs) return left_there;
    if (param->type == Type::port) return "the other servers, and what is in the data, know it by the old port";
    return "what was made under the old value would stay as it is";
  }
};

}  // namespace

std::vector<Change> changes(const Topology& before, const Topology& after) { return Comparison(before, after).make(); }

bool has_refusals(const std::vector<Change>& changes, bool pruning) {
  return std::any_of(changes.begin(), changes.end(),
                     [&](const auto& each) { return !each.refusal.empty() && (!pruning || each.leaves.empty()); });
}

topology::Ordinals kept_ordinals(const Topology& before, const Topology& after) {
  std::map<std::string, int> highest;
  for (const auto& each : before.instances) highest[each.section] = std::max(highest[each.section], each.ordinal);
  std::map<const Instance*, int> kept;
  for (const auto& pair : pair_instances(before, after))
    if (pair.before != nullptr && pair.after != nullptr) kept[pair.after] = pair.before->ordinal;
  topology::Topology numbered;
  for (const auto& each : after.instances) {
    auto& made = numbered.instances.emplace_back(each);
    const auto found = kept.find(&each);
    made.ordinal = found == kept.end() ? ++highest[each.section] : found->second;
  }
  return ordinals_of(numbered);
}

void mark_leaving(Topology& before, const Topology& after) {
  std::set<const Instance*> gone;
  for (const auto& pair : pair_instances(before, after))
    if (pair.after == nullptr) gone.insert(pair.before);
  for (auto& each : before.instances) each.leaves = gone.contains(&each);
}

std::string mark_lost(Topology& before, const std::string& host) {
  const auto named = [&](const auto& each) { return !each.host.empty() && (each.host.value == host || each.manage_host.value == host); };
  const auto found = std::find_if(before.instances.begin(), before.instances.end(), named);
  if (found == before.instances.end()) return fmt::format("the lab has nothing on {}", host);
  const auto there = [machine = found->machine](const auto& each) { return !each.host.empty() && each.machine == machine; };
  std::string stay;
  for (const auto& each : before.instances)
    if (there(each) && !each.leaves) stay += (stay.empty() ? "" : ", ") + each.name();
  if (!stay.empty()) return fmt::format("the topology still has {} on {}: take that out of it first", stay, host);
  for (auto& each : before.instances) each.lost = each.lost || there(each);
  return {};
}

}  // namespace tidelab::guide
