#include "topology/hosts.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "source/look_alike.hpp"

namespace tidelab::topology {

namespace {

using source::Diagnostics;

std::string help_for(const std::string& host) {
  if (host.starts_with('<') && host.ends_with('>')) return "this is a placeholder: write the address in its place";
  if (host.find('$') != std::string::npos)
    return "nothing is taken from the environment: write the address, or let `envsubst` fill it in before";
  if (host.find(',') != std::string::npos || (host.find('[') != std::string::npos && host.front() != '['))
    return "write an item of the list for each host";
  if (host.find_first_of(" \t") != std::string::npos) return "a name or an address, without blanks";
  if (host.starts_with('[')) return "write an IPv6 address without brackets";
  if (std::count(host.begin(), host.end(), ':') == 1) return "write the address alone, and the port under its own key";
  if (host.find("://") != std::string::npos) return "write the address alone, without `://`";
  if (host.find('@') != std::string::npos) return "write the address alone; the account is `global.user`";
  if (host.find('/') != std::string::npos) return "write the address of one host, not a network or a path";
  if (host.find_first_not_of("0123456789.") == std::string::npos && !host.empty())
    return "an IPv4 address is four numbers up to 255, without leading zeros, with points between them";
  return "a name or an address, without blanks";
}

bool is_address(const std::string& host, int family) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(family, host.c_str(), bytes.data()) == 1;
}

bool looks_like_host(const std::string& host) {
  if (host.find(':') != std::string::npos) {
    const auto scope = host.find('%');  // fe80::1%eth0
    return is_address(host.substr(0, scope), AF_INET6) && (scope == std::string::npos || scope + 1 < host.size());
  }
  if (host.find_first_not_of("0123456789.") == std::string::npos) return is_address(host, AF_INET);
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_'; };
  const bool whole = host.find("..") == std::string::npos && host.front() != '.' && host.front() != '-';
  return whole && host.size() <= 253 && std::all_of(host.begin(), host.end(), fits);
}

/// Names that turned out to mean one machine, with the usual forest of parents.
class Union {
public:
  int number(const std::string& name) {
    const auto [at, fresh] = numbers_.try_emplace(name, static_cast<int>(parents_.size()));
    if (fresh) parents_.push_back(at->second);
    return at->second;
  }
  int root(int at) {
    while (parents_[static_cast<std::size_t>(at)] != at) {
      auto& parent = parents_[static_cast<std::size_t>(at)];
      at = parent = parents_[static_cast<std::size_t>(parent)];
    }
    return at;
  }
  void join(int a, int b) { parents_[static_cast<std::size_t>(root(a))] = root(b); }

private:
  std::unordered_map<std::string, int> numbers_;
  std::vector<int> parents_;
};

}  // namespace

bool is_wildcard(const std::string& host) { return host.empty() || host == "*" || host == "0.0.0.0" || same_host(host) == "::"; }

bool is_loopback(const std::string& host) {
  const bool block = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return block || same_host(host) == "127.0.0.1";
}

bool is_host(const Text& text, Diagnostics& diagnostics, Addresses which) {
  const bool wildcard = is_wildcard(text.value);
  if (which == Addresses::to_listen_on && wildcard && !text.empty()) return true;
  const bool nobodys = wildcard || text.value == "255.255.255.255" || text.value == "0";
  if (!text.empty() && !nobodys && looks_like_host(text.value)) return true;
  auto& d = diagnostics.error("T004", fmt::format("`{}` is not a host", text.value), text.span);
  d.help = source::help_for_look_alikes(text.value);
  if (nobodys && !text.empty())
    d.help = "it stands for all addresses of a machine and leads to none: write the one that other hosts reach it at";
  if (d.help.empty()) d.help = help_for(text.value);
  return false;
}

std::string machine_of(const Instance& a, const Instance& b) {
  const auto &x = a.host.value, &y = b.host.value;
  if (same_host(x) == same_host(y)) return fmt::format("host {}", x);
  const auto reached_at = [](const Instance& each) { return each.manage_host.empty() ? each.host.value : each.manage_host.value; };
  if (same_host(reached_at(a)) == same_host(reached_at(b)))
    return fmt::format("one machine: {} and {} are both reached at `manage_host` {}", y, x, reached_at(a));
  return fmt::format("one machine, which {} and {} are names of", y, x);
}

std::string same_host(const std::string& host) {
  std::string out = host;
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (out.size() > 1 && out.ends_with('.')) out.pop_back();
  if (out.find(':') != std::string::npos) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_pton(AF_INET6, out.c_str(), bytes.data()) == 1 && ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()) != nullptr)
      out = text.data();
  }
  return out == "localhost" || out == "::1" ? "127.0.0.1" : out;
}

void number_machines(Topology& topology) {
  Union names;
  const auto each = [&](auto&& visit) {
    for (auto* list : {&topology.instances, &topology.left_alone})
      for (auto& instance : *list)
        if (!instance.playbook->hostless && instance.placed) visit(instance);
  };
  each([&](Instance& instance) {
    instance.machine = names.number(same_host(instance.host.value));
    if (!instance.manage_host.empty()) names.join(instance.machine, names.number(same_host(instance.manage_host.value)));
  });
  each([&](Instance& instance) { instance.machine = names.root(instance.machine); });
}

void check_equal_per_host(const Topology& topology, const std::vector<Param>& fields, Diagnostics& diagnostics) {
  struct First {
    const Instance* instance;
    const Value* value;
  };
  for (const auto& field : fields) {
    if (!field.equal_per_host) continue;
    const bool has_default = !field.fallback.empty();
    std::unordered_map<int, First> firsts;
    for (const auto* list : {&topology.instances, &topology.left_alone}) {
      for (const auto& instance : *list) {
        if (instance.machine < 0 || !instance.playbook->on_hosts_of.empty()) continue;
        const auto* value = instance.find(field.name.value);
        if (value != nullptr && !value->usable) continue;
        const auto word = [&](const Value* v) { return v != nullptr ? v->text.value : field.fallback.value; };
        if (value == nullptr && !has_default) continue;  // whatever the host says
        const auto [first, fresh] = firsts.try_emplace(instance.machine, First{&instance, value});
        if (fresh || word(first->second.value) == word(value)) continue;
        const auto place = [](const First& f) { return f.value != nullptr && f.value->stated ? f.value->text.span : f.instance->span; };
        auto& d = diagnostics.error("T022",
                                    fmt::format("`{}` is {} here and {} elsewhere on {}", field.name.value, word(value),
                                                word(first->second.value), machine_of(instance, *first->second.instance)),
                                    place({&instance, value}));
        d.label = instance.name();
        d.notes.push_back({fmt::format("{} has {}", first->second.instance->name(), word(first->second.value)), place(first->second)});
        d.help = fmt::format("give all instances of one host the same `{}`", field.name.value);
      }
    }
  }
}

}  // namespace tidelab::topology
