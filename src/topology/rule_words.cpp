#include "topology/rule_words.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "playbook/version.hpp"
#include "step/amount.hpp"
#include "topology/rules.hpp"
#include "topology/scope.hpp"

namespace tidelab::topology {

namespace {

using playbook::parse_version;

std::optional<std::int64_t> as_number(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

// Below, at or above zero; nothing when the two cannot be compared, which is for the type to tell.
std::optional<int> compare(const std::string& a, const std::string& b) {
  if (const auto x = as_number(a), y = as_number(b); x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  if (const auto x = step::read_size(a), y = step::read_size(b); x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  if (const auto x = step::read_time(a), y = step::read_time(b); x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  if (const auto x = parse_version(a), y = parse_version(b); x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  return std::nullopt;
}

void blame_presence(const Question& q, Faults& faults) { faults.push_back({&q.instance, q.instance.span, {}, {}, {}}); }

void requires_section(const Question& q, Faults& faults) {
  const auto unless = q.values("unless");
  const bool stated = std::any_of(unless.begin(), unless.end(), [](const auto& each) { return each.stated; });
  if (!q.topology.has(q.rule.text("section")) && !stated) blame_presence(q, faults);
}

void forbids_section(const Question& q, Faults& faults) {
  if (!q.of(q.rule.text("section")).empty()) blame_presence(q, faults);
}

void odd(const Question& q, Faults& faults) {
  const auto count = q.of(q.rule.text("section")).size();
  if (count == 0 || count % 2 == 1) return;
  blame_presence(q, faults);
  faults.back().said["value"] = std::to_string(count);
}

void unique(const Question& q, Faults& faults) {
  std::map<std::string, Found> taken;
  auto all = q.of(q.instance.section);
  if (const auto also = q.rule.text("also"); !also.empty()) {
    const auto others = q.of(also);
    all.insert(all.end(), others.begin(), others.end());
  }
  for (const auto* instance : all) {
    for (const auto& value : Question{q.rule, *instance, q.topology, q.members}.values("value")) {
      const auto [first, fresh] = taken.try_emplace(value.value, value);
      if (fresh || first->second.whose == instance) continue;
      auto& fault = blame(faults, q, value);
      fault.label = instance->name();
      fault.notes.push_back({fmt::format("{} has it first,", first->second.whose->name()),
                             first->second.stated ? first->second.span : first->second.whose->span});
    }
  }
}

void absent(const Question& q, Faults& faults) {
  for (const auto& value : q.values("value"))
    if (value.stated) blame(faults, q, value);
}

void same(const Question& q, Faults& faults) {
  const auto values = q.values("value"), others = q.values("as");
  if (values.empty() || others.empty() || values.front().value == others.front().value) return;
  blame(faults, q, values.front(), &others.front());
}

// Of instances that stand at one place (the same host, and the same value of `where`), the values are to be one.
void agrees(const Question& q, Faults& faults) {
  const auto place_of = [&](const Instance& instance) {
    const auto where = find_values(q.rule.find("where")->operands, {instance, q.topology, q.members});
    return where.empty() ? std::string() : same_host(instance.host.value) + " " + where.front().value;
  };
  const auto value_of = [&](const Instance& instance) {
    return find_values(q.rule.find("value")->operands, {instance, q.topology, q.members});
  };
  std::map<std::string, const Instance*> at;
  for (const auto* other : q.of(q.rule.text("section"))) at.try_emplace(place_of(*other), other);
  for (const auto* instance : q.of(q.instance.section)) {
    const auto place = place_of(*instance);
    const auto other = at.find(place);
    if (place.empty() || other == at.end()) continue;
    const auto value = value_of(*instance), theirs = value_of(*other->second);
    if (!value.empty() && !theirs.empty() && value.front().value != theirs.front().value) blame(faults, q, value.front(), &theirs.front());
  }
}

void compare_all(const Question& q, Faults& faults, int bad) {
  const auto switches = q.values("unless_false");
  if (std::any_of(switches.begin(), switches.end(), [](const auto& each) { return each.value == "false"; })) return;
  const auto set = q.values("unless");
  if (std::any_of(set.begin(), set.end(), [](const auto& each) { return each.stated; })) return;
  const auto limits = q.values("limit");
  for (const auto& value : q.values("value")) {
    const auto broken =
        std::find_if(limits.begin(), limits.end(), [&](const auto& limit) { return compare(value.value, limit.value) == bad; });
    if (broken != limits.end()) blame(faults, q, value, &*broken);
  }
}

void at_most(const Question& q, Faults& faults) { compare_all(q, faults, 1); }
void at_least(const Question& q, Faults& faults) { compare_all(q, faults, -1); }

void range(const Question& q, Faults& faults) {
  const auto allowed = playbook::Range::parse(q.rule.text("range"));
  for (const auto& value : q.values("value")) {
    const auto version = parse_version(value.value);
    if (allowed && (!version || !allowed->holds(*version))) blame(faults, q, value);
  }
}

// Who of the two took its version from a playbook, and what to write so that they fit.
void say_versions(Fault& fault, const Question& q, const Found& own, const Found& other) {
  const auto from = [](const Found& each) { return each.stated ? "" : " (by default)"; };
  fault.said["value_from"] = from(own);
  fault.said["other_from"] = from(other);
  const auto write = [](const Instance& whose, const Found& as) {
    return fmt::format("write `{}: {}` under `component_versions`, too", whose.playbook->component.value, as.value);
  };
  fault.said["fix"] = own.stated && !other.stated   ? write(*other.whose, own)
                      : other.stated && !own.stated ? write(q.instance, other)
                                                    : "give both the same version under `component_versions`";
}

void version_of(const Question& q, Faults& faults) {
  const auto allowed = playbook::Range::parse(q.rule.text("range"));
  const auto& members = q.of(q.rule.text("section"));
  if (!allowed || members.empty()) return;
  const auto version = parse_version(members.front()->version.value);
  if (!version || allowed->holds(*version)) return;
  const auto own = find_version(q.instance), other = find_version(*members.front());
  auto& fault = blame(faults, q, own, &other);
  fault.said["range"] = q.rule.text("range");
  say_versions(fault, q, own, other);
}

void same_line(const Question& q, Faults& faults) {
  const auto& members = q.of(q.rule.text("section"));
  const auto own = parse_version(q.instance.version.value);
  const auto theirs = members.empty() ? std::nullopt : parse_version(members.front()->version.value);
  const auto parts = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(3, as_number(q.rule.text("parts")).value_or(0)));
  if (!own || !theirs || std::equal(own->part.begin(), own->part.begin() + parts, theirs->part.begin())) return;
  const auto found = find_version(q.instance), other = find_version(*members.front());
  say_versions(blame(faults, q, found, &other), q, found, other);
}

void one_of(const Question& q, Faults& faults) {
  const auto& words = q.rule.find("words")->texts;
  for (const auto& value : q.values("value"))
    if (std::none_of(words.begin(), words.end(), [&](const auto& word) { return q.expand(word) == value.value; })) blame(faults, q, value);
}

void match_all(const Question& q, Faults& faults, bool wanted) {
  std::vector<std::string> patterns;
  for (const auto& each : q.rule.find("patterns")->texts) patterns.push_back(q.expand(each));
  for (const auto& value : q.values("value")) {
    const bool matched =
        std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches_wildcard(value.value, pattern); });
    if (matched != wanted) blame(faults, q, value);
  }
}

void like(const Question& q, Faults& faults) { match_all(q, faults, true); }
void unlike(const Question& q, Faults& faults) { match_all(q, faults, false); }

// A table filter: the last pattern that matches decides, and one with `!` says no.
void filter(const Question& q, Faults& faults, bool wanted) {
  const auto& asked = q.rule.find("text")->texts.front();
  const auto patterns = q.values("filter");
  const auto text = q.expand(asked);
  if (patterns.empty() || text.empty()) return;
  bool matched = false;
  for (const auto& each : patterns) {
    const bool negated = each.value.starts_with('!');
    if (matches_wildcard(text, negated ? std::string_view(each.value).substr(1) : each.value)) matched = !negated;
  }
  if (matched == wanted) return;
  Found value{&q.instance, text, {}, false};
  for (const auto& [name, own] : q.instance.values)
    if (asked.value == "${" + name + "}" && own.stated) value.span = own.text.span, value.stated = true;
  blame(faults, q, value, &patterns.front()).notes.clear();
}

void matched(const Question& q, Faults& faults) { filter(q, faults, true); }
void not_matched(const Question& q, Faults& faults) { filter(q, faults, false); }

// Letters and digits, what is in `extra` anywhere, and what is in `inner` singly between two of those.
bool is_spelled(const std::string& text, const std::string& extra, const std::string& inner) {
  bool open = false;  // an inner character may stand here
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || extra.find(c) != std::string::npos;
    if (!plain && (!open || inner.find(c) == std::string::npos)) return false;
    open = plain;
  }
  return open;
}

void spelled(const Question& q, Faults& faults) {
  const auto least = as_number(q.rule.text("least")).value_or(0), most = as_number(q.rule.text("most")).value_or(INT64_MAX);
  for (const auto& value : q.values("value")) {
    const auto size = static_cast<std::int64_t>(value.value.size());
    if (size >= least && size <= most && is_spelled(value.value, q.rule.text("extra"), q.rule.text("inner"))) continue;
    blame(faults, q, value).said["length"] = std::to_string(size);
  }
}

}  // namespace

std::vector<Found> Question::values(std::string_view argument) const {
  const auto* found = rule.find(argument);
  return found == nullptr ? std::vector<Found>{} : find_values(found->operands, {instance, topology, members});
}

const std::vector<const Instance*>& Question::of(const std::string& section) const {
  static const std::vector<const Instance*> none;
  const auto found = members.find(section);
  return found == members.end() ? none : found->second;
}

std::string Question::expand(const Text& text) const {
  source::Diagnostics unheard;
  Scope scope(topology, &instance, unheard);
  if (const auto version = parse_version(instance.version.value))
    scope.set("line", fmt::format("{}.{}", version->part[0], version->part[1]));
  return scope.expand(text);
}

Fault& blame(Faults& faults, const Question& question, const Found& value, const Found* other) {
  const auto* instance = value.whose == nullptr ? &question.instance : value.whose;
  Fault fault{instance, instance->span, {}, {}, {{"value", value.value}}};
  if (value.stated)
    fault.span = value.span;
  else if (other != nullptr && other->stated)
    fault.span = other->span;
  if (other != nullptr) {
    fault.said["other"] = other->value;
    if (other->stated && value.stated) fault.notes.push_back({fmt::format("{} is written", other->value), other->span});
  }
  faults.push_back(std::move(fault));
  return faults.back();
}

const std::vector<WordRow>& words_about_values() {
  static const std::vector<WordRow> rows = {
      {"requires", requires_section, true, true},
      {"forbids", forbids_section, true, true},
      {"odd", odd, true},
      {"unique", unique, true},
      {"absent", absent},
      {"same", same},
      {"agrees", agrees, true},
      {"at_most", at_most},
      {"at_least", at_least},
      {"range", range},
      {"version_of", version_of, true},
      {"same_line", same_line, true},
      {"one_of", one_of},
      {"like", like},
      {"unlike", unlike},
      {"matched", matched},
      {"not_matched", not_matched},
      {"spelled", spelled},
  };
  return rows;
}

const WordRow* find_word(std::string_view name) {
  for (const auto* rows : {&words_about_values(), &words_about_addresses(), &words_about_listeners(), &words_about_machines()})
    for (const auto& row : *rows)
      if (name == row.name) return &row;
  return nullptr;
}

}  // namespace tidelab::topology
