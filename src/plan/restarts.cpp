#include "plan/restarts.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "step/describe.hpp"

namespace tidelab::plan {

namespace {

using namespace step;

// Host and path, or host and a service's name.
using Key = std::pair<std::string, std::string>;

struct Known {
  std::map<Key, std::string> files;  // what the plan says about a file's content
  std::map<Key, const Service*> services;
};

const std::string& host_of(const Plan& plan, const Step& step) { return plan.lanes[static_cast<std::size_t>(step.lane)].name; }

Known look_through(const Plan& plan) {
  Known out;
  for (const auto& each : plan.steps) {
    const auto& host = host_of(plan, each);
    std::visit(overloaded{
                   [&](const File& w) {
                     out.files[{host, w.path.value}] += w.content.value;
                   },
                   [&](const Line& w) {
                     out.files[{host, w.path.value}] += "\n" + w.line.value;
                   },
                   [&](const Place& w) {
                     out.files[{host, w.path.value}] += w.artifact.value;
                   },
                   [&](const Service& w) {
                     out.services[{host, w.name.value}] = &w;
                   },
                   [](const Dir&) {},
                   [](const Unpack&) {},
                   [](const Halt&) {},
                   [](const Sweep&) {},
                   [](const User&) {},
                   [](const NotOnHost auto&) {},
               },
               each.action);
  }
  return out;
}

std::string content_of(const Known& known, const std::string& host, const std::string& path) {
  const auto found = known.files.find({host, path});
  return found == known.files.end() ? std::string() : found->second;
}

const Texts& compared_argv(const Service& service) {
  return service.argv_without_members.empty() ? service.argv : service.argv_without_members;
}

bool same(const Texts& a, const Texts& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }
bool same(const Pairs& a, const Pairs& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

constexpr std::string_view artifact_mark = "artifact:";

// "base 1.0.0" and "base 1.1.0" are one input in two versions.
std::string artifact_name(const std::string& input) {
  return input.substr(artifact_mark.size(),
                      input.find(' ') == std::string::npos ? std::string::npos : input.find(' ') - artifact_mark.size());
}

std::vector<std::string> artifact_changes(const Service& before, const Service& after) {
  std::vector<std::string> out;
  for (const auto& now : after.inputs) {
    if (!now.value.starts_with(artifact_mark)) continue;
    for (const auto& then : before.inputs)
      if (then.value.starts_with(artifact_mark) && then.value != now.value && artifact_name(then.value) == artifact_name(now.value))
        out.push_back(fmt::format("{} → {}", then.value.substr(artifact_mark.size()), now.value.substr(artifact_mark.size())));
  }
  return out;
}

}  // namespace

std::vector<Restart> make_restarts(const Plan& before, const Plan& after) {
  const auto then = look_through(before), now = look_through(after);
  std::vector<Restart> out;
  for (const auto& each : after.steps) {
    const auto* service = std::get_if<Service>(&each.action);
    if (service == nullptr) continue;
    const auto& host = host_of(after, each);
    const auto found = then.services.find({host, service->name.value});
    if (found == then.services.end()) continue;
    const auto& older = *found->second;
    auto because = artifact_changes(older, *service);
    if (!same(compared_argv(older), compared_argv(*service))) because.emplace_back("its arguments");
    for (const auto& member : older.members)
      if (std::find(service->members.begin(), service->members.end(), member) == service->members.end())
        because.push_back(member.value + ", which it knows, leaves");
    if (!same(older.env, service->env)) because.emplace_back("its environment");
    if (!(older.cwd == service->cwd && older.log == service->log && older.stop_signal == service->stop_signal))
      because.emplace_back("its directory, log or stop signal");
    for (const auto& input : service->inputs)
      if (!input.value.starts_with(artifact_mark) && service->counts_whole(input) &&
          content_of(then, host, input.value) != content_of(now, host, input.value))
        because.push_back(input.value);
    for (const auto& now_counts : service->compared)
      if (std::find(older.compared.begin(), older.compared.end(), now_counts) == older.compared.end())
        because.push_back(now_counts.first.value);
    if (because.empty()) continue;
    const auto component = each.component < 0 ? std::string() : after.components[static_cast<std::size_t>(each.component)].name;
    out.push_back({component, host, service->name.value, std::move(because)});
  }
  return out;
}

}  // namespace tidelab::plan
