#include "live/host_calls.hpp"

#include <map>
#include <set>

#include <fmt/format.h>

#include "agent/keeper.hpp"
#include "artifact/artifact.hpp"
#include "host/quote.hpp"
#include "step/describe.hpp"
#include "step/short_digest.hpp"
#include "step/unit_file.hpp"

namespace tidelab::live {

using namespace step;
using host::quote;

namespace {

constexpr int default_stop_seconds = 30;

int stop_seconds(const Duration& duration) {
  return duration.value.count() > 0 ? static_cast<int>((duration.value.count() + 999) / 1000) : default_stop_seconds;
}

// The script comes on stdin then, and its length is bounded by nothing; but a shell has no word with a NUL in it.
bool goes_as_word(const File& w) { return w.content.value.find('\0') == std::string::npos; }

// The name of the manifest: one for each place that an archive is unpacked to.
std::string manifest_key(const Unpack& w) {
  return short_digest(w.into.value + "\n" + w.artifact.value.substr(0, w.artifact.value.find(' ')));
}

const artifact::Acquired* acquired(World& world, const std::string& key) {
  const auto found = world.setup.acquired.find(key);
  return found == world.setup.acquired.end() ? nullptr : &found->second;
}

std::string digest_of(World& world, const std::string& key) {
  const auto* found = acquired(world, key);
  return found == nullptr ? std::string("unknown") : found->sha256;
}

// `-`: not known.
std::string size_of(const artifact::Acquired* file) { return file == nullptr ? "-" : std::to_string(file->bytes); }

// From where on the faster one makes up for its start: measured, sha256sum takes 3.8 ms for 1 MB, openssl 0.8 and 4 more to begin.
const char* digest_for(long long bytes) { return bytes > 2'000'000 ? "large_digest" : "digest"; }

std::string compression_flag(const std::string& path) {
  if (path.ends_with(".tar")) return "";
  if (path.ends_with(".xz")) return "J";
  if (path.ends_with(".bz2")) return "j";
  return "z";
}

agent::Kept kept(World& world, const Service& w, int lane) {
  agent::Kept out{world.run_dir(lane, w.name.value), {}, {}, w.cwd.value, w.log.value, w.stop_signal.value};
  for (const auto& each : w.argv) out.argv.push_back(each.value);
  for (const auto& [key, value] : w.env) out.env.emplace_back(key.value, value.value);
  return out;
}

// The same service for a host where systemd runs: `script` is what the unit starts when it cannot say it all itself.
struct Unit {
  std::string name, text, script;
};

Unit unit_for(World& world, const Service& w, int lane) {
  const auto at = static_cast<std::size_t>(lane);
  const auto plain = kept(world, w, lane);
  const bool of_user = world.setup.of_user[at];
  UnitFile file{world.plan.lab,
                w.name.value,
                world.state_dir(lane),
                plain.argv,
                plain.env,
                plain.cwd,
                plain.log,
                of_user ? std::string() : world.setup.users[at],
                plain.stop_signal,
                stop_seconds(w.stop_within),
                of_user};
  Unit out{unit_name(file.lab, file.service), {}, {}};
  if (!unit_can_say(file)) {
    out.script = agent::exec_script(plain);
    file.argv = {"/bin/sh", plain.run_dir + "/exec"};
    file.env.clear();
    file.cwd.clear();
  }
  out.text = render_unit(file);
  return out;
}

// What is to be run before it is started, and which words of it are a refusal; both may be empty.
std::string check_arguments(const Service& w) {
  const auto* exec = w.check.empty() ? nullptr : std::get_if<Exec>(&w.check.front().action);
  if (exec == nullptr) return "'' ''";
  agent::Kept out{{}, {}, {}, exec->cwd.value, {}, {}};
  for (const auto& each : exec->argv) out.argv.push_back(each.value);
  for (const auto& [key, value] : exec->env) out.env.emplace_back(key.value, value.value);
  return quote(agent::once_script(out)) + " " + quote(exec->fail_if.value);
}

// What decides whether a running process is out of date: the members that it may know, what is run (whichever of them its lists
// name, and whatever it was told for its first start), what it was unpacked from, and (on the host, since they live there) the content of
// its input files, or what counts of them.
std::string service_arguments(World& world, const Service& w, int lane) {
  auto compared = w;
  if (!w.argv_without_members.empty()) compared.argv = w.argv_without_members;
  const auto unit = unit_for(world, compared, lane);
  auto spec = agent::keeper_script(kept(world, compared, lane)) + unit.text + unit.script;
  std::string inputs;
  for (const auto& each : w.inputs) {
    if (each.value.starts_with("artifact:"))
      spec += "\n" + digest_of(world, each.value.substr(9));
    else if (w.counts_whole(each))
      inputs += " " + quote(each.value);
  }
  for (const auto& [path, counts] : w.compared) spec += "\n" + path.value + "\n" + counts.value;
  std::string members;
  for (const auto& each : w.members) members += (members.empty() ? "" : " ") + each.value;
  return quote(members) + " " + artifact::sha256_text(spec) + inputs;
}

// Of all: what stays, and the ports that must be closed. Of a part: before them its services' directories and its paths.
std::string sweep_call(World& world, const char* verb, const Sweep& w, int lane, std::size_t n) {
  const bool part = !w.services.empty() || !w.paths.empty();
  auto out = fmt::format("{}_{} {}", verb, part ? "part" : w.unused.empty() ? "sweep" : "rest", n);
  const auto add = [&](const Texts& words) {
    for (const auto& each : words) out += " " + quote(each.value);
  };
  if (part) {
    for (const auto& each : w.services) out += " " + quote(world.run_dir(lane, each.value));
    out += " --";
    add(w.paths);
    out += " --";
  }
  add(w.keep);
  out += " --";
  add(w.ports);
  return out;
}

// As the agent wants a mode: four octal digits, or none.
std::string mode_word(const Text& mode) { return quote(mode.empty() ? "" : fmt::format("{:0>4}", mode.value)); }

// A configuration may hold a password whether or not anybody said so.
std::string file_mode(const File& w) { return w.mode.empty() ? std::string("0600") : mode_word(w.mode); }

Act act_file(const File& w, std::size_t n) {
  const auto call = fmt::format("act_file {} {} {} {}", n, quote(w.path.value), artifact::sha256_text(w.content.value), file_mode(w));
  if (goes_as_word(w)) return {fmt::format("printf %s {} | {}", quote(w.content.value), call)};
  return {call, {w.content.value, {}}};
}

}  // namespace

Act act_for(World& world, const Action& action, int lane, std::size_t n) {
  return std::visit(
      overloaded{
          [&](const Dir& w) { return Act{fmt::format("act_dir {} {} {}", n, quote(w.path.value), mode_word(w.mode))}; },
          [&](const File& w) { return act_file(w, n); },
          [&](const Line& w) {
            return Act{fmt::format("act_line {} {} {} {}", n, quote(w.path.value), quote(w.match.value), quote(w.line.value))};
          },
          [&](const Unpack& w) {
            const auto* archive = acquired(world, w.artifact.value);
            if (archive == nullptr) return Act{};
            return Act{fmt::format("act_unpack {} {} {} {} {} {}", n, manifest_key(w), archive->sha256, quote(w.into.value),
                                   w.strip.empty() ? "1" : quote(w.strip.value), quote(compression_flag(archive->path))),
                       {{}, archive->path}};
          },
          [&](const Place& w) {
            const auto* file = acquired(world, w.artifact.value);
            if (file == nullptr) return Act{};
            return Act{fmt::format("act_file {} {} {} 644 {}", n, quote(w.path.value), file->sha256, digest_for(file->bytes)),
                       {{}, file->path}};
          },
          [&](const Service& w) {
            const auto unit = unit_for(world, w, lane);
            return Act{fmt::format("act_service {} {} {} {} {} {} {} {} {}", n, quote(world.run_dir(lane, w.name.value)),
                                   stop_seconds(w.stop_within), quote(unit.name), quote(unit.text), quote(unit.script),
                                   quote(agent::keeper_script(kept(world, w, lane))), check_arguments(w),
                                   service_arguments(world, w, lane))};
          },
          [&](const Halt& w) {
            return Act{fmt::format("act_halt {} {} {}", n, quote(world.run_dir(lane, w.name.value)), stop_seconds(w.within))};
          },
          [&](const Sweep& w) { return Act{sweep_call(world, "act", w, lane, n)}; },
          [&](const User& w) { return Act{fmt::format("act_user {} {}", n, quote(w.name.value))}; },
          [](const NotOnHost auto&) { return Act{}; },
      },
      action);
}

run::Joins joins_on_host(const Action& action) {
  const auto* file = std::get_if<File>(&action);
  if (file != nullptr && !goes_as_word(*file)) return run::Joins::never;
  return std::visit([](const auto& w) { return w.facts.joins; }, action);
}

bool is_host_word(const Action& action) {
  return std::visit([](const auto& w) { return w.facts.runs == Runs::on_host; }, action);
}

namespace {

/// What looks will ask. The agent's foresight knows paths as they are printed.
struct Foresight {
  bool who = false;
  std::set<std::string> modes, services;
  std::map<std::string, std::string> sums;  ///< path, and how many bytes it should have; `-` where that is not known

