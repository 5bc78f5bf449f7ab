// Words about machines, about settings and where they may stand, and about `global`.
#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "topology/rule_words.hpp"

namespace tidelab::topology {

namespace {

using step::Setting;

bool at_or_below(const std::string& key, const std::string& top) { return key == top || key.starts_with(top + "."); }

// One of the texts of an argument that is the key, or that the key lies below.
bool is_among(const Question& q, const char* argument, const std::string& key) {
  const auto& texts = q.rule.find(argument)->texts;
  return std::any_of(texts.begin(), texts.end(), [&](const auto& each) { return at_or_below(key, each.value); });
}

// Whoever places by labels tells no large letters from small ones (strings.EqualFold in core/store.go of the placement driver).
bool same_but_for_case(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// The last one wins, as in the file that is written.
const Setting* setting_of(const Instance& instance, const std::string& key) {
  const auto found =
      std::find_if(instance.config.rbegin(), instance.config.rend(), [&](const auto& each) { return each.key.value == key; });
  return found == instance.config.rend() ? nullptr : &*found;
}

Fault fault_at(const Instance& instance, const source::Span& span) { return {&instance, span, {}, {}, {}}; }

void once_per_host(const Question& q, Faults& faults) {
  std::map<int, const Instance*> first;
  for (const auto* each : q.of(q.instance.section)) {
    if (each->machine < 0) continue;
    const auto [at, fresh] = first.try_emplace(each->machine, each);
    if (fresh) continue;
    faults.push_back(fault_at(*each, each->host.span));
    faults.back().notes.push_back({fmt::format("{} is there, too,", at->second->name()), at->second->host.span});
  }
}

// What one of them says holds for all.
void on_one_machine(const Question& q, Faults& faults) {
  const auto& all = q.of(q.instance.section);
  const auto is_said = [&](const Instance* each) {
    const auto values = Question{q.rule, *each, q.topology, q.members}.values("unless_true");
    return std::any_of(values.begin(), values.end(), [](const auto& value) { return value.value == "true"; });
  };
  const auto apart = std::find_if(all.begin(), all.end(), [&](const auto* each) { return each->machine != all.front()->machine; });
  if (apart == all.end() || std::any_of(all.begin(), all.end(), is_said)) return;
  faults.push_back(fault_at(**apart, (*apart)->host.span));
  faults.back().notes.push_back({fmt::format("{} is elsewhere,", all.front()->name()), all.front()->host.span});
}

void no_more_than(const Question& q, Faults& faults) {
  const auto most = static_cast<std::size_t>(std::stoul(q.rule.text("count")));
  const auto& all = q.of(q.instance.section);
  for (auto i = most; i < all.size(); ++i) faults.push_back(fault_at(*all[i], all[i]->span));
}

bool has_label(const Instance& instance, const std::string& labels) {
  const auto& config = instance.config;
  return std::any_of(config.begin(), config.end(), [&](const auto& each) { return each.key.value.starts_with(labels + "."); });
}

// Those of the section that share a machine.
std::vector<const Instance*> together(const Question& q) {
  std::map<int, int> counts;
  for (const auto* each : q.of(q.instance.section)) ++counts[each->machine];
  std::vector<const Instance*> out;
  for (const auto* each : q.of(q.instance.section))
    if (each->machine >= 0 && counts[each->machine] > 1) out.push_back(each);
  return out;
}

void labelled(const Question& q, Faults& faults) {
  for (const auto* each : together(q))
    if (!has_label(*each, q.rule.text("labels"))) faults.push_back(fault_at(*each, each->span));
}

void set_where_several(const Question& q, Faults& faults) {
  for (const auto* each : together(q))
    if (setting_of(*each, q.rule.text("setting")) == nullptr) faults.push_back(fault_at(*each, each->span));
}

void declared(const Question& q, Faults& faults) {
  const auto* other = q.topology.first(q.rule.text("section"));
  if (other == nullptr) return;
  std::vector<std::string> known;
  if (const auto* list = setting_of(*other, q.rule.text("list")))
    for (const auto& each : list->values)
      for (auto& part : parts_of(each.value)) known.push_back(std::move(part));
  const auto below = q.rule.text("labels") + ".";
  for (const auto* instance : q.of(q.instance.section)) {
    for (const auto& each : instance->config) {
      if (!each.key.value.starts_with(below)) continue;
      const auto label = each.key.value.substr(below.size());
      if (std::any_of(known.begin(), known.end(), [&](const auto& one) { return same_but_for_case(one, label); })) continue;
      faults.push_back(fault_at(*instance, each.key.span));
      faults.back().said = {{"value", label}, {"known", known.empty() ? std::string("none") : fmt::format("{}", fmt::join(known, ", "))}};
    }
  }
}

void only_in(const Question& q, Faults& faults) {
  const auto place = q.rule.text("place");
  for (std::size_t i = 0; i < q.instance.config.size(); ++i) {
    const bool shared = i < q.instance.shared_settings;
    const auto& key = q.instance.config[i].key;
    if (place == (shared ? "server_configs" : "instance") || !is_among(q, "settings", key.value)) continue;
    faults.push_back(fault_at(q.instance, key.span));
    faults.back().said = {{"value", key.value}};
  }
}

// "zone=z1,host=h1" as it would be a mapping.
std::string as_mapping(const std::string& text) {
  std::string out;
  for (const auto& each : parts_of(text)) {
    const auto sign = each.find_first_of("=:");
    if (sign == std::string::npos || sign == 0) return "{KEY: VALUE}";
    auto value = each.substr(sign + 1);
    value.erase(0, value.find_first_not_of(' '));
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", each.substr(0, sign), value);
  }
  return out.empty() ? "{KEY: VALUE}" : "{" + out + "}";
}

void is_mapping(const Question& q, Faults& faults) {
  for (const auto& each : q.instance.config) {
    if (each.key.value != q.rule.text("setting")) continue;
    std::string all;
    for (const auto& value : each.values) all += (all.empty() ? "" : ",") + value.value;
    faults.push_back(fault_at(q.instance, each.values.empty() ? each.key.span : each.values.front().span));
    faults.back().said = {{"value", each.list ? "a list" : "a text"}, {"fix", as_mapping(all)}};
  }
}

void is_list(const Question& q, Faults& faults) {
  for (const auto& each : q.instance.config) {
    if (each.key.value != q.rule.text("setting") || each.list || each.values.empty() || each.values.front().empty()) continue;
    faults.push_back(fault_at(q.instance, each.values.front().span));
    faults.back().said = {{"value", each.values.front().value},
                          {"fix", fmt::format("[{}]", fmt::join(parts_of(each.values.front().value), ", "))}};
  }
}

// In the file, what looks like a number is one, and who reads the file wants a text.
void text_values(const Question& q, Faults& faults) {
  const auto below = q.rule.text("below") + ".";
  for (const auto& each : q.instance.config) {
    if (!each.key.value.starts_with(below) || each.quoted || each.list || each.values.empty()) continue;
    const auto& text = each.values.front();
    const bool number = !text.empty() && text.value.find_first_not_of("0123456789.-+eE") == std::string::npos &&
                        text.value.find_first_of("0123456789") != std::string::npos;
    if (!number && text.value != "true" && text.value != "false") continue;
    faults.push_back(fault_at(q.instance, text.span));
    faults.back().said = {{"value", text.value}, {"name", each.key.value}};
  }
}

void needs_setting(const Question& q, Faults& faults) {
  if (setting_of(q.instance, q.rule.text("with")) != nullptr) return;
  for (const auto& each : q.instance.config) {
    if (!is_among(q, "settings", each.key.value)) continue;
    faults.push_back(fault_at(q.instance, each.key.span));
    faults.back().said = {{"value", each.key.value}};
    return;
  }
}

void not_global(const Question& q, Faults& faults) {
  const auto found = q.topology.global.other.find(q.rule.text("field"));
  if (found == q.topology.global.other.end() || found->second.value != q.rule.text("value")) return;
  faults.push_back(fault_at(q.instance, q.instance.span));
  faults.back().notes.push_back({"it is written", found->second.span});
}

}  // namespace

const std::vector<WordRow>& words_about_machines() {
  static const std::vector<WordRow> rows = {
      {"once_per_host", once_per_host, true},
      {"on_one_machine", on_one_machine, true},
      {"no_more_than", no_more_than, true},
      {"labelled", labelled, true},
      {"set_where_several", set_where_several, true},
      {"declared", declared, true},
      {"only_in", only_in},
      {"is_mapping", is_mapping},
      {"is_list", is_list},
      {"text_values", text_values},
      {"needs_setting", needs_setting},
      {"not_global", not_global, true},
  };
  return rows;
}

}  // namespace tidelab::topology
