#include "guide/template.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "topology/rules.hpp"
#include "topology/scope.hpp"
#include "yaml/read.hpp"

namespace tidelab::guide {

namespace {

using source::Diagnostics;
using yaml::Node;

std::string text_of(const Node& root, const char* key, Diagnostics& diagnostics) {
  const auto* node = root.find(key);
  if (node == nullptr) {
    diagnostics.error("G001", fmt::format("the head of a template says `{}`", key), root.span);
    return {};
  }
  return yaml::read_text(*node, key, diagnostics).value_or(source::Text{}).value;
}

void read_roles(const Node& node, Template& out, Diagnostics& diagnostics) {
  if (!yaml::read_mapping(node, "`roles`", diagnostics)) return;
  for (const auto& [role, numbers] : node.entries) {
    std::vector<int> at;
    if (!yaml::read_sequence(numbers, "the hosts of a role", diagnostics)) continue;
    for (const auto& each : numbers.items)
      if (const auto number = yaml::read_integer(each, "a host's number", 1, static_cast<std::int64_t>(out.hosts.size()), diagnostics))
        at.push_back(static_cast<int>(*number));
    out.roles.emplace_back(role.value, std::move(at));
  }
}

void read_head(const source::File& file, Template& out, Diagnostics& diagnostics) {
  const auto root = yaml::read_document(file, diagnostics);
  if (!root.is_mapping()) {
    diagnostics.error("G001", "a template begins with a head, which ends in a line `---`", {&file, 1, 1, 1});
    return;
  }
  yaml::refuse_unknown_keys(root, "the head of a template", {"title", "hosts", "least", "roles", "user", "dir"}, diagnostics);
  out.title = text_of(root, "title", diagnostics);
  out.user = text_of(root, "user", diagnostics);
  out.dir = text_of(root, "dir", diagnostics);
  if (const auto* hosts = root.find("hosts"))
    for (const auto& each : yaml::read_texts(*hosts, "hosts", diagnostics)) out.hosts.push_back(each.value);
  if (out.hosts.empty()) diagnostics.error("G001", "a template has `hosts`", root.span);
  if (const auto* least = root.find("least"))
    out.least =
        static_cast<int>(yaml::read_integer(*least, "least", 1, static_cast<std::int64_t>(out.hosts.size()), diagnostics).value_or(1));
  if (const auto* roles = root.find("roles")) read_roles(*roles, out, diagnostics);
}

bool is_address(const std::string& text) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == ':' || c == '_'; };
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), fits) &&
         std::count(text.begin(), text.end(), ':') != 1;
}

// A plain scalar may neither begin nor end with a colon; `::1` and `fe80::` are addresses.
std::string as_scalar(const std::string& address) {
  return address.front() == ':' || address.back() == ':' ? fmt::format("\"{}\"", address) : address;
}

const std::string& host_at(const Template& chosen, const Wishes& wishes, int number) {
  const auto& hosts = wishes.hosts.empty() ? chosen.hosts : wishes.hosts;
  return hosts[static_cast<std::size_t>(number - 1) % hosts.size()];
}

void check_addresses(const std::vector<std::string>& addresses, std::vector<std::string>& out) {
  for (const auto& each : addresses)
    if (!is_address(each)) out.push_back(fmt::format("`{}` is not a host: a name or an address, without a port and without blanks", each));
}

}  // namespace

Template read_template(const source::File& file, Diagnostics& diagnostics) {
  Template out;
  out.name = std::filesystem::path(file.name).stem().string();
  source::File head{file.name, {}};
  bool below = false;
  int number = 0;
  const auto count = std::count(file.text.begin(), file.text.end(), '\n');
  while (number < count) {
    const std::string line(file.line(++number));
    if (below)
      out.lines.push_back({line, {&file, number, 1, static_cast<int>(line.size())}});
    else if (line == "---")
      below = true;
    else
      head.text += line + "\n";
  }
  Diagnostics of_head;
  read_head(head, out, of_head);
  // The head is a part of the file with the same lines; its faults are told as the file's.
  for (const auto* each : of_head.ordered()) {
    auto span = each->span;
    span.file = &file;
    diagnostics.error(each->code, each->message, span).help = each->help;
  }
  if (!below) diagnostics.error("G001", "a template begins with a head, which ends in a line `---`", {&file, 1, 1, 1});
  return out;
}

std::vector<std::string> faults(const Template& chosen, const Wishes& wishes) {
  std::vector<std::string> out;
  check_addresses(wishes.hosts, out);
  for (const auto& [role, addresses] : wishes.roles) {
    const auto same = [&, &name = role](const auto& each) { return each.first == name; };
    if (std::none_of(chosen.roles.begin(), chosen.roles.end(), same)) {
      std::vector<std::string> known;
      for (const auto& each : chosen.roles) known.push_back(each.first);
      const auto near = source::did_you_mean(role, known);
      out.push_back(
          fmt::format("there is no role `{}` in {}; {}", role, chosen.name,
                      near.empty() ? fmt::format("its roles are {}", fmt::join(known, ", ")) : fmt::format("did you mean `{}`?", near)));
    }
    check_addresses(addresses, out);
  }
  if (!wishes.hosts.empty() && static_cast<int>(wishes.hosts.size()) < chosen.least)
    out.push_back(fmt::format("{} needs at least {} hosts, and {} {} given: with fewer, two servers of one kind would share a host",
                              chosen.name, chosen.least, wishes.hosts.size(), wishes.hosts.size() == 1 ? "is" : "are"));
  const auto plain = [](const std::string& text, std::string_view more) {
    return std::all_of(text.begin(), text.end(),
                       [&](unsigned char c) { return std::isalnum(c) || more.find(static_cast<char>(c)) != more.npos; });
  };
  if (!wishes.user.empty() &&
      (!plain(wishes.user, "_-") || std::isdigit(static_cast<unsigned char>(wishes.user.front())) || wishes.user.front() == '-'))
    out.push_back(fmt::format("`{}` is not an account: letters, digits, `-` and `_`", wishes.user));
  if (!wishes.dir.empty() && (wishes.dir.front() != '/' || !plain(wishes.dir, "/._-")))
    out.push_back(fmt::format("`{}` is not a directory for this: an absolute path of letters, digits, `.`, `-` and `_`", wishes.dir));
  return out;
}

std::string fill(const Template& chosen, const Wishes& wishes, Diagnostics& diagnostics) {
  const topology::Topology nothing;
  topology::Scope scope(nothing, nullptr, diagnostics);
  bool only_here = true;
  for (const auto& [role, numbers] : chosen.roles) {
    const auto wished = wishes.roles.find(role);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto& address = wished == wishes.roles.end() ? host_at(chosen, wishes, numbers[i]) : wished->second[i % wished->second.size()];
      only_here = only_here && topology::same_host(address) == topology::same_host("127.0.0.1");
      scope.set(fmt::format("{}.{}", role, i + 1), as_scalar(address));
    }
  }
  auto dir = wishes.dir.empty() ? chosen.dir : wishes.dir;
  while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
  scope.set("user", wishes.user.empty() ? chosen.user : wishes.user);
  scope.set("dir", dir);
  scope.set("ssh_type", only_here ? "none" : "builtin");
  std::string out;
  for (const auto& line : chosen.lines) out += scope.expand(line) + "\n";
  return out;
}

}  // namespace tidelab::guide
