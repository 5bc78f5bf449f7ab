// Words about files and services, as calls of the agent.
#include <fmt/format.h>

#include "artifact/artifact.hpp"
#include "host/quote.hpp"
#include "live/agent.hpp"
#include "live/world.hpp"
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

std::string compression_flag(const std::string& path) {
  if (path.ends_with(".tar")) return "";
  if (path.ends_with(".xz")) return "J";
  if (path.ends_with(".bz2")) return "j";
  return "z";
}

Supervised supervised(World& world, const Service& w, int lane) {
  Supervised out{world.run_dir(lane, w.name.value), {}, {}, w.cwd.value, w.log.value, w.stop_signal.value};
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
  const auto plain = supervised(world, w, lane);
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
    out.script = exec_source(plain);
    file.argv = {"/bin/sh", plain.run_dir + "/exec"};
    file.env.clear();
    file.cwd.clear();
  }
  out.text = render_unit(file);
  return out;
}

// What decides whether a running process is out of date: what is run, what it was unpacked from, and (on the
// host, since they live there) the content of its input files.
std::string service_arguments(World& world, const Service& w, const Unit& unit, int lane) {
  auto spec = supervisor_source(supervised(world, w, lane)) + unit.text + unit.script;
  std::string inputs;
  for (const auto& each : w.inputs) {
    if (each.value.starts_with("artifact:"))
      spec += "\n" + digest_of(world, each.value.substr(9));
    else
      inputs += " " + quote(each.value);
  }
  return artifact::sha256_text(spec) + inputs;
}

struct Act {
  std::string call;
  host::Input input{};
};

Act act_for(World& world, const Action& action, int lane) {
  return std::visit(
      overloaded{
          [&](const Dir& w) { return Act{fmt::format("act_dir 0 {} {}", quote(w.path.value), quote(w.mode.value))}; },
          [&](const File& w) {
            return Act{fmt::format("act_file 0 {} {} {}", quote(w.path.value), artifact::sha256_text(w.content.value), quote(w.mode.value)),
                       {w.content.value, {}}};
          },
          [&](const Line& w) {
            return Act{fmt::format("act_line 0 {} {} {}", quote(w.path.value), quote(w.match.value), quote(w.line.value))};
          },
          [&](const Unpack& w) {
            const auto* archive = acquired(world, w.artifact.value);
            if (archive == nullptr) return Act{};
            return Act{fmt::format("act_unpack 0 {} {} {} {} {}", manifest_key(w), archive->sha256, quote(w.into.value),
                                   w.strip.empty() ? "1" : quote(w.strip.value), quote(compression_flag(archive->path))),
                       {{}, archive->path}};
          },
          [&](const Place& w) {
            const auto* file = acquired(world, w.artifact.value);
            if (file == nullptr) return Act{};
            return Act{fmt::format("act_file 0 {} {} 644", quote(w.path.value), file->sha256), {{}, file->path}};
          },
          [&](const Service& w) {
            const auto unit = unit_for(world, w, lane);
            return Act{fmt::format("act_service 0 {} {} {} {} {} {} {}", quote(world.run_dir(lane, w.name.value)),
                                   stop_seconds(w.stop_within), quote(unit.name), quote(unit.text), quote(unit.script),
                                   quote(supervisor_source(supervised(world, w, lane))), service_arguments(world, w, unit, lane))};
          },
          [&](const Halt& w) {
            return Act{fmt::format("act_halt 0 {} {}", quote(world.run_dir(lane, w.name.value)), stop_seconds(w.within))};
          },
          [&](const Sweep&) { return Act{"act_sweep 0"}; },
          [&](const User& w) { return Act{"act_user 0 " + quote(w.name.value)}; },
          [](const auto&) { return Act{}; },
      },
      action);
}

bool needs_state(const Action& action) { return !std::holds_alternative<Halt>(action) && !std::holds_alternative<Sweep>(action); }

}  // namespace

bool is_host_word(const Action& action) {
  return std::visit(overloaded{[](const Dir&) { return true; }, [](const File&) { return true; }, [](const Line&) { return true; },
                               [](const Unpack&) { return true; }, [](const Place&) { return true; }, [](const Service&) { return true; },
                               [](const Halt&) { return true; }, [](const Sweep&) { return true; }, [](const User&) { return true; },
                               [](const auto&) { return false; }},
                    action);
}

std::string look_call(World& world, const Action& action, int lane, std::size_t n) {
  return std::visit(
      overloaded{
          [&](const Dir& w) { return fmt::format("look_dir {} {} {}", n, quote(w.path.value), quote(w.mode.value)); },
          [&](const File& w) {
            return fmt::format("look_file {} {} {} {}", n, quote(w.path.value), artifact::sha256_text(w.content.value),
                               quote(w.mode.value));
          },
          [&](const Line& w) {
            return fmt::format("look_line {} {} {} {}", n, quote(w.path.value), quote(w.match.value), quote(w.line.value));
          },
          [&](const Unpack& w) {
            return fmt::format("look_unpack {} {} {} {}", n, manifest_key(w), digest_of(world, w.artifact.value), quote(w.into.value));
          },
          [&](const Place& w) { return fmt::format("look_file {} {} {} ''", n, quote(w.path.value), digest_of(world, w.artifact.value)); },
          [&](const Service& w) {
            const auto unit = unit_for(world, w, lane);
            return fmt::format("look_service {} {} {} {} {}", n, quote(world.run_dir(lane, w.name.value)), quote(unit.name),
                               artifact::sha256_text(unit.text), service_arguments(world, w, unit, lane));
          },
          [&](const Halt& w) { return fmt::format("look_halt {} {}", n, quote(world.run_dir(lane, w.name.value))); },
          [&](const Sweep&) { return fmt::format("look_sweep {}", n); },
          [&](const User& w) { return fmt::format("look_user {} {}", n, quote(w.name.value)); },
          [](const auto&) { return std::string(); },
      },
      action);
}

Result<run::Done> perform_on_host(World& world, const Action& action, const Where& where, const Control& control) {
  const auto looked = world.agent_looks(where.lane, look_call(world, action, where.lane, 0), 1, control);
  if (!looked) return tl::unexpected(looked.error());
  if (looked->front().state == run::Looked::State::holds) return run::Done{false, looked->front().note, {}};
  if (needs_state(action)) {
    if (auto booted = world.boot(where.lane, control); !booted) return tl::unexpected(booted.error());
  }
  const auto act = act_for(world, action, where.lane);
  if (act.call.empty()) return step::fail(Why::failed, "the archive was not acquired");
  const auto output = world.agent(where.lane, act.call, act.input, control);
  if (!output) return tl::unexpected(output.error());
  const bool said = output->out.find("=0\t") != std::string::npos;
  if (output->code != 0 || !said) {
    auto reason = output->err.substr(0, output->err.find('\n'));
    if (reason.empty()) reason = fmt::format("it ended with {}", output->code);
    return step::fail(Why::failed, reason, output->err);
  }
  const auto note = output->out.substr(output->out.find('\t', output->out.find('\t') + 1) + 1);
  return run::Done{true, note.substr(0, note.find('\n')), {}};
}

Result<std::string> process_state(World& world, const std::string& service, int lane, const Control& control) {
  const auto output = world.agent(lane, "process " + quote(world.run_dir(lane, service)), {}, control);
  if (!output) return tl::unexpected(output.error());
  if (output->code != 0) return step::fail(Why::unreachable, "the state of " + service + " could not be read", output->err);
  return output->out;
}

}  // namespace tidelab::live