  static bool can_be_foreseen(const std::string& path) { return path.find_first_of("\t\n\\") == std::string::npos; }
  void add_mode(const std::string& path) {
    if (can_be_foreseen(path)) modes.insert(path);
  }
  void add_sum(const std::string& path, const std::string& bytes) {
    if (!can_be_foreseen(path)) return;
    modes.insert(path);
    auto& known = sums[path];
    if (known.empty() || known == "-") known = bytes;
  }
};

void foresee(World& world, const Action& action, Foresight& out) {
  out.who = out.who || std::holds_alternative<User>(action);
  if (const auto* dir = std::get_if<Dir>(&action); dir && !dir->mode.empty()) out.add_mode(dir->path.value);
  if (const auto* place = std::get_if<Place>(&action)) out.add_sum(place->path.value, size_of(acquired(world, place->artifact.value)));
  if (const auto* file = std::get_if<File>(&action)) out.add_sum(file->path.value, std::to_string(file->content.value.size()));
  if (const auto* service = std::get_if<Service>(&action)) {
    out.services.insert(service->name.value);
    for (const auto& each : service->inputs)
      if (!each.value.starts_with("artifact:") && service->counts_whole(each)) out.add_sum(each.value, "-");
  }
}

std::string foresee_call(World& world, int lane, const std::vector<const Action*>& actions) {
  Foresight all;
  for (const auto* action : actions) foresee(world, *action, all);
  std::string modes, sums, services, units;
  for (const auto& each : all.modes) modes += " " + quote(each);
  for (const auto& [path, bytes] : all.sums) sums += " " + quote(path) + " " + bytes;
  for (const auto& each : all.services) {
    services += " " + quote(world.run_dir(lane, each));
    units += " " + quote(unit_name(world.plan.lab, each));
  }
  return (modes.empty() && !all.who ? "" : "foresee_modes" + modes + "\n") +
         (sums.empty() && services.empty() ? "" : "foresee_content" + services + " --" + sums + "\n") +
         (units.empty() ? "" : "foresee_units" + units + "\n");
}

}  // namespace

std::string look_call(World& world, const Action& action, int lane, std::size_t n) {
  return std::visit(
      overloaded{
          [&](const Dir& w) { return fmt::format("look_dir {} {} {}", n, quote(w.path.value), mode_word(w.mode)); },
          [&](const File& w) {
            return fmt::format("look_file {} {} {} {} {}", n, quote(w.path.value), artifact::sha256_text(w.content.value), file_mode(w),
                               w.content.value.size());
          },
          [&](const Line& w) {
            return fmt::format("look_line {} {} {} {}", n, quote(w.path.value), quote(w.match.value), quote(w.line.value));
          },
          [&](const Unpack& w) {
            return fmt::format("look_unpack {} {} {} {}", n, manifest_key(w), digest_of(world, w.artifact.value), quote(w.into.value));
          },
          [&](const Place& w) {
            const auto* file = acquired(world, w.artifact.value);
            return fmt::format("look_file {} {} {} '' {}", n, quote(w.path.value), digest_of(world, w.artifact.value), size_of(file));
          },
          [&](const Service& w) {
            const auto unit = unit_for(world, w, lane);
            return fmt::format("look_service {} {} {} {} {}", n, quote(world.run_dir(lane, w.name.value)), quote(unit.name),
                               artifact::sha256_text(unit.text), service_arguments(world, w, lane));
          },
          [&](const Halt& w) { return fmt::format("look_halt {} {}", n, quote(world.run_dir(lane, w.name.value))); },
          [&](const Sweep& w) { return sweep_call(world, "look", w, lane, n); },
          [&](const User& w) { return fmt::format("look_user {} {}", n, quote(w.name.value)); },
          [](const NotOnHost auto&) { return std::string(); },
      },
      action);
}

std::string look_calls(World& world, int lane, const std::vector<const plan::Step*>& steps) {
  std::string calls;
  std::vector<const Action*> actions;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    actions.push_back(&steps[i]->action);
    if (const auto call = look_call(world, steps[i]->action, lane, i); !call.empty()) calls += call + "\n";
  }
  return calls.empty() ? calls : foresee_call(world, lane, actions) + calls;
}

}  // namespace tidelab::live
