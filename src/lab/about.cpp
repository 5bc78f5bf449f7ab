// The text of a record and back: nothing here reaches a disk.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lab/record.hpp"
#include "step/json_bounds.hpp"

namespace tidelab::lab {

namespace {

using Stored = nlohmann::json;

// Hosts are the only long list; a lab has at most some thousands.
constexpr step::JsonBounds most_of_an_about{std::size_t{4} << 20, std::size_t{1} << 18, 16};
constexpr int highest_port = 65535;
constexpr int highest_ordinal = 1'000'000;

/// Takes fields out of the object, and keeps the first that is of another kind than it must be.
class Fields {
public:
  explicit Fields(const Stored& object) : object_(object) {}

  void take(const char* key, std::string& into) {
    if (const auto* value = find(key)) take(key, *value, into);
  }
  void take(const char* key, bool& into) {
    const auto* value = find(key);
    if (value != nullptr && !value->is_boolean()) return spoil(key, "true or false");
    if (value != nullptr) into = value->get<bool>();
  }
  void take_port(const char* key, int& into) {
    const auto* value = find(key);
    if (value == nullptr) return;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > highest_port) return spoil(key, "a port");
    into = value->get<int>();
  }
  void take_list(const char* key, std::vector<std::string>& into) {
    const auto* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) return spoil(key, "a list of texts");
    for (const auto& each : *value) take(key, each, into.emplace_back());
  }
  void take_map(const char* key, std::map<std::string, std::string>& into) {
    const auto* value = find(key);
    if (value == nullptr) return;
    if (!value->is_object()) return spoil(key, "a map of texts");
    for (const auto& [name, each] : value->items()) take(key, each, into[name]);
  }
  void take_ordinals(const char* key, std::map<std::string, std::vector<int>>& into) {
    const auto* value = find(key);
    if (value == nullptr) return;
    if (!value->is_object()) return spoil(key, "a map of lists");
    for (const auto& [name, list] : value->items()) {
      if (!list.is_array()) return spoil(key, "a map of lists");
      for (const auto& each : list) {
        if (!each.is_number_unsigned() || each.get<std::uint64_t>() < 1 || each.get<std::uint64_t>() > highest_ordinal)
          return spoil(key, "a map of lists of numbers from 1 on");
        into[name].push_back(each.get<int>());
      }
    }
  }
  /// One of a few words.
  template <std::size_t N>
  void take_word(const char* key, const std::array<std::string_view, N>& words, std::string& into) {
    take(key, into);
    if (std::find(words.begin(), words.end(), into) == words.end()) spoil(key, fmt::format("one of \"{}\"", fmt::join(words, "\", \"")));
  }
  void spoil(const char* key, const std::string& must_be) {
    if (wrong.empty()) wrong = fmt::format("`{}` is not {}", key, must_be);
  }

  std::string wrong{};

private:
  const Stored* find(const char* key) const {
    const auto at = object_.find(key);
    return at == object_.end() ? nullptr : &*at;
  }
  // Names go to system calls, which end at a zero byte.
  void take(const char* key, const Stored& value, std::string& into) {
    if (!value.is_string() || value.get_ref<const std::string&>().find('\0') != std::string::npos) return spoil(key, "a text");
    into = value.get<std::string>();
  }

  const Stored& object_;
};

constexpr std::array<std::string_view, 4> ssh_types{"", "builtin", "system", "none"};
constexpr std::array<std::string_view, 4> kept_parts{"", "data", "logs", "data and logs"};
constexpr std::array<std::string_view, 4> lasting{"", "up", "down", "prune"};
constexpr std::array<std::string_view, 5> outcomes{"", "begun", "done", "failed", "interrupted"};

void take_reach(Fields& from, Reach& into) {
  from.take("ssh", into.ssh);
  from.take_port("ssh_port", into.port);
  from.take("ssh_user", into.user);
  from.take("known_hosts", into.known_hosts);
  from.take_list("identities", into.identities);
  from.take("accept_new", into.accept_new);
  from.take_word("ssh_type", ssh_types, into.type);
  from.take("ssh_config", into.config);
}

void take_versions(Fields& from, std::vector<std::string>& into) {
  from.take_list("versions", into);
  for (const auto& each : into)
    if (each.find('=') == std::string::npos) from.spoil("versions", "a list of COMPONENT=VERSION");
}

// What is only shown may lose what is no text; what is opened again may not.
std::string as_text(const std::string& bytes) {
  return Stored::parse(Stored(bytes).dump(-1, ' ', false, Stored::error_handler_t::replace)).get<std::string>();
}

}  // namespace

tl::expected<Record, std::string> parse_about(const std::string& lab, std::string_view text) {
  if (auto why = step::beyond(text, most_of_an_about); !why.empty()) return tl::unexpected(why);
  const auto root = Stored::parse(text, nullptr, false);
  if (!root.is_object()) return tl::unexpected<std::string>(root.is_discarded() ? "it is not JSON" : "it is no JSON object");
  Record out{lab, lab, {}};
  Fields from(root);
  from.take("name", out.name);
  take_reach(from, out.reach);
  take_versions(from, out.versions);
  from.take_word("kept", kept_parts, out.kept);
  from.take("file", out.file);
  from.take_list("hosts", out.hosts);
  from.take("since", out.since);
  from.take_word("last", lasting, out.last);
  from.take("when", out.when);
  from.take_word("outcome", outcomes, out.outcome);
  from.take_map("processors", out.processors);
  from.take_ordinals("ordinals", out.ordinals);
  if (!from.wrong.empty()) return tl::unexpected(from.wrong);
  return out;
}

tl::expected<std::string, std::string> render_about(const Record& record) {
  const Stored about = {{"name", as_text(record.name)},
                        {"ssh", record.reach.ssh},
                        {"ssh_port", record.reach.port},
                        {"ssh_user", record.reach.user},
                        {"known_hosts", record.reach.known_hosts},
                        {"identities", record.reach.identities},
                        {"accept_new", record.reach.accept_new},
                        {"versions", record.versions},
                        {"ssh_type", record.reach.type},
                        {"ssh_config", record.reach.config},
                        {"kept", record.kept},
                        {"file", as_text(record.file)},
                        {"hosts", record.hosts},
                        {"since", record.since},
                        {"last", record.last},
                        {"when", record.when},
                        {"outcome", record.outcome},
                        {"processors", record.processors},
                        {"ordinals", record.ordinals}};
  try {
    return about.dump(2) + "\n";
  } catch (const Stored::type_error&) {
    return tl::unexpected<std::string>("a path or a name that it was told (of a key, of known hosts, of a configuration) is no UTF-8");
  }
}

}  // namespace tidelab::lab
