#include "topology/machine_words.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace tidelab::topology {

namespace {

using step::Setting;

std::vector<std::string> words_of(const std::string& text, char between) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(between, at), text.size());
    auto word = text.substr(at, end - at);
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    if (!word.empty()) out.push_back(word);
    at = end + 1;
  }
  return out;
}

bool at_or_below(const std::string& key, const std::string& top) { return key == top || key.starts_with(top + "."); }

// The last one wins, as in the file that is written.
const Setting* setting_of(const Instance& instance, const std::string& key) {
  const auto found =
      std::find_if(instance.config.rbegin(), instance.config.rend(), [&](const auto& each) { return each.key.value == key; });
  return found == instance.config.rend() ? nullptr : &*found;
}

void once_per_host(const MachineQuestion& q, std::vector<Breach>& out) {
  if (q.on_machine(q.instance) < 2) return;
  for (const auto* other : q.topology.of(q.instance.section)) {
    if (other == &q.instance) return;  // the first is in nobody's way
    if (other->machine != q.instance.machine) continue;
    out.push_back({q.instance.host.span, {{fmt::format("{} is there, too", other->name()), other->host.span}}, {}});
    return;
  }
}

void no_more_than(const MachineQuestion& q, std::vector<Breach>& out) {
  if (q.instance.ordinal > std::stoi(q.argument("count"))) out.push_back({q.instance.span, {}, {}});
}

void labelled(const MachineQuestion& q, std::vector<Breach>& out) {
  if (q.on_machine(q.instance) < 2) return;
  const auto labels = q.argument("labels");
  const auto& config = q.instance.config;
  if (std::any_of(config.begin(), config.end(), [&](const auto& each) { return each.key.value.starts_with(labels + "."); })) return;
  out.push_back({q.instance.span, {}, {}});
}

void declared(const MachineQuestion& q, std::vector<Breach>& out) {
  const auto* other = q.topology.first(q.argument("section"));
  if (other == nullptr) return;
  const auto below = q.argument("labels") + ".";
  std::vector<std::string> known;
  if (const auto* list = setting_of(*other, q.argument("list")))
    for (const auto& each : list->values)
      for (auto& word : words_of(each.value, ',')) known.push_back(std::move(word));
  for (const auto& each : q.instance.config) {
    if (!each.key.value.starts_with(below)) continue;
    const auto label = each.key.value.substr(below.size());
    if (std::find(known.begin(), known.end(), label) != known.end()) continue;
    const auto names = known.empty() ? std::string("none") : fmt::format("{}", fmt::join(known, ", "));
    out.push_back({each.key.span, {}, {{"label", label}, {"known", names}}});
  }
}

void only_in(const MachineQuestion& q, std::vector<Breach>& out) {
  const auto place = q.argument("place");
  for (std::size_t i = 0; i < q.instance.config.size(); ++i) {
    const bool shared = i < q.instance.shared_settings;
    if (place == (shared ? "server_configs" : "instance")) continue;
    if (shared && q.instance.ordinal > 1) continue;  // told at the first
    const auto& key = q.instance.config[i].key;
    for (const auto& each : words_of(q.argument("settings"), ' '))
      if (at_or_below(key.value, each)) out.push_back({key.span, {}, {{"setting", key.value}}});
  }
}

void needs_setting(const MachineQuestion& q, std::vector<Breach>& out) {
  const auto with = q.argument("with");
  if (setting_of(q.instance, with) != nullptr) return;
  for (const auto& each : q.instance.config)
    for (const auto& word : words_of(q.argument("settings"), ' '))
      if (at_or_below(each.key.value, word)) return out.push_back({each.key.span, {}, {{"setting", each.key.value}}});
}

void setting_at_most(const MachineQuestion& q, std::vector<Breach>& out) {
  const auto* setting = setting_of(q.instance, q.argument("setting"));
  const auto most = q.topology.count(q.argument("count_of"));
  if (setting == nullptr || setting->values.empty() || most == 0 || q.instance.ordinal > 1) return;
  const auto& text = setting->values.front();
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.value.data(), text.value.data() + text.value.size(), number);
  if (error != std::errc() || end != text.value.data() + text.value.size() || number <= most) return;
  out.push_back({text.span, {}, {{"value", text.value}, {"most", std::to_string(most)}}});
}

void odd_number(const MachineQuestion& q, std::vector<Breach>& out) {
  const auto count = q.topology.count(q.instance.section);
  if (q.instance.ordinal > 1 || count % 2 == 1) return;
  out.push_back({q.instance.span, {}, {{"value", std::to_string(count)}}});
}

void not_global(const MachineQuestion& q, std::vector<Breach>& out) {
  const auto found = q.topology.global.other.find(q.argument("field"));
  if (found == q.topology.global.other.end() || found->second.value != q.argument("value") || q.instance.ordinal > 1) return;
  out.push_back({q.instance.span, {{"it is written", found->second.span}}, {}});
}

const std::vector<std::pair<const char*, MachineWord>> rows = {{"once_per_host", once_per_host},
                                                               {"no_more_than", no_more_than},
                                                               {"labelled", labelled},
                                                               {"declared", declared},
                                                               {"only_in", only_in},
                                                               {"needs_setting", needs_setting},
                                                               {"setting_at_most", setting_at_most},
                                                               {"odd_number", odd_number},
                                                               {"not_global", not_global}};

}  // namespace

MachineWord find_machine_word(const std::string& name) {
  for (const auto& [row, word] : rows)
    if (name == row) return word;
  return nullptr;
}

std::vector<std::string> machine_words() {
  std::vector<std::string> out;
  for (const auto& [name, word] : rows) out.emplace_back(name);
  return out;
}

}  // namespace tidelab::topology
